#!/usr/bin/env python3
"""Runs a bench on a CPU with AVX-512 as if it had AVX2 and nothing beyond: for the README's table of such CPUs, where there is none.

OpenVINO, OpenCV, ONNX Runtime, rten and this project choose what they run by what `cpuid` answers, and not each of them can be told
otherwise. So `only_avx2.c` answers in its place, to all alike. It is this CPU all the same: its caches, its memory, its clock.
Needs Linux, x86-64, glibc, gcc and objdump.

    python3 bench/only_avx2.py engines.py|bound.py [what they are to be told]
"""

import os
import pathlib
import re
import subprocess
import sys
import sysconfig

import bound
import engines

KEPT = engines.ROOT / "target" / "only-avx2"
# glibc asks before anything else is loaded; it is told by a setting of its own.
GLIBC = "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ,-AVX512CD"
# The system's libraries that are loaded and have the instruction, but for glibc itself.
SYSTEM = ["libm.so.*", "libgcc_s.so.*", "libstdc++.so.*", "libz.so.*", "libcrypto.so.*", "liblzma.so.*"]
# Large, and not loaded here.
OTHERS = re.compile("intel_gpu|intel_npu")


def cpuids(file):
    """Where a file has the instruction, as its disassembly tells; kept, for large ones take a while."""
    data = file.read_bytes()
    if data[:4] != b"\x7fELF" or b"\x0f\xa2" not in data:
        return []
    stat = file.stat()
    kept = KEPT / f"{file.name}-{stat.st_size}-{stat.st_mtime_ns}"
    if not kept.exists():
        print(f"disassembling {file.name}", file=sys.stderr)
        text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(file)], capture_output=True, check=True).stdout
        kept.write_text(" ".join(found.decode() for found in re.findall(rb"(?m)^\s*([0-9a-f]+):\s+cpuid\s*$", text)))
    return kept.read_text().split()


def environment(programs, folders):
    """What a program is to be started with: it may be any of these, and load what lies in these folders or belongs to the system."""
    KEPT.mkdir(parents=True, exist_ok=True)
    library = KEPT / "only_avx2.so"
    source = engines.ROOT / "bench" / "only_avx2.c"
    subprocess.run(["gcc", "-O1", "-Wall", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    found = [file for folder in folders for file in pathlib.Path(folder).rglob("*.so*")]
    found += [file for name in SYSTEM for file in pathlib.Path("/usr/lib/x86_64-linux-gnu").glob(name)]
    found += pathlib.Path(sysconfig.get_config_var("LIBDIR")).glob("libpython*.so*")
    found += [pathlib.Path(program) for program in programs]
    files = {file.resolve() for file in found if file.is_file() and not OTHERS.search(file.name)}
    lines = [f"{address} {file}" for file in sorted(files) for address in ["0", *cpuids(file)]]
    listed = KEPT / "list"
    listed.write_text("\n".join(lines) + "\n")
    return {"LD_AUDIT": str(library), "ONLY_AVX2": str(listed), "GLIBC_TUNABLES": GLIBC}


def main():
    bench, *options = sys.argv[1:] or [""]
    if bench not in ("engines.py", "bound.py"):
        raise SystemExit(__doc__)
    if "--no-build" not in options:
        engines.build()
    interpreter = engines.python(*bound.PACKAGES)
    examples = [engines.SELFSAME.with_name(name) for name in ("throughput", "models", "bare_models", "capture_cost")]
    folders = [engines.VENV / "lib", *engines.models_dir().glob("openvino-*"), sysconfig.get_path("stdlib")]
    held = environment([sys.executable, interpreter, *examples], folders)
    command = [sys.executable, str(engines.ROOT / "bench" / bench), *dict.fromkeys([*options, "--no-build"])]
    os.execve(sys.executable, command, dict(os.environ, **held))


if __name__ == "__main__":
    main()
