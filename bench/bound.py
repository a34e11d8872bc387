#!/usr/bin/env python3
"""How near this project is to what the models alone take: their arithmetic, bare models on several engines, and what our stages add.

Everything is measured in one run on one core, in processor time, contenders in turn; the median round counts. Prints four Markdown tables:
each model's multiply-adds, what they take at the core's measured peak, and what each engine takes for them; a comparison (JPEG bytes
to template) beside the sum of its bare models; a whole capture of nine images beside a comparison; and what that sums up to.

    python3 bench/bound.py [--rounds N] [--json FILE] [--no-build] [--no-capture]
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

import cpu
import engines
from models import MODELS

PACKAGES = ["onnx==1.23.2", "onnxruntime==1.32.0", "openvino==2026.4.1", "numpy"]
# Whose sum of bare models is the bound: those that compute in f32, as ours do unless told otherwise.
OTHERS = ["onnxruntime", "openvino", "opencv"]
GOALS = {"comparison": 1.3, "capture": 5.0}


def in_the_environment(interpreter, expression):
    """What an expression over this folder's modules gives under the bench's interpreter, on one thread."""
    script = f"import json, sys; sys.path.insert(0, {str(engines.ROOT / 'bench')!r}); import cpu, models; print(json.dumps({expression}))"
    settings = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = ["env", *(f"{key}={value}" for key, value in settings.items()), interpreter, "-c", script]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measure(interpreter, files, rounds):
    """Each contender's rounds: bare models, and whole comparisons."""
    core = max(engines.os.sched_getaffinity(0))
    words = [f"{name}={'x'.join(map(str, shape))}={engines.PREPARED / file}" for name, file, shape, _, _ in MODELS]
    bare = {
        ours: [str(engines.SELFSAME.with_name("bare_models")), *engine, *words] for ours, engine in engines.OURS.items()
    }
    script = str(engines.ROOT / "bench" / "bare.py")
    bare |= {other: [interpreter, script, other, *words] for other in OTHERS}
    whole = {ours: [str(engines.SELFSAME), *engine, "compare", *files] for ours, engine in engines.OURS.items()}
    started = {
        kind: {name: engines.Contender(name, command, core) for name, command in commands.items()}
        for kind, commands in {"bare": bare, "whole": whole}.items()
    }
    contenders = [contender for kind in started.values() for contender in kind.values()]
    for contender in contenders:
        contender.round()
    peaks = []
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        peaks.append(in_the_environment(interpreter, "cpu.peak()"))
        for contender in contenders:
            contender.rounds.append(contender.round())
    for contender in contenders:
        contender.stop()
    results = {kind: {n: {"about": c.about, "rounds": c.rounds} for n, c in of.items()} for kind, of in started.items()}
    return results | {"peak": max(peaks)}


def captures(engine):
    """What `capture_cost` says: for each size, milliseconds of a comparison and of a capture."""
    command = [str(engines.SELFSAME.with_name("capture_cost")), engine]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"selfie +(\d+)x(\d+) +frames +(\d+)x(\d+) +compare +([\d.]+) .*?capture +([\d.]+)", text)
    return [(f"{a} by {b}", f"{c} by {d}", float(compare), float(capture)) for a, b, c, d, compare, capture in found]


def middles(rounds):
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}


def heading(*cells):
    print(f"| {' | '.join(cells)} |\n| {' | '.join('---' for _ in cells)} |")


def tables(macs, measured, captured, count, rounds):
    print(cpu.describe())
    peak = measured["peak"]
    print(f"One core's peak in f32, by a product of matrices in this run: {peak:.1f} billion multiply-adds a second.\n")
    bare = {name: middles(one["rounds"]) for name, one in measured["bare"].items()}
    print(f"Bare models, milliseconds of processor time, median of {rounds} rounds\n")
    heading("model", "million multiply-adds", "at the peak", *bare, "best, of the peak")
    for (name, *_), work in zip(MODELS, macs):
        at_peak = work / peak / 1e6
        times = [one.get(name) for one in bare.values()]
        best = min(time for time in times if time)
        cells = [f"{time:.2f}" if time else "refused" for time in times]
        print(f"| {' | '.join([name, format(work / 1e6, '.1f'), format(at_peak, '.2f'), *cells, f'{at_peak / best:.0%}'])} |")

    def total(of, column):
        runs = [(model[0], model[column]) for model in MODELS if model[column]]
        return sum(of[name] * times for name, times in runs) if all(name in of for name, _ in runs) else None

    sums = {column: {name: total(of, column) for name, of in bare.items()} for column in (3, 4)}
    best = {column: min((time, name) for name, time in of.items() if time) for column, of in sums.items()}
    at_peak = {column: sum(work * model[column] for model, work in zip(MODELS, macs)) / peak / 1e6 for column in (3, 4)}
    print("\nA comparison: JPEG bytes (640 pixels long) to template, and its models alone: YuNet at 192 and 256, SFace\n")
    heading("engine", "bare models, ms", "bytes to template, ms", "what our stages add, ms", "of the best sum", f"goal {GOALS['comparison']}")
    for name, time in sums[3].items():
        cells = [name, f"{time:.1f}" if time else "refused", "–", "–", "–", "–"]
        if one := measured["whole"].get(name):
            whole = statistics.median(r["processor"] for r in one["rounds"]) / count
            ratio = whole / best[3][0]
            met = "met" if ratio <= GOALS["comparison"] else "missed"
            cells[2:] = [f"{whole:.1f}", f"{whole - time:.1f}" if time else "–", f"{ratio:.2f}", met]
        print(f"| {' | '.join(cells)} |")
    print(f"\nThe best sum is of {best[3][1]}; at the core's peak it would be {at_peak[3]:.1f} ms.")
    print(f"\nA capture's bare models: best sum {best[4][0]:.1f} ms ({best[4][1]}); at the core's peak {at_peak[4]:.1f} ms.\n")
    if captured:
        heading("engine", "selfie", "eight frames", "comparison, ms", "capture, ms", "capture to comparison", f"goal {GOALS['capture']:.0f}")
        for engine, lines in captured.items():
            for selfie, frames, compare, capture in lines:
                ratio = capture / compare
                met = "met" if ratio <= GOALS["capture"] else "missed"
                print(f"| {engine} | {selfie} | {frames} | {compare:.1f} | {capture:.1f} | {ratio:.1f} | {met} |")
    for name, one in measured["bare"].items():
        for model, why in one["about"].get("refused", {}).items():
            print(f"\n{name} refuses {model}: {why}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=pathlib.Path, help="also write all measurements here")
    parser.add_argument("--no-build", action="store_true", help="take the binaries as they are")
    parser.add_argument("--no-capture", action="store_true", help="leave whole captures out")
    options = parser.parse_args()

    if not options.no_build:
        engines.build()
    engines.prepare()
    interpreter = engines.python(*PACKAGES)
    files = engines.photographs()
    if not files:
        raise SystemExit("no photographs: run `selfsame models fetch` first")
    paths = [(str(engines.PREPARED / file), shape) for _, file, shape, _, _ in MODELS]
    macs = in_the_environment(interpreter, f"[models.macs(path, shape) for path, shape in {paths!r}]")
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(interpreter, engines.sent_by_clients(interpreter, files, folder), options.rounds)
    captured = {} if options.no_capture else {name: captures(name) for name in (engines.FAST, engines.PORTABLE)}
    tables(macs, measured, captured, len(files), options.rounds)
    if options.json:
        options.json.write_text(json.dumps(measured | {"macs": macs, "captures": captured}, indent=1) + "\n")


if __name__ == "__main__":
    main()
