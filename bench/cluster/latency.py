#!/usr/bin/env python3
"""What PostgreSQL and a bucket add to one synchronous (v2) answer, beside SQLite and files, in the same run at low load.

    scripts/services.sh python3 bench/cluster/latency.py --binary target/release/selfsame

Nodes are asked one after the other, one request at a time, in turns: a data directory; one node on PostgreSQL and S3; and a node with
the role api only, whose jobs another node does. The picture is none by default, so that what is timed is the way and not the engine:
request, package, queue, claim, result, answer. Clock times of a busy machine say little by themselves: compare within a run. Prints a
Markdown table.
"""

import argparse
import http.client
import json
import os
import pathlib
import shutil
import statistics
import tempfile
import time
import uuid

from nodes import Database, Installation, Node, Partner

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Asked:
    """A node that answers, and how long it took each time."""

    def __init__(self, name, node, partner):
        self.name, self.node, self.partner, self.took, self.codes = name, node, partner, [], set()

    def ask(self, picture):
        boundary = uuid.uuid4().hex
        fields = f'--{boundary}\r\nContent-Disposition: form-data; name="user_id"\r\n\r\n{uuid.uuid4().hex}\r\n'
        image = f'--{boundary}\r\nContent-Disposition: form-data; name="selfie_image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        body = fields.encode() + image.encode() + picture + f"\r\n--{boundary}--\r\n".encode()
        signed = self.partner.signed()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "SmileID-Partner-ID": self.partner.name,
            "SmileID-Timestamp": signed["timestamp"],
            "SmileID-Request-Signature": signed["signature"],
        }
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.node.port, timeout=60)
        connection.request("POST", "/v2/smart-selfie-enroll", body, headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        self.took.append(1000 * (time.perf_counter() - began))
        connection.close()
        if answer.status != 200 or "job_id" not in told:
            raise SystemExit(f"{self.name} answered {answer.status}: {told}")
        self.codes.add(told.get("code"))


class Bench:
    def __init__(self, options, folder):
        self.folder, self.database, self.nodes, self.asked = folder, Database(), [], []
        self.name = f"latency_{uuid.uuid4().hex[:8]}"
        self.database.command("-c", f'CREATE DATABASE "{self.name}"')
        more = ["--engine", "rten", "--workers", "1", "--load-when-needed"]
        for name in ["files", "shared"]:
            (folder / name).mkdir()
        alone = Installation(options.binary, folder / "files", f"sqlite:{folder / 'files' / 'data'}")
        url = self.database.through(self.database.port, self.name)
        blobs = f"{os.environ['SELFSAME_TEST_S3']}/{self.name}"
        shared = Installation(options.binary, folder / "shared", url, blobs, {"AWS_ALLOW_HTTP": "true"})
        self.add("SQLite and files, one node", alone, self.partner(alone), more)
        partner = self.partner(shared)
        self.add("PostgreSQL and S3, one node that does all", shared, partner, more)
        self.add("the same, asked at a node that leaves jobs to it", shared, partner, [*more, "--roles", "api"])

    def partner(self, installation):
        return Partner("bench", installation.run("partner", "add", "--id", "bench")[0]["sandbox_api_key"])

    def add(self, name, installation, partner, more):
        node = Node(f"node{len(self.nodes) + 1}", installation, options=more)
        self.nodes.append(node)
        node.start()
        node.wait()
        self.asked.append(Asked(name, node, partner))

    def go(self, options):
        picture = options.picture.read_bytes() if options.picture else b"\xff\xd8\xff\xd9"
        for number in range(options.rounds + 5):
            for asked in self.asked:
                asked.ask(picture)
                if number < 5:
                    asked.took.clear()
                time.sleep(options.pause)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {options.rounds} requests each, in turns.\n")
        print("| what | p50 ms | p99 ms | to the first, p50 |\n| --- | --- | --- | --- |")
        first = statistics.median(self.asked[0].took)
        for asked in self.asked:
            middle, worst = statistics.median(asked.took), statistics.quantiles(asked.took, n=100)[98]
            print(f"| {asked.name} | {middle:.1f} | {worst:.1f} | {middle / first:.2f}, {middle - first:+.1f} ms |")
        print(f"\nCodes: {sorted(set().union(*(asked.codes for asked in self.asked)), key=str)}")

    def close(self):
        self.database.leave(self.nodes, self.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=ROOT / "target/release/selfsame", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--pause", type=float, default=0.02, help="seconds between requests")
    parser.add_argument("--picture", type=pathlib.Path, help="a photograph, for the engine to look at")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="selfsame-latency-"))
    bench = Bench(options, folder)
    try:
        bench.go(options)
    finally:
        bench.close()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
