#!/usr/bin/env python3
"""Counts the instructions of decoding, aligning, fusing, searching and what else a request costs, and holds them to a budget.

What is counted is a function of a crate's src/instruction_counts.rs, called by the test of the same name beside it: CI has built these
tests already, so that nothing is compiled for this. Valgrind runs them on a CPU of its own making (AVX2, no AVX-512, no SHA), so that the counts are the
same on any x86-64 machine with AVX2, however busy; elsewhere, and without valgrind, nothing is counted, and this says so. Budgets
stand in instructions.toml. A count more than 5 % away from its budget, above or below, fails with the numbers.

    python3 bench/instructions.py [--write] [--profile dev]
"""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUDGETS = ROOT / "bench" / "instructions.toml"
MODULE = "instruction_counts"
TOLERANCE = 0.05
# A process that hangs under valgrind would hang CI.
LONGEST_S = 600


def why_not():
    """Why nothing can be counted here, or None."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return f"the budgets are of x86-64 and Linux, and this is {platform.machine()} and {platform.system()}"
    if shutil.which("valgrind") is None:
        return "there is no valgrind: install the package of that name"
    if " avx2 " not in pathlib.Path("/proc/cpuinfo").read_text().replace("\n", " "):
        return "the budgets are of a CPU with AVX2, and this one has none"
    return None


def read_budgets():
    """Counts by function, by crate. This file's TOML is read by hand: Python has a reader from 3.11 on only."""
    budgets, crate = {}, None
    for number, line in enumerate(BUDGETS.read_text().splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if table := re.fullmatch(r"\[([a-z-]+)\]", line):
            crate = budgets.setdefault(table[1], {})
        elif (entry := re.fullmatch(r"([a-z_]+) = ([0-9_]+)", line)) and crate is not None:
            crate[entry[1]] = int(entry[2])
        else:
            raise SystemExit(f"{BUDGETS}:{number}: neither [crate] nor function = count: {line}")
    return budgets


def write_budgets(counts):
    """The file anew, its comments kept."""
    crate, lines = None, []
    for line in BUDGETS.read_text().splitlines():
        if table := re.fullmatch(r"\[([a-z-]+)\]", line):
            crate = table[1]
        elif entry := re.fullmatch(r"([a-z_]+) = [0-9_]+", line):
            line = f"{entry[1]} = {counts[crate][entry[1]]:_}"
        lines.append(line)
    BUDGETS.write_text("\n".join(lines) + "\n")


def test_binaries(crates, profile):
    """Each crate's unit tests. Of the whole workspace and with all tests, as scripts/test.sh builds them: other features would have all compiled anew."""
    command = ["cargo", "test", "--locked", "--workspace", "--tests", "--no-run", "--message-format=json"]
    # Built in increments, the same source is cut into other units of code, and twice as many instructions can come of it.
    whole = dict(os.environ, CARGO_INCREMENTAL="0")
    built = subprocess.run([*command, "--profile", profile], cwd=ROOT, env=whole, stdout=subprocess.PIPE, text=True, check=True)
    binaries = {}
    for line in built.stdout.splitlines():
        message = json.loads(line)
        target = message.get("target", {})
        name = target.get("name", "").replace("_", "-")
        if message.get("executable") and "lib" in target.get("kind", []) and name in crates:
            binaries[name] = message["executable"]
    for crate in crates:
        if crate not in binaries:
            raise SystemExit(f"{crate} has no unit tests, and stands in {BUDGETS}")
    return binaries


def counted(crate, binary, function):
    """Instructions of one call of a function: valgrind counts while it is inside."""
    path = f"{crate.replace('-', '_')}::{MODULE}::{function}"
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        command = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}", f"--toggle-collect={path}"]
        test = [binary, "--exact", f"{MODULE}::tests::{function}", "--test-threads=1"]
        run = subprocess.run([*command, *test], capture_output=True, text=True, timeout=LONGEST_S)
        if run.returncode != 0:
            raise SystemExit(f"{crate}: the test of {function} fails under valgrind:\n{run.stdout}{run.stderr}")
        total = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)
    if total is None or total[1] == "0":
        raise SystemExit(f"{crate}: {function} was not counted: does {MODULE}.rs call it from its test, and is it #[inline(never)]?")
    return int(total[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="renew the budgets")
    parser.add_argument("--profile", default="dev", help="Cargo's profile; dev and ci give the same code")
    options = parser.parse_args()
    if why := why_not():
        print(f"skipped: {why}")
        return
    budgets = read_budgets()
    binaries = test_binaries(budgets, options.profile)
    counts = {crate: {name: counted(crate, binaries[crate], name) for name in budgets[crate]} for crate in budgets}
    print("| work | instructions | budget | change |")
    print("| --- | --- | --- | --- |")
    away = []
    for crate, functions in budgets.items():
        for function, budget in functions.items():
            count = counts[crate][function]
            change = count / budget - 1 if budget else float("inf")
            print(f"| {crate}: {function} | {count:,} | {budget:,} | {change:+.1%} |")
            if abs(change) > TOLERANCE:
                away.append(function)
    if options.write:
        write_budgets(counts)
    elif away:
        print(
            f"\n{', '.join(away)}: more than {TOLERANCE:.0%} away from the budget. Where the change is meant, renew the budgets with\n"
            "    python3 bench/instructions.py --write\nand say in the commit what it bought.",
            file=sys.stderr,
        )
        raise SystemExit(1)


if __name__ == "__main__":
    main()
