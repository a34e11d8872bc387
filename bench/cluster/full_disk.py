#!/usr/bin/env python3
"""A disk that fills up under load: what clients are told, that nothing accepted is lost, and that all goes on once there is room.

    python3 bench/cluster/full_disk.py --binary target/release/selfsame --sqlite           # the data directory's disk
    scripts/services.sh python3 bench/cluster/full_disk.py --binary target/release/selfsame   # PostgreSQL's disk; packages in S3

The disk is a small tmpfs (so this needs root). While clients upload jobs, a file takes all room that is left, for some seconds; then it
is removed; so several times. PostgreSQL that ended meanwhile is started again, as its supervisor would. Afterwards all of this must hold:

- while the disk was full, something was refused, with 500 or 503 and the wire's error, and nothing with another status
- every job whose package was answered with 200 has ended, with the result that its pictures give, and a callback of each arrived
- the node lives, is ready, and takes jobs again; the audit verifies
"""

import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from chaos import ENROLLED, Callbacks
from nodes import MODELS, Database, Installation, Node, Partner, ask, free_port, package

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Disk:
    """A file system of so many MiB."""

    def __init__(self, at, mib, owner=None):
        self.at, self.ballast = at, at / "ballast"
        at.mkdir()
        options = f"size={mib}m,mode=700" + (f",uid={owner},gid={owner}" if owner else "")
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(at)], check=True)

    def fill(self):
        """Takes all room that is left, and again what is given free meanwhile."""
        with open(self.ballast, "ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                pass

    def free(self):
        self.ballast.unlink(missing_ok=True)

    def close(self):
        subprocess.run(["umount", "--lazy", str(self.at)], check=True)


class SmallDatabase(Database):
    """A PostgreSQL of its own on a small disk, made with the programs of scripts/services.sh."""

    def __init__(self, disk, owner):
        program = pathlib.Path(os.environ["SELFSAME_TEST_POSTGRES_BIN"])
        data = disk.at / "data"
        lower = ["setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups"]
        initdb = [*lower, str(program / "initdb"), "-D", str(data), "-U", "selfsame", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        subprocess.run([*initdb, "--no-sync", "--wal-segsize=1"], check=True, capture_output=True, cwd=disk.at)
        port = free_port()
        with open(data / "postgresql.auto.conf", "a") as conf:
            conf.write(f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\nmax_connections = 100\n")
            conf.write("shared_buffers = 32MB\nmin_wal_size = 2MB\nmax_wal_size = 8MB\n")
        os.environ["SELFSAME_TEST_POSTGRES"] = f"postgres://selfsame@127.0.0.1:{port}/postgres"
        os.environ["SELFSAME_TEST_POSTGRES_DATA"] = str(data)
        super().__init__()
        self.start()

    def keep_alive(self):
        """What a supervisor does. Says whether it had ended."""
        if self.process.poll() is None:
            return False
        self.start()
        return True


class Run:
    def __init__(self, options, folder):
        self.options, self.folder, self.dice = options, folder, random.Random(1)
        self.lock, self.stopping = threading.Lock(), threading.Event()
        self.accepted, self.told, self.full = {}, collections.Counter(), False
        self.examples, self.restarts = {}, 0
        owner = 65534 if not options.sqlite else None
        self.disk = Disk(folder / "disk", options.mib, owner)
        more = ["--engine", options.engine, "--workers", "1", "--load-when-needed"]
        if options.sqlite:
            self.database = None
            self.installation = Installation(options.binary, folder, f"sqlite:{self.disk.at / 'data'}")
        else:
            self.database = SmallDatabase(self.disk, owner)
            blobs = f"{os.environ['SELFSAME_TEST_S3']}/full-{os.getpid()}"
            self.installation = Installation(options.binary, folder, self.database.url, blobs, {"AWS_ALLOW_HTTP": "true"})
        added = self.installation.run("partner", "add", "--id", "full")[0]
        self.partner = Partner("full", added["sandbox_api_key"])
        self.callbacks = Callbacks({"full": self.partner}, self.dice)
        self.package = package(MODELS / "biden.jpg")
        self.node = Node("node1", self.installation, options=more)

    def note(self, status, answer):
        key = ("full " if self.full else "") + str(status)
        with self.lock:
            self.told[key] += 1
            self.examples.setdefault(key, answer)

    def one(self, user):
        """One job, tried once: what is answered counts."""
        job, path = f"job-{user}", None
        prepared = {"callback": self.callbacks.url("full"), "sandbox_result": "0"}
        try:
            status, answer = self.partner.prepare(self.node.port, user, job, 4, **prepared)
            if status == 200:
                path = "/" + answer["upload_url"].split("/", 3)[3]
                status, answer = ask("PUT", self.node.port, path, self.package, kind="application/zip")
                if status == 200:
                    with self.lock:
                        self.accepted[job] = user
            self.note(status, answer)
        except Exception as error:
            self.note(type(error).__name__, str(error))

    def load(self, number):
        count = 0
        while not self.stopping.is_set():
            count += 1
            self.one(f"u-{number}-{count}")
            time.sleep(self.options.pause)

    def ended(self, user, job):
        deadline = time.monotonic() + self.options.patience
        while time.monotonic() < deadline:
            try:
                status, answer = self.partner.status(self.node.port, user, job)
                if status == 200 and answer.get("job_complete"):
                    return answer["result"]
            except (OSError, ValueError):
                pass
            time.sleep(0.2)
        return None

    def until_ready(self):
        deadline = time.monotonic() + self.options.patience
        while not self.node.is_ready():
            if self.database and self.database.keep_alive():
                self.restarts += 1
            if self.node.process.poll() is not None:
                return f"the node ended: {self.node.tail()}"
            if time.monotonic() > deadline:
                return f"the node is not ready again: {ask('GET', self.node.operations, '/ready')}"
            time.sleep(0.2)
        return None

    def fill_and_free(self):
        """Gives what was wrong, and what /ready said while the disk was full."""
        said = None
        self.disk.fill()
        self.full = True
        deadline = time.monotonic() + self.options.seconds
        while time.monotonic() < deadline:
            time.sleep(0.5)
            self.disk.fill()
            try:
                answer = ask("GET", self.node.operations, "/ready", timeout=3)
                said = answer if answer[0] != 200 else said
            except OSError as error:
                said = ("no answer", str(error))
        self.full = False
        self.disk.free()
        return self.until_ready(), said

    def go(self):
        wrong, ready = [], []
        self.node.start()
        self.node.wait()
        threads = [threading.Thread(target=self.load, args=[n]) for n in range(self.options.clients)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(self.options.times):
                time.sleep(self.options.seconds / 2)
                fault, said = self.fill_and_free()
                ready.append(said)
                if fault:
                    wrong.append(fault)
                    break
            time.sleep(self.options.seconds / 2)
        finally:
            self.stopping.set()
            for thread in threads:
                thread.join()
        if not wrong:
            wrong = self.check()
        told = {
            "back end": "sqlite" if self.options.sqlite else "postgres",
            "times full": self.options.times,
            "PostgreSQL started again": self.restarts,
            "jobs accepted": len(self.accepted),
            "answers": dict(self.told),
            "examples": {key: value for key, value in self.examples.items() if "200" not in key},
            "ready while full": ready,
            "wrong": wrong,
        }
        print(json.dumps(told, indent=1, default=str))
        return not wrong

    def check(self):
        wrong, began = [], time.monotonic()
        refused = {key: n for key, n in self.told.items() if key.startswith("full ") and key != "full 200"}
        if not refused:
            wrong.append("nothing was refused: the disk was not full")
        wrong += [f"{n} answers of {key}" for key, n in refused.items() if key not in ("full 500", "full 503")]
        for key in refused:
            if not (isinstance(self.examples[key], dict) and {"error", "code"} <= self.examples[key].keys()):
                wrong.append(f"{key} tells no error: {self.examples[key]}")
        for job, user in self.accepted.items():
            result = self.ended(user, job)
            if not result or result["ResultCode"] != ENROLLED:
                wrong.append(f"{job} came to {result and (result['ResultCode'], result.get('ResultText'))}")
                continue
            while job not in self.callbacks.received and time.monotonic() < began + self.options.patience:
                time.sleep(0.2)
            if set(self.callbacks.received.get(job, [])) != {(result["SmileJobID"], ENROLLED)}:
                wrong.append(f"callbacks of {job}: {self.callbacks.received.get(job)}")
        before = len(self.accepted)
        self.one("afterwards")
        if len(self.accepted) == before or not self.ended("afterwards", "job-afterwards"):
            wrong.append("no job is taken afterwards")
        audit = self.installation.run("audit", "verify", check=False)
        if not (audit and audit[0].get("intact")):
            wrong.append(f"the audit is broken: {audit}")
        return wrong

    def close(self):
        if self.node.process and self.node.process.poll() is None:
            self.node.stop()
        if self.database:
            self.database.stop()
        self.disk.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=ROOT / "target/release/selfsame", type=pathlib.Path)
    parser.add_argument("--sqlite", action="store_true", help="one node on a data directory")
    parser.add_argument("--mib", type=int, default=160, help="size of the disk")
    parser.add_argument("--times", type=int, default=3, help="how often it fills up")
    parser.add_argument("--seconds", type=float, default=12, help="for how long")
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between a client's jobs")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--patience", type=float, default=300, help="seconds that a job, and its callback, may take")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("left out: a disk that fills up, because only root may mount one")
        return
    if not options.sqlite and "SELFSAME_TEST_POSTGRES_BIN" not in os.environ:
        print("left out: PostgreSQL's disk, because there is no PostgreSQL (scripts/services.sh says why)")
        return
    folder = pathlib.Path(tempfile.mkdtemp(prefix="selfsame-full-"))
    folder.chmod(0o755)
    run, well = None, False
    try:
        run = Run(options, folder)
        well = run.go()
    finally:
        if run:
            run.close()
        if well:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"the node's log is in {folder}", file=sys.stderr)
    sys.exit(not well)


if __name__ == "__main__":
    main()
