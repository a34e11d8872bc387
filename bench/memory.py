#!/usr/bin/env python3
"""What memory a server holds at rest and under load, and whose it is.

A real server is started with as many workers as cores are given to it. Its memory is read when it is ready, after the first job, after
a load of selfies (640 pixels), after one of photographs of 12 megapixels, several at a time, and after a rest. Told apart are what is
the process's own and what is pages of files (libraries, compiled models), which the system takes back when it needs room. PSS counts a
page that several processes share in parts. `most` is the most that was resident while the load ran, read ten times a second.
With --minutes both loads take turns for so long, and resident memory is told by the minute. Prints a Markdown table.

    python3 bench/memory.py [--binary FILE] [--engine E] [--load FOLDER] [--seconds S] [--minutes M] [--no-build]
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time

import server as whole
from engines import ROOT, models_dir, python, sent_by_clients

LARGE = """
import pathlib, sys
import cv2
for number, name in enumerate(sys.argv[2:]):
    picture = cv2.imread(name, cv2.IMREAD_COLOR)
    scale = (12e6 / (picture.shape[0] * picture.shape[1])) ** 0.5
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    path = pathlib.Path(sys.argv[1]) / f"large-{number}.jpg"
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    print(path)
"""


def held(pid):
    """MiB: resident, own, of files, and PSS."""
    pss = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().split("\nPss:")[1].split()[0]
    return [*(whole.memory_mib(pid, name) for name in ["VmRSS", "RssAnon", "RssFile"]), int(pss) / 1024]


class Most:
    """The most that is resident while this runs."""

    def __init__(self, pid):
        self.pid, self.most, self.done = pid, 0.0, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.done.wait(0.1):
            self.most = max(self.most, whole.memory_mib(self.pid, "VmRSS"))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


def row(name, pid, most=None, answer=None):
    figures = [f"{figure:.0f}" for figure in held(pid)]
    figures += [f"{most:.0f}" if most else "", f"{answer:.1f}" if answer else ""]
    print(f"| {name} | {' | '.join(figures)} |", flush=True)


def loaded(server, name, files, seconds):
    with Most(server.process.pid) as watched:
        answer, spent = server.load(files, seconds)
    row(name, server.process.pid, watched.most, 1000 * spent / answer["answers"])


def soak(server, sets, minutes):
    """Loads in turn; resident memory at the end of each minute."""
    pid, until, sizes = server.process.pid, time.monotonic() + 60 * minutes, []
    while time.monotonic() < until:
        for files in sets:
            server.load(files, 30)
        sizes.append(whole.memory_mib(pid, "VmRSS"))
        print(f"minute {len(sizes)}: {sizes[-1]:.0f} MiB", flush=True)
    half = sizes[len(sizes) // 2 :]
    print(f"\nOver the second half {min(half):.0f} to {max(half):.0f} MiB, median {statistics.median(half):.0f}; the first minute ended with {sizes[0]:.0f}.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=whole.BINARY)
    parser.add_argument("--load", type=pathlib.Path, help="the folder of the release build, whose examples have `load`", default=whole.RELEASE)
    parser.add_argument("--engine", default="openvino")
    parser.add_argument("--seconds", type=float, default=10, help="how long each load lasts")
    parser.add_argument("--minutes", type=float, default=0, help="how long both take turns after that")
    parser.add_argument("--no-build", action="store_true", help="take the binaries as they are")
    options = parser.parse_args()
    if not options.no_build:
        subprocess.run(["cargo", "build", "--locked", "--release", "-p", "selfsame", "--bin", "selfsame", "--example", "load"], cwd=ROOT, check=True)
    whole.BINARY, whole.RELEASE = options.binary, options.load
    cores = sorted(os.sched_getaffinity(0))[-2:]
    with tempfile.TemporaryDirectory() as data:
        pictures = pathlib.Path(data) / "pictures"
        pictures.mkdir()
        photographs = [str(models_dir() / name) for name in whole.PHOTOGRAPHS]
        interpreter = python()
        selfies = sent_by_clients(interpreter, photographs, pictures)
        made = subprocess.run([interpreter, "-c", LARGE, str(pictures), *photographs], capture_output=True, text=True, check=True)
        large = made.stdout.split()
        server = whole.Server(options.engine, cores, data)
        pid = server.process.pid
        print("| | resident MiB | its own | of files | PSS | most meanwhile | processor ms an answer |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        try:
            time.sleep(3)
            row("at rest, before any job", pid)
            server.enrol(photographs[0])
            row("after the first job", pid)
            loaded(server, "selfies of 640 pixels", selfies, options.seconds)
            loaded(server, "photographs of 12 megapixels", large, options.seconds)
            loaded(server, "selfies again", selfies, options.seconds)
            time.sleep(30)
            row("half a minute later", pid)
            if options.minutes:
                print()
                soak(server, [selfies, large], options.minutes)
            print(f"\nPeak: {whole.memory_mib(pid, 'VmHWM'):.0f} MiB.")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
