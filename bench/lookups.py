#!/usr/bin/env python3
"""Look-ups a second with a local authority that answers at once, and what a look-up adds to the comparison that follows it.

Two measurements in one run, at one real server on two cores; the authority and the load generator have the other cores, where there are
any.

1. Job type 5 over /v1/id_verification, as many connections as saturate the server: answers a second, and the server's CPU time for each.
2. Batches of jobs by upload, alternating: type 4 (a registration), type 2 (an authentication), type 1 with an ID card (the comparison
   alone: the same two photographs are measured and compared, and nobody is asked), and type 1 with a number (the authority is asked,
   and tells the card's photograph). Told by the CPU time of the server's process for each job, which other processes hardly disturb,
   and by the jobs that end each second. What a look-up adds is the last over the one before it; the goal is less than 15 %.

Prints two Markdown tables.

    python3 bench/lookups.py [--rounds N] [--seconds S] [--jobs J] [--engine E] [--no-build]
"""

import argparse
import asyncio
import base64
import datetime
import hashlib
import hmac
import io
import json
import multiprocessing
import os
import pathlib
import re
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.request
import zipfile

from engines import ROOT, models_dir, python, sent_by_clients
from server import RELEASE, cpu_seconds, selfsame

PARTNER = "bench"
# The record's photograph, and another one of the same person.
PORTRAIT, SELFIE = "obama.jpg", "obama2.jpg"
# How long a batch may take before the run is given up.
PATIENCE = 600
GOAL = 0.15


# The authority.


class Answering(asyncio.Protocol):
    """Answers each request on a connection with the same record, whatever is asked."""

    def __init__(self, answer):
        self.answer, self.unread = answer, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.unread += data
        # Requests without bodies: each ends with an empty line.
        while b"\r\n\r\n" in self.unread:
            _, self.unread = self.unread.split(b"\r\n\r\n", 1)
            self.transport.write(self.answer)


def answer_forever(record, cores, tell):
    """A process of its own: the load generator must not slow it down."""
    os.sched_setaffinity(0, cores)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    body = json.dumps(record).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"

    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Answering(head.encode() + body), "127.0.0.1", 0)
        tell.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


class Authority:
    def __init__(self, record, cores):
        here, there = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=answer_forever, args=(record, cores, there), daemon=True)
        self.process.start()
        if not here.poll(30):
            raise SystemExit("the authority does not start")
        self.port = here.recv()

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def stop(self):
        self.process.terminate()
        self.process.join()


# The server.


class Server:
    """A real server whose sandbox asks the local authority."""

    def __init__(self, engine, cores, data, authority):
        data = pathlib.Path(data)
        added = selfsame("partner", "--data", data, "add", "--id", PARTNER)[0]
        self.key = added["sandbox_api_key"].encode()
        (data / "authorities.toml").write_text(
            f"""
[authority.local]
kind = "http"
url = "http://127.0.0.1:{authority.port}/{{id_number}}"
allow_plain_http = true
concurrent = 64
answer.fields = {{ full_name = "/name", date_of_birth = "/born" }}
answer.photo = "/portrait"

[[route]]
authority = "local"
country = "NG"
id_types = "NIN"
environments = "sandbox"
"""
        )
        # Photographs without frames.
        (data / "policy.toml").write_text(
            'name = "bench"\nversion = "1"\n[defaults.liveness.motion]\nmode = "off"\n'
        )
        command = [str(RELEASE / "selfsame"), "serve", "--data", str(data), "--listen", "127.0.0.1:0"]
        command += ["--engine", engine, "--workers", str(len(cores)), "--rate", "100000"]
        command += ["--authorities", str(data / "authorities.toml"), "--policy", str(data / "policy.toml")]
        self.log = data / "server.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=lambda: os.sched_setaffinity(0, set(cores)),
            )
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the server does not start:\n{self.log.read_text()[-2000:]}")
        self.address = json.loads(line)["http"]

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def signed(self):
        timestamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        code = hmac.new(self.key, f"{timestamp}{PARTNER}sid_request".encode(), hashlib.sha256).digest()
        return {"timestamp": timestamp, "signature": base64.b64encode(code).decode()}

    def ask(self, path, body):
        request = urllib.request.Request(
            self.address + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def ended(self):
        """How many jobs have ended since the start, by their codes."""
        with urllib.request.urlopen(self.address + "/metrics", timeout=60) as answer:
            text = answer.read().decode()
        codes = {}
        for labels, count in re.findall(r"^selfsame_jobs_total\{([^}]*)\} (\d+)", text, re.M):
            code = re.search(r'result_code="([^"]*)"', labels)[1]
            codes[code] = codes.get(code, 0) + int(count)
        return codes

    def stop(self):
        self.process.terminate()
        self.process.wait()


def grown(after, before):
    return {code: count - before.get(code, 0) for code, count in after.items() if count > before.get(code, 0)}


# Look-ups.


async def look_up(address, body_of, until, told):
    """One connection: asks, reads, asks again."""
    host, port = address.removeprefix("http://").rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    while time.perf_counter() < until:
        body = body_of()
        head = f"POST /v1/id_verification HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        began = time.perf_counter()
        writer.write(head.encode() + body)
        answered = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", answered.lower())[1])
        result = await reader.readexactly(length)
        if b'"ResultCode":"1012"' not in result.replace(b" ", b""):
            raise SystemExit(f"a look-up was answered {answered.splitlines()[0]!r} {result[:300]!r}")
        told.append(time.perf_counter() - began)
    writer.close()


def look_ups(server, authority, connections, seconds, counter):
    """One round: answers a second, CPU milliseconds an answer, latencies."""
    signed = server.signed()

    def body_of():
        counter[0] += 1
        name = f"l{counter[0]}"
        return json.dumps(
            {
                **signed,
                "partner_id": PARTNER,
                "partner_params": {"user_id": name, "job_id": name, "job_type": 5},
                "country": "NG",
                "id_type": "NIN",
                "id_number": f"{30_000_000_000 + counter[0]}",
                "source_sdk": "bench",
                "source_sdk_version": "1",
            }
        ).encode()

    async def all_of_them():
        until, told = time.perf_counter() + seconds, []
        await asyncio.gather(*(look_up(server.address, body_of, until, told) for _ in range(connections)))
        return told

    before, asked, began = server.cpu(), authority.cpu(), time.perf_counter()
    own = time.process_time()
    told = asyncio.run(all_of_them())
    took = time.perf_counter() - began
    told.sort()
    return {
        "per_second": len(told) / took,
        "cpu_ms": 1000 * (server.cpu() - before) / len(told),
        "p50_ms": 1000 * told[len(told) // 2],
        "p99_ms": 1000 * told[len(told) * 99 // 100],
        # Near 1: it is the authority, or this program, that has no more to give.
        "authority_busy": (authority.cpu() - asked) / took,
        "generator_busy": (time.process_time() - own) / took,
    }


# Jobs by upload.


def package(id_info, selfie, card):
    """What the public clients zip."""
    images = [{"image_type_id": 0, "image": "", "file_name": "selfie.jpg"}]
    files = [("selfie.jpg", selfie)]
    if card:
        images.append({"image_type_id": 1, "image": "", "file_name": "card.jpg"})
        files.append(("card.jpg", card))
    info = {"package_information": {"apiVersion": {"buildNumber": 0, "majorVersion": 2, "minorVersion": 0}}}
    info |= {"id_info": id_info, "images": images}
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("info.json", json.dumps(info))
        for name, content in files:
            archive.writestr(name, content)
    return whole.getvalue()


class Kind:
    """A kind of job."""

    def __init__(self, name, job_type, code, id_info, photographs):
        self.name, self.job_type, self.code = name, job_type, code
        self.id_info, self.photographs = id_info, photographs

    def submit(self, server, at):
        name = f"t{at}"
        # Authentications are all of the one user that was enrolled before.
        user = "ada" if self.job_type == 2 else name
        body = {
            **server.signed(),
            "file_name": "selfie.zip",
            "smile_client_id": PARTNER,
            "partner_params": {"user_id": user, "job_id": name, "job_type": self.job_type},
            "source_sdk": "bench",
            "source_sdk_version": "1",
        }
        url = server.ask("/v1/upload", body)["upload_url"]
        put = urllib.request.Request(url, package(self.id_info(at), *self.photographs), method="PUT")
        with urllib.request.urlopen(put, timeout=60):
            pass


def batch(server, kind, jobs, counter):
    """Submits so many jobs and waits until all have ended: CPU milliseconds of the server a job, and jobs a second."""
    before, began, codes = server.cpu(), time.perf_counter(), server.ended()
    for _ in range(jobs):
        counter[0] += 1
        kind.submit(server, counter[0])
    while True:
        ended = grown(server.ended(), codes)
        if sum(ended.values()) >= jobs:
            break
        if time.perf_counter() - began > PATIENCE:
            raise SystemExit(f"{kind.name}: {ended} of {jobs} jobs ended in {PATIENCE} s")
        time.sleep(0.1)
    if ended != {kind.code: jobs}:
        raise SystemExit(f"{kind.name}: the jobs ended with {ended}, not {kind.code}")
    took = time.perf_counter() - began
    return {"cpu_ms": 1000 * (server.cpu() - before) / jobs, "per_second": jobs / took}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8, help="of look-ups, each round")
    parser.add_argument("--jobs", type=int, default=24, help="by upload, of each kind, each round")
    parser.add_argument("--engine", default="openvino")
    parser.add_argument("--no-build", action="store_true", help="take the binary as it is")
    options = parser.parse_args()
    if not options.no_build:
        build = ["cargo", "build", "--locked", "--release", "--bin", "selfsame"]
        subprocess.run(build, cwd=ROOT, check=True)

    mine = sorted(os.sched_getaffinity(0))
    cores, others = mine[-2:], mine[:-2] or mine
    os.sched_setaffinity(0, others)
    number = lambda at: {"country": "NG", "id_type": "NIN", "id_number": f"{20_000_000_000 + at}", "entered": "true"}
    nothing = lambda at: {}
    counter = [0]
    with tempfile.TemporaryDirectory() as data:
        (pathlib.Path(data) / "pictures").mkdir()
        whole = [str(models_dir() / name) for name in (PORTRAIT, SELFIE)]
        # As clients send them, and authorities keep them: 640 pixels long.
        sent = sent_by_clients(python(), whole, pathlib.Path(data) / "pictures")
        portrait, selfie = (pathlib.Path(name).read_bytes() for name in sent)
        record = {"name": "Joe Leo", "born": "2000-09-20", "portrait": base64.b64encode(portrait).decode()}
        kinds = [
            Kind("type 4: registration", 4, "0840", nothing, (selfie, None)),
            Kind("type 2: authentication", 2, "0820", nothing, (selfie, None)),
            Kind("type 1, ID card: the comparison alone", 1, "0810", lambda at: {"entered": "false"}, (selfie, portrait)),
            Kind("type 1, number: asked and compared", 1, "0810", number, (selfie, None)),
        ]
        authority = Authority(record, set(others))
        server = Server(options.engine, cores, data, authority)
        try:
            enrol = {**os.environ, "SELFSAME_API_KEY": server.key.decode()}
            arguments = ["--server", server.address, "--partner", PARTNER, "--user", "ada"]
            selfsame("enrol", *arguments, "--selfie", sent[0], env=enrol)
            for kind in kinds:
                batch(server, kind, 2, counter)
            lookups, jobs = [], {kind.name: [] for kind in kinds}
            for at in range(options.rounds):
                lookups.append(look_ups(server, authority, 16 * len(cores), options.seconds, counter))
                print(f"round {at + 1}, look-ups: {json.dumps(lookups[-1])}", flush=True)
                # Turned about, so that none always comes first.
                for kind in kinds[at % len(kinds) :] + kinds[: at % len(kinds)]:
                    jobs[kind.name].append(batch(server, kind, options.jobs, counter))
                    print(f"round {at + 1}, {kind.name}: {json.dumps(jobs[kind.name][-1])}", flush=True)
        finally:
            server.stop()
            authority.stop()

    middle = lambda rounds: {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
    told = middle(lookups)
    print(f"\n{options.engine}, {len(cores)} cores, median of {options.rounds} rounds. A local authority that answers at once:\n")
    print("| look-ups a second | server, CPU ms each | p50 ms | p99 ms | authority busy | load generator busy |")
    print("| --- | --- | --- | --- | --- | --- |")
    print(
        f"| {told['per_second']:.0f} | {told['cpu_ms']:.2f} | {told['p50_ms']:.1f} | {told['p99_ms']:.1f} "
        f"| {100 * told['authority_busy']:.0f} % | {100 * told['generator_busy']:.0f} % |"
    )
    names = [kind.name for kind in kinds]
    alone, asked = names[2], names[3]
    # Of each round by itself, so that what slows the machine for a while slows both.
    ratio = lambda one, other: statistics.median(
        a["cpu_ms"] / b["cpu_ms"] for a, b in zip(jobs[one], jobs[other])
    )
    print(f"\n{options.jobs} jobs of each kind a round:\n")
    print("| job | server, CPU ms each | jobs a second | against type 4 | against type 2 |")
    print("| --- | --- | --- | --- | --- |")
    for name in names:
        one = middle(jobs[name])
        print(
            f"| {name} | {one['cpu_ms']:.1f} | {one['per_second']:.1f} "
            f"| {ratio(name, names[0]):.2f} | {ratio(name, names[1]):.2f} |"
        )
    added = ratio(asked, alone) - 1
    word = "within" if added < GOAL else "beyond"
    print(f"\nThe look-up adds {100 * added:.1f} % to the comparison alone: {word} the goal of {100 * GOAL:.0f} %.")


if __name__ == "__main__":
    main()
