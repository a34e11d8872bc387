#!/usr/bin/env python3
"""Two builds of the server in one run: what each adds to the bare engine, and how long its answers take under the same load.

Both serve all the time, on the same two cores, each with a data directory of its own; they are loaded in turn, so that both see the
same noise. First come rounds at saturation, as bench/server.py has them: the bare engine, then each build. Then both answer one
schedule, at shares of what the first build can do, as bench/latency.py has it. Both builds and the bare engine must have the same
models and looks, or the difference is the engine's and not the server's.
Prints two Markdown tables.

    python3 bench/before_after.py --before FILE --after FILE [--built DIR] [--rounds N] [--seconds S] [--loads 50,80,95]
"""

import argparse
import asyncio
import os
import pathlib
import tempfile

import latency
import server as whole
from engines import models_dir, python, sent_by_clients


def serve(binary, engine, cores, data, selfie):
    """A server of this build with one enrolled user."""
    data.mkdir()
    whole.BINARY = binary
    server = whole.Server(engine, cores, str(data))
    server.enrol(selfie)
    return server


def saturate(options, bare, servers, files):
    """Rounds of the bare engine and of each build, whose order changes."""
    found = {name: [] for name in servers}
    for number in range(options.rounds):
        engine = bare.round(whole.passes(files, options.seconds))
        for name in list(servers)[:: 1 if number % 2 == 0 else -1]:
            one = whole.load(servers[name], engine, files, options.seconds)
            found[name].append(one)
            print(f"round {number + 1}, {name}: {one}", flush=True)
    return found


async def scheduled(options, servers, forms):
    """One schedule for both, at shares of what the first can do."""
    callers = {n: latency.Caller(s.address, s.key["SELFSAME_API_KEY"], "bench", forms) for n, s in servers.items()}
    first = next(iter(servers))
    await latency.capacity(callers[first], servers[first].connections, 3)
    most = await latency.capacity(callers[first], servers[first].connections, options.seconds)
    print(f"\ncapacity of {first}: {most:.1f} answers a second\n")
    print("| load, build | requests a second | requests | p50 ms | p99 ms | p99.9 ms | most ms | generator late, p99 ms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for load in options.loads:
        for name, caller in callers.items():
            rate = most * load / 100
            print(latency.row(f"{load} %, {name}", rate, *await latency.open_loop(caller, rate, options.seconds)), flush=True)
    for name, caller in callers.items():
        if set(caller.codes) - whole.EXPECTED:
            raise SystemExit(f"{name} answered {dict(caller.codes)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=pathlib.Path, required=True, help="the build to compare with")
    parser.add_argument("--after", type=pathlib.Path, required=True, help="the build that is judged")
    parser.add_argument("--built", type=pathlib.Path, default=whole.RELEASE, help="where examples/throughput and examples/load are")
    parser.add_argument("--engine", default="openvino")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20, help="how long each load lasts")
    parser.add_argument("--loads", type=lambda text: [int(load) for load in text.split(",")], default=[50, 80, 95])
    options = parser.parse_args()
    whole.RELEASE = options.built
    builds = {"before": options.before.resolve(), "after": options.after.resolve()}
    cores = sorted(os.sched_getaffinity(0))[-2:]
    others = set(os.sched_getaffinity(0)) - set(cores)
    servers, bare = {}, None
    with tempfile.TemporaryDirectory() as data:
        data = pathlib.Path(data)
        (data / "pictures").mkdir()
        photographs = [str(models_dir() / name) for name in whole.PHOTOGRAPHS]
        files = sent_by_clients(python(), photographs, data / "pictures")
        try:
            for name, binary in builds.items():
                servers[name] = serve(binary, options.engine, cores, data / name, photographs[0])
            bare = whole.Bare(options.engine, cores, files)
            # The load generator leaves the servers their cores where there are more.
            if others:
                os.sched_setaffinity(0, others)
            found = saturate(options, bare, servers, files)
            forms = [latency.form("ada", pathlib.Path(file).read_bytes()) for file in files]
            print(f"\n{len(cores)} cores, 640 pixels long, median of {options.rounds} rounds of {options.seconds:.0f} s:\n")
            whole.table("build", found)
            asyncio.run(scheduled(options, servers, forms))
        finally:
            for server in servers.values():
                server.stop()
            if bare:
                bare.stop()


if __name__ == "__main__":
    main()
