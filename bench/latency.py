#!/usr/bin/env python3
"""How long synchronous (v2) authentications take at a real server under a given load, and what memory does meanwhile.

First the capacity is measured: as many requests at a time as the server has places. Then requests leave at 50, 80 and 95 % of it, on
a schedule that is drawn before (gaps as of independent people), whatever came back: a slow answer delays no later request, and each
latency counts from the moment that the schedule named. So a server that stands still is seen as long as it stands still. With
--minutes a soak at 80 % follows, and the server's resident memory is sampled.

The generator is one process of Python that shares the machine; it is given none of the server's two cores where there are more.
Prints a Markdown table.

    python3 bench/latency.py [--binary FILE] [--engine E] [--seconds S] [--loads 50,80,95] [--minutes M] [--no-build]
"""

import argparse
import asyncio
import base64
import collections
import datetime
import hashlib
import hmac
import json
import os
import pathlib
import random
import statistics
import subprocess
import tempfile
import time
import urllib.parse

import server as whole
from engines import ROOT, models_dir, python, sent_by_clients

BOUNDARY = "selfsame-latency-boundary"
SEED = 17
# What may take longer is no longer waited for.
PATIENCE = 120


def form(user, selfie):
    """A form with a user and a selfie."""
    return b"".join(
        [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="user_id"\r\n\r\n{user}\r\n'.encode(),
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="selfie_image"; filename="selfie.jpg"\r\n'.encode(),
            b"Content-Type: image/jpeg\r\n\r\n",
            selfie,
            f"\r\n--{BOUNDARY}--\r\n".encode(),
        ]
    )


class Caller:
    """Sends authentications over connections that it keeps."""

    def __init__(self, address, key, partner, forms):
        url = urllib.parse.urlsplit(address)
        self.host, self.port, self.key, self.partner, self.forms = url.hostname, url.port, key, partner, forms
        self.idle = []
        self.sent = 0
        self.last_stamp = 0
        self.codes = collections.Counter()

    def head(self, length):
        # No two alike: the server takes the same words of the same millisecond for one request that comes again.
        self.last_stamp = max(self.last_stamp + 1, int(time.time() * 1000))
        moment = datetime.datetime.fromtimestamp(self.last_stamp / 1000, datetime.timezone.utc)
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.last_stamp % 1000:03}Z"
        mac = hmac.new(self.key.encode(), f"{stamp}{self.partner}sid_request".encode(), hashlib.sha256)
        return (
            f"POST /v2/smart-selfie-authentication HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {length}\r\n"
            f"smileid-partner-id: {self.partner}\r\nsmileid-timestamp: {stamp}\r\n"
            f"smileid-request-signature: {base64.b64encode(mac.digest()).decode()}\r\n\r\n"
        ).encode()

    async def once(self):
        """One authentication; its outcome is counted."""
        body = self.forms[self.sent % len(self.forms)]
        self.sent += 1
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection(self.host, self.port)
                writer.write(self.head(len(body)) + body)
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.split("content-length:")[1].split("\r\n")[0])
                answer = json.loads(await reader.readexactly(length))
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            self.codes[type(error).__name__] += 1
            return
        self.codes[answer.get("code", "none")] += 1
        if "connection: close" in head:
            writer.close()
        else:
            self.idle.append((reader, writer))


async def capacity(caller, at_a_time, seconds):
    """Answers a second with so many requests at a time."""
    until, done = time.perf_counter() + seconds, 0

    async def keep_asking():
        nonlocal done
        while time.perf_counter() < until:
            await caller.once()
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(keep_asking() for _ in range(at_a_time)))
    return done / (time.perf_counter() - began)


async def open_loop(caller, rate, seconds):
    """Latencies, in milliseconds from the moment that the schedule names, and by how much the generator itself was late."""
    draw, at, schedule = random.Random(SEED), 0.0, []
    while at < seconds:
        schedule.append(at)
        at += draw.expovariate(rate)
    took, late, running = [], [], set()
    began = time.perf_counter()

    async def request(due):
        await caller.once()
        took.append(1000 * (time.perf_counter() - due))

    for due in schedule:
        due += began
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        late.append(1000 * (time.perf_counter() - due))
        task = asyncio.create_task(request(due))
        running.add(task)
        task.add_done_callback(running.discard)
    if running:
        await asyncio.wait(running)
    return sorted(took), sorted(late)


def at_share(ordered, share):
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def slope(samples):
    """MiB an hour by least squares, of (seconds, MiB)."""
    mean_t, mean_m = (statistics.fmean(s[i] for s in samples) for i in (0, 1))
    spread = sum((t - mean_t) ** 2 for t, _ in samples)
    return 3600 * sum((t - mean_t) * (m - mean_m) for t, m in samples) / spread if spread else 0.0


async def soak(caller, rate, minutes, pid):
    """Resident memory over a long load: (seconds, MiB)."""
    samples, began = [], time.perf_counter()
    load = asyncio.create_task(open_loop(caller, rate, 60 * minutes))
    while not load.done():
        samples.append((time.perf_counter() - began, whole.memory_mib(pid, "VmRSS")))
        await asyncio.wait([load], timeout=5)
    return samples, await load


def load_average():
    return os.getloadavg()[0]


def row(name, rate, took, late):
    shares = [at_share(took, share) for share in (0.5, 0.99, 0.999)]
    figures = " | ".join(f"{figure:.0f}" for figure in [*shares, took[-1]])
    return f"| {name} | {rate:.1f} | {len(took)} | {figures} | {at_share(late, 0.99):.1f} |"


async def measure(options, server, forms):
    caller = Caller(server.address, server.key["SELFSAME_API_KEY"], "bench", forms)
    pid, at_rest = server.process.pid, whole.memory_mib(server.process.pid, "VmRSS")
    busy = load_average()
    await capacity(caller, server.connections, 3)
    most = await capacity(caller, server.connections, options.seconds)
    print(f"capacity: {most:.1f} answers a second, {server.connections} at a time (load average before: {busy:.1f})", flush=True)
    print("\n| load | requests a second | requests | p50 ms | p99 ms | p99.9 ms | most ms | generator late, p99 ms |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for load in options.loads:
        rate = most * load / 100
        print(row(f"{load} %", rate, *await open_loop(caller, rate, options.seconds)), flush=True)
    after = whole.memory_mib(pid, "VmRSS")
    print(f"\nResident memory: {at_rest:.0f} MiB after the first job, {after:.0f} after these loads.")
    if options.minutes:
        samples, (took, late) = await soak(caller, most * 0.8, options.minutes, pid)
        print(row(f"80 %, {options.minutes} minutes", most * 0.8, took, late))
        half = samples[len(samples) // 2 :]
        sizes = [size for _, size in samples]
        print(
            f"Soak of {options.minutes} minutes: {sizes[0]:.0f} MiB at its begin, {sizes[-1]:.0f} at its end, {max(sizes):.0f} at most; "
            f"over its second half {slope(half):+.1f} MiB an hour, between {min(s for _, s in half):.0f} and {max(s for _, s in half):.0f}."
        )
    print(f"Answers: {dict(caller.codes)}. Load average at the end: {load_average():.1f}.")
    strange = set(caller.codes) - whole.EXPECTED
    if strange:
        raise SystemExit(f"the server answered {strange}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=whole.RELEASE / "selfsame")
    parser.add_argument("--engine", default="openvino")
    parser.add_argument("--seconds", type=float, default=60, help="how long each load lasts")
    parser.add_argument("--loads", type=lambda text: [int(load) for load in text.split(",")], default=[50, 80, 95])
    parser.add_argument("--minutes", type=float, default=0, help="how long the soak lasts; an hour tells whether memory is flat")
    parser.add_argument("--no-build", action="store_true", help="take the binary as it is")
    options = parser.parse_args()
    if not options.no_build:
        subprocess.run(["cargo", "build", "--locked", "--release", "--bin", "selfsame"], cwd=ROOT, check=True)
    whole.BINARY = options.binary
    cores = sorted(os.sched_getaffinity(0))[-2:]
    others = set(os.sched_getaffinity(0)) - set(cores)
    with tempfile.TemporaryDirectory() as data:
        pictures = pathlib.Path(data) / "pictures"
        pictures.mkdir()
        photographs = [str(models_dir() / name) for name in whole.PHOTOGRAPHS]
        files = sent_by_clients(python(), photographs, pictures)
        server = whole.Server(options.engine, cores, data)
        if others:
            os.sched_setaffinity(0, others)
        try:
            server.enrol(photographs[0])
            asyncio.run(measure(options, server, [form("ada", pathlib.Path(file).read_bytes()) for file in files]))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
