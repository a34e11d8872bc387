#!/usr/bin/env python3
"""What the queue itself can do, beside pgbench's TPC-B on the same server in the same run: jobs a second with nothing to analyse.

    scripts/services.sh python3 bench/cluster/job_queue.py --binary target/release/selfsame

Jobs are uploaded to a node that has the role api only, so that they wait. Then workers start, and the time counts from the first job
that ends to the last: claim, package out of the bucket, result, end, each durably. The picture in each package is none, so that the
engine has nothing to do. Uploads are timed too, but their limit here is the Python that makes them. Prints a Markdown table.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time
import uuid

from nodes import Database, Installation, Node, Partner, ask, package

ROOT = pathlib.Path(__file__).resolve().parents[2]


def ended(node):
    """How many jobs a node has ended, by its metrics."""
    try:
        text = ask("GET", node.operations, "/metrics", timeout=5)[1].decode()
    except OSError:
        return 0
    return sum(int(float(n)) for n in re.findall(r"^selfsame_jobs_total\{[^}]*\} (\S+)$", text, re.M))


class Bench:
    ENGINE = "rten"

    def __init__(self, options, folder):
        self.options, self.folder, self.database = options, folder, Database()
        self.name = f"queue_{uuid.uuid4().hex[:8]}"
        self.database.command("-c", f'CREATE DATABASE "{self.name}"')
        url = self.database.through(self.database.port, self.name)
        blobs = f"{os.environ['SELFSAME_TEST_S3']}/{self.name}"
        self.installation = Installation(options.binary, folder, url, blobs, {"AWS_ALLOW_HTTP": "true"})
        added = self.installation.run("partner", "add", "--id", "bench")[0]
        self.partner = Partner("bench", added["sandbox_api_key"])
        self.package = package(self.picture())
        self.nodes, self.jobs = [], 0
        # By how many nodes work; 0 is pgbench. Milliseconds of processor time each: of the database, and of the nodes.
        self.spent = {0: [], 1: [], 2: []}

    def picture(self):
        """One that decodes to nothing."""
        nothing = self.folder / "nothing.jpg"
        nothing.write_bytes(b"\xff\xd8\xff\xd9")
        return nothing

    def job(self, number):
        """User, job and type of one of the jobs to be ended."""
        return f"u{number}", f"j{number}", 4

    def node(self, roles):
        number = len(self.nodes) + 1
        more = ["--roles", roles, "--max-queued", "100000", "--max-uploads", "100000", "--workers", str(self.options.workers)]
        node = Node(f"node{number}", self.installation, options=[*more, "--engine", self.ENGINE])
        self.nodes.append(node)
        node.start()
        node.wait()
        return node

    def send(self, node, user, job, kind):
        status, prepared = self.partner.prepare(node.port, user, job, kind)
        if status != 200:
            raise SystemExit(f"prepare: {status} {prepared}")
        path = "/" + prepared["upload_url"].split("/", 3)[3]
        status, answer = ask("PUT", node.port, path, self.package, kind="application/zip")
        if status != 200:
            raise SystemExit(f"package: {status} {answer}")

    def upload(self, node, count):
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: self.send(node, *self.job(number)), range(self.jobs, self.jobs + count)))
        self.jobs += count
        return count / (time.monotonic() - began)

    def processor(self, nodes):
        """Seconds of the database, and of the nodes."""
        return self.database.processor(), sum(node.processor() for node in nodes)

    def working(self, count):
        return [self.node("workers") for _ in range(count)]

    def drain(self, workers, count):
        """Jobs a second that so many new nodes end. The first tenth warms up and does not count."""
        nodes = self.working(workers)
        before = now = 0
        began = spent = None
        while True:
            now = sum(ended(node) for node in nodes)
            if began is None and now >= count // 10:
                began, before, spent = time.monotonic(), now, self.processor(nodes)
            if now >= count:
                break
            if any(node.process.poll() is not None for node in nodes):
                raise SystemExit(f"a node ended: {[node.tail() for node in nodes]}")
            time.sleep(0.05)
        took = time.monotonic() - began
        if now == before:
            raise SystemExit(f"{count} jobs ended before they could be timed: give more --jobs")
        self.spent[workers].append([1000 * (after - at) / (now - before) for at, after in zip(spent, self.processor(nodes))])
        for node in nodes:
            node.stop()
        return (now - before) / took

    def pgbench(self):
        database = self.database
        url = database.through(database.port, self.name)
        run = lambda *more: subprocess.run([str(database.bin / "pgbench"), *more, url], capture_output=True, text=True, check=True).stdout
        run("-i", "-q", "-s", "10")
        clients = str(self.options.clients)
        before = self.database.processor()
        told = run("-c", clients, "-j", "2", "-T", str(self.options.seconds))
        done = int(re.search(r"actually processed: (\d+)", told).group(1))
        self.spent[0].append([1000 * (self.database.processor() - before) / done])
        return float(re.search(r"^tps = ([\d.]+)", told, re.M).group(1))

    def go(self):
        api = self.node("api")
        uploads, drains = [], {1: [], 2: []}
        transactions = []
        for round_ in range(self.options.rounds):
            transactions.append(self.pgbench())
            for workers in drains:
                uploads.append(self.upload(api, self.options.jobs))
                drains[workers].append(self.drain(workers, self.options.jobs))
                print(f"round {round_ + 1}: {workers} nodes, {drains[workers][-1]:.0f} jobs/s", flush=True)
        middle = statistics.median
        tps = middle(transactions)
        print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; median of {self.options.rounds} rounds, {self.options.jobs} jobs each.\n")
        cost = {workers: [middle(column) for column in zip(*rounds)] for workers, rounds in self.spent.items()}
        print("| what | a second | to one transaction of TPC-B | PostgreSQL, ms each | nodes, ms each |\n| --- | --- | --- | --- | --- |")
        print(f"| pgbench, TPC-B, scale 10, {self.options.clients} clients | {tps:.0f} | 1 | {cost[0][0]:.2f} | |")
        print(f"| uploads accepted (two requests each; the client's limit) | {middle(uploads):.0f} | {middle(uploads) / tps:.2f} | | |")
        for workers, rates in drains.items():
            name = "one node" if workers == 1 else f"{workers} nodes"
            print(
                f"| jobs ended, {name}, {2 * self.options.workers} in hand each | {middle(rates):.0f} | {middle(rates) / tps:.2f} | "
                f"{cost[workers][0]:.2f} | {cost[workers][1]:.2f} |"
            )

    @classmethod
    def run(cls, options):
        """The whole, in a folder and a database of its own."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="selfsame-queue-"))
        bench = cls(options, folder)
        try:
            bench.go()
        finally:
            bench.database.leave(bench.nodes, bench.name)
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=ROOT / "target/release/selfsame", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--clients", type=int, default=16, help="of pgbench")
    parser.add_argument("--seconds", type=int, default=10, help="of pgbench")
    Bench.run(parser.parse_args())


if __name__ == "__main__":
    main()
