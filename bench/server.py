#!/usr/bin/env python3
"""What HTTP, storage and the queue add to the engine: synchronous (v2) authentications at a real server, against the bare engine.

Rounds alternate: the bare engine analyses the photographs (one process a core, as many as the server has workers), then
the server is loaded to saturation for some seconds with the same photographs. Overhead is told twice: by the CPU time of the
server's process for each answer against the bare engine's for each photograph, which other processes hardly disturb; and
by throughput, where the load generator, which shares the machine's cores, is counted against the server.
Prints a Markdown table.

    python3 bench/server.py [--rounds N] [--seconds S] [--engine E] [--no-build]
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

from engines import ROOT, models_dir, python, sent_by_clients

RELEASE = ROOT / "target" / "release"
BINARY = RELEASE / "selfsame"
TICK = os.sysconf("SC_CLK_TCK")
# Two people's photographs: what is authenticated is the first one's enrolment.
PHOTOGRAPHS = ["obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg"]
EXPECTED = {"0820", "0821"}


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory_mib(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"/proc tells no {name}")


class Bare:
    """The engine alone: one process a core."""

    def __init__(self, engine, cores, files):
        command = [str(RELEASE / "examples" / "throughput"), engine, "bf16", "selfie", *files]
        self.photographs = len(files)
        self.processes = [
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                preexec_fn=lambda core=core: os.sched_setaffinity(0, {core}),
            )
            for core in cores
        ]
        self.about = [json.loads(p.stdout.readline()) for p in self.processes]

    def round(self, passes):
        """CPU milliseconds a photograph, and photographs a second of all processes together."""
        before = [cpu_seconds(p.pid) for p in self.processes]
        began = time.perf_counter()
        for _ in range(passes):
            for process in self.processes:
                process.stdin.write("\n")
                process.stdin.flush()
            for process in self.processes:
                process.stdout.readline()
        took = time.perf_counter() - began
        done = passes * self.photographs
        spent = sum(cpu_seconds(p.pid) - b for p, b in zip(self.processes, before))
        return 1000 * spent / (done * len(self.processes)), done * len(self.processes) / took

    def stop(self):
        for process in self.processes:
            process.stdin.close()
            process.wait()


def selfsame(*arguments, **more):
    done = subprocess.run(
        [str(BINARY), "--json", *map(str, arguments)], capture_output=True, text=True, **more
    )
    if done.returncode:
        raise SystemExit(f"selfsame {arguments[0]} failed: {done.stdout}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


class Server:
    """A real server with one enrolled user, on the given cores."""

    def __init__(self, engine, cores, data):
        added = selfsame("partner", "--data", data, "add", "--id", "bench")[0]
        self.key = {**os.environ, "SELFSAME_API_KEY": added["sandbox_api_key"]}
        self.connections = 4 * len(cores)
        command = [str(BINARY), "serve", "--data", data, "--listen", "127.0.0.1:0"]
        command += ["--engine", engine, "--workers", str(len(cores)), "--rate", "100000"]
        with open(pathlib.Path(data) / "server.log", "w") as log:
            self.process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=lambda: os.sched_setaffinity(0, set(cores)),
            )
        self.address = json.loads(self.process.stdout.readline())["http"]

    def enrol(self, selfie):
        arguments = ["--server", self.address, "--partner", "bench", "--user", "ada", "--selfie", selfie]
        selfsame("enrol", *arguments, env=self.key)

    def load(self, files, seconds):
        """What the load generator tells, and the server's CPU seconds meanwhile."""
        before = cpu_seconds(self.process.pid)
        command = [str(RELEASE / "examples" / "load"), self.address, "bench", "ada", str(self.connections), str(seconds)]
        done = subprocess.run([*command, *files], env=self.key, capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        if not set(answer["codes"]) <= EXPECTED:
            raise SystemExit(f"the server answered {answer['codes']}")
        return answer, cpu_seconds(self.process.pid) - before

    def stop(self):
        self.process.terminate()
        self.process.wait()


def load(server, bare_round, files, seconds):
    """A server under load, beside a round of the bare engine."""
    engine_ms, engine_rate = bare_round
    answer, spent = server.load(files, seconds)
    server_ms = 1000 * spent / answer["answers"]
    return {
        "engine_ms": engine_ms,
        "server_ms": server_ms,
        "cpu": server_ms / engine_ms - 1,
        "throughput": engine_rate / answer["per_second"] - 1,
        **{key: answer[key] for key in ["per_second", "p50_ms", "p99_ms"]},
    }


def passes(files, seconds):
    """How often the bare engine takes all photographs in a round."""
    return max(1, int(seconds * 20 / len(files)))


def table(what, rounds):
    """What was loaded, by its name, with the medians of its rounds."""
    print(f"| {what} | engine, CPU ms each | server, CPU ms an answer | added by CPU time | by throughput | answers a second | p50 ms | p99 ms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, found in rounds.items():
        middle = {key: statistics.median(r[key] for r in found) for key in found[0]}
        print(
            f"| {name} | {middle['engine_ms']:.1f} | {middle['server_ms']:.1f} | {100 * middle['cpu']:.0f} % "
            f"| {100 * middle['throughput']:.0f} % | {middle['per_second']:.1f} | {middle['p50_ms']:.0f} | {middle['p99_ms']:.0f} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--engine", default="openvino")
    parser.add_argument("--no-build", action="store_true", help="take the binaries as they are")
    options = parser.parse_args()
    if not options.no_build:
        for package, example in [("selfsame-face", "throughput"), ("selfsame", "load")]:
            build = ["cargo", "build", "--locked", "--release", "-p", package, "--example", example]
            subprocess.run(build, cwd=ROOT, check=True)
        subprocess.run(["cargo", "build", "--locked", "--release", "--bin", "selfsame"], cwd=ROOT, check=True)

    cores = sorted(os.sched_getaffinity(0))[-2:]
    with tempfile.TemporaryDirectory() as data:
        (pathlib.Path(data) / "pictures").mkdir()
        whole = [str(models_dir() / name) for name in PHOTOGRAPHS]
        sets = {
            "as they are": whole,
            "640 pixels long": sent_by_clients(python(), whole, pathlib.Path(data) / "pictures"),
        }
        bare = {name: Bare(options.engine, cores, files) for name, files in sets.items()}
        server = Server(options.engine, cores, data)
        server.enrol(whole[0])
        at_rest = memory_mib(server.process.pid, "VmRSS")
        rounds = {name: [] for name in sets}
        for number in range(options.rounds):
            for name, files in sets.items():
                engine = bare[name].round(passes(files, options.seconds))
                rounds[name].append(load(server, engine, files, options.seconds))
                print(f"round {number + 1}, {name}: {json.dumps(rounds[name][-1])}", flush=True)
        peak, resident = memory_mib(server.process.pid, "VmHWM"), memory_mib(server.process.pid, "VmRSS")
        server.stop()
    for one in bare.values():
        one.stop()
    engine = bare["as they are"].about[0]["engine"]
    print(f"\n{engine}, {len(cores)} cores, {server.connections} connections, median of {options.rounds} rounds:\n")
    table("photographs", rounds)
    print(f"\nResident memory: {at_rest:.0f} MiB after the first job, {resident:.0f} after the last, {peak:.0f} at most.")


if __name__ == "__main__":
    main()
