#!/usr/bin/env python3
"""An honest client's v2 authentications, first in quiet, then with many hostile connections of every kind at once.

The server is the real binary with default settings, on a data directory of its own. Hostile connections come from several
loopback addresses, are held as long as the server lets them be, and are opened anew when it does not. The honest client
connects anew for every call, so that it must get in each time. Prints a Markdown table; fails where the median under attack is
twice the quiet one or more, or where an answer is not the expected one.

    python3 bench/hostile.py [--connections N] [--calls N] [--binary PATH] [--one-address]
"""

import argparse
import asyncio
import base64
import collections
import hashlib
import hmac
import http.client
import json
import multiprocessing
import os
import pathlib
import statistics
import subprocess
import tempfile
import time
import urllib.parse
import uuid
from datetime import datetime, timezone

from engines import ROOT, models_dir

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"
MIB = 1024 * 1024


def announce(method, path, length, more=""):
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{more}\r\n".encode()


async def quiet(reader, writer, first=b""):
    """Says something, or nothing, and waits to be let go."""
    writer.write(first)
    await writer.drain()
    while await reader.read(65536):
        pass


async def drip(reader, writer, first, piece, every):
    writer.write(first)
    while True:
        writer.write(piece)
        await writer.drain()
        try:
            if not await asyncio.wait_for(reader.read(65536), every):
                return
        except asyncio.TimeoutError:
            pass


async def flood(reader, writer, first, pieces):
    """A large body to a request that is refused."""
    writer.write(first)
    for _ in range(pieces):
        writer.write(b" " * MIB)
        await writer.drain()
        await asyncio.sleep(0.5)
    while await reader.read(65536):
        pass


async def ping(reader, writer):
    """HTTP/2 that pings and asks for nothing."""
    writer.write(PREFACE)
    while True:
        writer.write(b"\0\0\x08\x06\0\0\0\0\0" + b"pingping")
        await writer.drain()
        try:
            if not await asyncio.wait_for(reader.read(65536), 2):
                return
        except asyncio.TimeoutError:
            pass


async def unread(reader, writer):
    """Asks much and takes no answer."""
    while True:
        writer.write(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.2)


def kinds(uploads):
    """Every way of holding a connection: name, whether it goes to the TLS port, what it does."""
    head = b"POST /v1/upload HTTP/1.1\r\nHost: x\r\n"
    known = lambda n: urllib.parse.urlparse(uploads[n % len(uploads)]).path
    return [
        ("silent", False, lambda r, w, n: quiet(r, w)),
        ("half a head", False, lambda r, w, n: quiet(r, w, head)),
        ("dripping head", False, lambda r, w, n: drip(r, w, head, b"X-More: yes\r\n", 2)),
        ("silent TLS", True, lambda r, w, n: quiet(r, w)),
        ("half a TLS handshake", True, lambda r, w, n: quiet(r, w, b"\x16\x03\x01\x02\x00")),
        ("HTTP/2 preface", False, lambda r, w, n: quiet(r, w, PREFACE[:24])),
        ("HTTP/2 pings", False, lambda r, w, n: ping(r, w)),
        ("HTTP/2 half a header block", False, lambda r, w, n: quiet(r, w, PREFACE + b"\0\0\x01\x01\0\0\0\0\x01\x82")),
        ("idle after a request", False, lambda r, w, n: quiet(r, w, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")),
        ("PUT announced, no token", False, lambda r, w, n: quiet(r, w, announce("PUT", f"/v1/package/{n}", 20 * MIB))),
        ("PUT announced, good token", False, lambda r, w, n: quiet(r, w, announce("PUT", known(n), 20 * MIB))),
        ("PUT dripping, good token", False, lambda r, w, n: drip(r, w, announce("PUT", known(n), 20 * MIB), b"PK", 1)),
        ("JSON announced", False, lambda r, w, n: quiet(r, w, announce("POST", "/v1/upload", 200_000))),
        ("JSON nearly whole", False, lambda r, w, n: quiet(r, w, announce("POST", "/v1/upload", 200_000) + b" " * 199_999)),
        ("chunked, never ending", False, lambda r, w, n: drip(
            r, w, b"PUT /v1/package/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 2)),
        ("v2 without headers, large body", False, lambda r, w, n: flood(
            r, w, announce("POST", "/v2/smart-selfie-authentication", 50 * MIB), 10)),
        ("unknown path, body", False, lambda r, w, n: quiet(r, w, announce("POST", "/nowhere", 2048) + b" " * 100)),
        ("answers unread", False, lambda r, w, n: unread(r, w)),
    ]


async def hold(kind, number, ports, addresses, counts):
    name, secure, act = kind
    while True:
        try:
            source = addresses[number % len(addresses)]
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", ports[1 if secure else 0], local_addr=(source, 0)
            )
        except OSError:
            counts["refused"] += 1
            await asyncio.sleep(0.5)
            continue
        counts["opened"] += 1
        counts["open"] += 1
        try:
            await act(reader, writer, number)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            counts["open"] -= 1
            writer.close()
        # Even an attacker has one machine: it shares the cores with the server here.
        await asyncio.sleep(0.5)


def attack(connections, ports, addresses, uploads, report):
    """Runs in a process of its own."""

    async def run():
        counts = collections.Counter()
        every = kinds(uploads)
        tasks = [
            asyncio.create_task(hold(every[n % len(every)], n, ports, addresses, counts)) for n in range(connections)
        ]
        while True:
            await asyncio.sleep(0.5)
            report.put(dict(counts))
            for task in tasks:
                if task.done():
                    task.result()

    os.nice(5)
    asyncio.run(run())


class Honest:
    def __init__(self, port, partner, key):
        self.port, self.partner, self.key = port, partner, key
        self.enrolled, self.selfie = ((models_dir() / name).read_bytes() for name in ("obama.jpg", "obama2.jpg"))

    def signed(self):
        timestamp = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = (timestamp + self.partner + "sid_request").encode()
        return timestamp, base64.b64encode(hmac.new(self.key.encode(), message, hashlib.sha256).digest()).decode()

    def ask(self, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        if response.status != 200:
            raise SystemExit(f"{path}: {response.status} {answer}")
        return answer

    def call(self, name, selfie):
        """One synchronous call with a connection of its own; seconds and result code."""
        boundary = uuid.uuid4().hex
        part = f'--{boundary}\r\nContent-Disposition: form-data; name="'
        body = (
            f'{part}user_id"\r\n\r\nada\r\n{part}selfie_image"; filename="a.jpg"\r\n\r\n'.encode()
            + selfie
            + f"\r\n--{boundary}--\r\n".encode()
        )
        timestamp, signature = self.signed()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "SmileID-Partner-ID": self.partner,
            "SmileID-Timestamp": timestamp,
            "SmileID-Request-Signature": signature,
        }
        began = time.perf_counter()
        answer = self.ask(f"/v2/{name}", body, headers)
        return time.perf_counter() - began, answer["code"]

    def upload_url(self, number):
        timestamp, signature = self.signed()
        body = {
            "smile_client_id": self.partner,
            "timestamp": timestamp,
            "signature": signature,
            "callback_url": "",
            "partner_params": {"user_id": "ada", "job_id": f"held-{number}", "job_type": 2},
        }
        return self.ask("/v1/upload", json.dumps(body), {"Content-Type": "application/json"})["upload_url"]

    def round(self, calls):
        took = []
        for _ in range(calls):
            seconds, code = self.call("smart-selfie-authentication", self.selfie)
            if code != "0820":
                raise SystemExit(f"an authentication came to {code}")
            took.append(1000 * seconds)
            time.sleep(0.05)
        return took


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target" / "release" / "selfsame")
    parser.add_argument("--one-address", action="store_true", help="all from the honest client's own address; without the limit on failed authentications of one address")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        added = subprocess.run(
            [options.binary, "--json", "partner", "--data", data, "add", "--id", "bench"],
            capture_output=True, text=True, check=True,
        )
        key = json.loads(added.stdout)["sandbox_api_key"]
        certificate = ["-keyout", f"{data}/tls.key", "-out", f"{data}/tls.crt", "-subj", "/CN=localhost"]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *certificate], capture_output=True, check=True
        )
        tls = ["--tls-listen", "127.0.0.1:0", "--tls-cert", f"{data}/tls.crt", "--tls-key", f"{data}/tls.key"]
        more = ["--failed-auth-rate", "0"] if options.one_address else []
        with open(f"{data}/server.log", "w") as log:
            server = subprocess.Popen(
                [options.binary, "serve", "--data", data, "--listen", "127.0.0.1:0", *tls, *more],
                stdout=subprocess.PIPE, stderr=log, text=True,
            )
        attacker = None
        try:
            addresses = json.loads(server.stdout.readline())
            ports = [urllib.parse.urlparse(addresses[name]).port for name in ("http", "https")]
            honest = Honest(ports[0], "bench", key)
            if honest.call("smart-selfie-enroll", honest.enrolled)[1] != "0840":
                raise SystemExit("the enrolment failed")
            honest.round(5)
            before = honest.round(options.calls)
            uploads = [honest.upload_url(n) for n in range(50)]
            sources = ["127.0.0.1"] if options.one_address else [f"127.0.0.{n}" for n in range(2, 18)]
            report = multiprocessing.Queue()
            attacker = multiprocessing.Process(
                target=attack, args=(options.connections, ports, sources, uploads, report), daemon=True
            )
            attacker.start()
            deadline, counts = time.time() + 60, {}
            while counts.get("opened", 0) < options.connections:
                if time.time() > deadline:
                    raise SystemExit(f"only {counts} hostile connections came in")
                counts = report.get(timeout=60)
            time.sleep(2)
            during = honest.round(options.calls)
            while not report.empty():
                counts = report.get()
            resident = next(
                int(line.split()[1]) // 1024
                for line in pathlib.Path(f"/proc/{server.pid}/status").read_text().splitlines()
                if line.startswith("VmHWM:")
            )
        finally:
            if attacker:
                attacker.terminate()
                attacker.join()
            server.terminate()
            server.wait()
    at = lambda took, share: sorted(took)[round(share * (len(took) - 1))]
    print(f"{len(kinds(['/x']))} kinds; {counts}; the server's peak memory {resident} MiB\n")
    print("| v2 authentication | median | 95th percentile | longest |\n| --- | --- | --- | --- |")
    for name, took in [("in quiet", before), (f"with {options.connections} hostile connections", during)]:
        print(f"| {name} | {statistics.median(took):.1f} ms | {at(took, 0.95):.1f} ms | {max(took):.1f} ms |")
    ratio = statistics.median(during) / statistics.median(before)
    print(f"\nRatio of the medians: {ratio:.2f}")
    if ratio >= 2:
        raise SystemExit("the honest client waits twice as long or longer")


if __name__ == "__main__":
    main()
