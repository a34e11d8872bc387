#!/usr/bin/env python3
"""Nodes under load, killed, cut off and robbed of what they need: no job may be lost, none may end twice.

    scripts/services.sh python3 bench/cluster/chaos.py --binary target/release/selfsame      # three nodes, PostgreSQL, S3
    python3 bench/cluster/chaos.py --binary target/release/selfsame --sqlite                 # one node, a data directory

While jobs are uploaded through the public API at whichever node answers, events come in random order: a node is killed (SIGKILL) and
started again, PostgreSQL is killed and started again, the bucket refuses all connections for some seconds, a node is cut off from
the database (refused, or silently). Beside the load, one face is enrolled under three users at once, at three nodes, again and again.
Afterwards, all of this must hold, and the exit code says whether it does:

- every job whose package was answered with 200 has ended, with the result that its pictures give
- no job ended twice: status and every callback of it tell one SmileJobID and one code, and the store has it once
- a callback of each arrived, rightly signed, although the receiver refuses some
- of the users with one face, one at most is enrolled each time
- the audit verifies, and every node is ready again

The random numbers are told and may be given again (--seed); the moments are those of the machine.
"""

import argparse
import http.server
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import time
import uuid

from nodes import MODELS, Database, Installation, Node, Partner, Proxy, ask, package

ROOT = pathlib.Path(__file__).resolve().parents[2]
POLICY = 'name = "chaos"\nversion = "1"\n[defaults.duplicates]\nresponse = "refuse"\n'
PASSED, ENROLLED = "0820", "0840"


class Callbacks:
    """A receiver that answers one of five with 500, and keeps what it answered with 200."""

    def __init__(self, partners, dice):
        self.lock, self.received, self.wrong = threading.Lock(), {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = outer.take(partners[self.path.strip("/")], json.loads(body), dice)
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, partner):
        return f"http://127.0.0.1:{self.server.server_port}/{partner}"

    def take(self, partner, result, dice):
        with self.lock:
            if not partner.is_signed(result):
                self.wrong.append(result.get("SmileJobID"))
                return 403
            if dice.random() < 0.2:
                return 500
            job = result["PartnerParams"]["job_id"]
            self.received.setdefault(job, []).append((result["SmileJobID"], result["ResultCode"]))
            return 200


class Run:
    def __init__(self, options, folder):
        self.options, self.folder, self.dice = options, folder, random.Random(options.seed)
        self.stopping = threading.Event()
        self.lock, self.accepted, self.unsure, self.events, self.races = threading.Lock(), {}, 0, {}, []
        self.refusals = {}
        policy = folder / "policy.toml"
        policy.write_text(POLICY)
        more = ["--policy", policy, "--engine", options.engine, "--workers", str(options.workers), "--load-when-needed"]
        if options.sqlite:
            self.database = self.bucket = None
            self.installation = Installation(options.binary, folder, f"sqlite:{folder / 'data'}")
            self.nodes = [Node("node1", self.installation, options=map(str, more))]
        else:
            self.database = Database()
            self.name = f"chaos_{uuid.uuid4().hex[:8]}"
            self.database.command("-c", f'CREATE DATABASE "{self.name}"')
            host, port = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://").split(":")
            self.bucket = Proxy(host, int(port))
            reached = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.bucket.port}", "AWS_ALLOW_HTTP": "true"}
            store = self.database.through(self.database.port, self.name)
            blobs = f"{os.environ['SELFSAME_TEST_S3']}/{self.name}"
            self.installation = Installation(options.binary, folder, store, blobs, reached)
            self.nodes = []
            for number in range(options.nodes):
                way = Proxy(self.database.host, self.database.port)
                own = self.database.through(way.port, self.name)
                self.nodes.append(Node(f"node{number + 1}", self.installation, own, map(str, more), way))
        self.partners = {}
        for name in ["load", "race"]:
            added = self.installation.run("partner", "add", "--id", name)[0]
            self.partners[name] = Partner(name, added["sandbox_api_key"])
        self.callbacks = Callbacks(self.partners, self.dice)
        self.pictures = {name: package(MODELS / f"{name}.jpg") for name in ["obama", "obama2", "obama3", "biden"]}

    def note(self, what):
        with self.lock:
            self.events[what] = self.events.get(what, 0) + 1

    # --- load

    def submit(self, partner, user, job, kind, picture, node=None, **more):
        """True: answered with 200. The upload goes to whichever node answers, as clients behind a proxy do it."""
        whole, deadline = self.pictures[picture], time.monotonic() + self.options.patience
        path = None
        # A race is run to its end.
        while time.monotonic() < deadline and (node or not self.stopping.is_set()):
            at = node or self.dice.choice(self.nodes)
            try:
                if path is None:
                    status, answer = partner.prepare(at.port, user, job, kind, self.callbacks.url(partner.name), retry="true", **more)
                    if status == 200:
                        path = "/" + answer["upload_url"].split("/", 3)[3]
                else:
                    status, answer = ask("PUT", at.port, path, whole, kind="application/zip")
                    if status == 200:
                        return True
                if status != 200:
                    with self.lock:
                        what = f"{status} {answer.get('code') if isinstance(answer, dict) else ''}".strip()
                        self.refusals[what] = self.refusals.get(what, 0) + 1
                    if status < 500 and status not in (409, 429):
                        return False
            except OSError:
                pass
            except Exception as error:
                self.note(f"client: {type(error).__name__}")
            time.sleep(0.05 + 0.2 * self.dice.random())
        return False

    def load(self, number):
        partner, count = self.partners["load"], 0
        while not self.stopping.is_set():
            job = f"load-{number}-{count}"
            count += 1
            if self.dice.random() < 0.5:
                user, kind, picture, code, more = "ada", 2, self.dice.choice(["obama2", "obama3"]), PASSED, {}
            else:
                user, kind, picture, code, more = f"u-{number}-{count}", 4, "biden", ENROLLED, {"sandbox_result": "0"}
            if self.submit(partner, user, job, kind, picture, **more):
                with self.lock:
                    self.accepted[job] = (user, code)
            else:
                with self.lock:
                    self.unsure += 1
            time.sleep(self.options.pause)

    def race(self):
        partner, number = self.partners["race"], 0
        while not self.stopping.is_set():
            users = [f"r{number}-{k}" for k in range(3)]
            number += 1
            sent = {}

            def one(k, user):
                node = self.nodes[k % len(self.nodes)]
                sent[user] = self.submit(partner, user, f"job-{user}", 4, "obama", node=node)

            threads = [threading.Thread(target=one, args=[k, user]) for k, user in enumerate(users)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            ended = {user: self.ended(partner, user, f"job-{user}") for user in users if sent[user]}
            codes = [result["ResultCode"] if result else None for result in ended.values()]
            with self.lock:
                self.races.append(codes)
            for user, result in ended.items():
                if result and result["ResultCode"] == ENROLLED:
                    self.erase(user)
            if len(ended) < len(users):
                # One may have been accepted without our being told, and would be first in the next race.
                return

    def erase(self, user):
        """Erased for good, however long the database is away: the next race is for the same face."""
        while True:
            told = self.installation.run("user", "--partner", "race", "delete", user, check=False)
            if not (told and "error" in told[0]):
                return
            self.note("erasures tried again")
            time.sleep(0.5)

    def ended(self, partner, user, job):
        """The result, once there is one."""
        deadline = time.monotonic() + self.options.patience
        while time.monotonic() < deadline:
            try:
                status, answer = partner.status(self.dice.choice(self.nodes).port, user, job)
                if status == 200 and answer.get("job_complete"):
                    return answer["result"]
            except (OSError, ValueError):
                pass
            except Exception as error:
                self.note(f"client: {type(error).__name__}")
            time.sleep(0.2)
        return None

    # --- events

    def revive(self):
        """Starts again what a start refused with 2, since the database or the bucket was away: a supervisor would. No other end is mended."""
        for node in self.nodes:
            if node.process.poll() == 2:
                self.note("starts refused, tried again")
                node.start()

    def until_ready(self, node):
        deadline = time.monotonic() + self.options.patience
        while not node.is_ready():
            self.revive()
            if time.monotonic() > deadline:
                raise SystemExit(f"{node.name} is not ready after {self.options.patience} s: {node.tail()}")
            if node.process.poll() not in (None, 2):
                raise SystemExit(f"{node.name} ended with {node.process.returncode}: {node.tail()}")
            time.sleep(0.05)

    def happen(self, what):
        dice, pause = self.dice, 1 + 4 * self.dice.random()
        node = dice.choice(self.nodes)
        if what == "kill":
            node.kill()
            time.sleep(dice.random())
            node.start()
            # Sometimes the next event finds it starting.
            if dice.random() < 0.7:
                self.until_ready(node)
        elif what == "database":
            self.database.crash()
            time.sleep(dice.random())
            self.database.start()
        elif what == "bucket":
            self.bucket.set(dice.choice(["refuse", "silent"]))
            time.sleep(pause)
            self.bucket.set("open")
        elif what == "cut":
            node.way.set(dice.choice(["refuse", "silent"]))
            # Longer than a lease, now and then.
            time.sleep(pause if dice.random() < 0.8 else self.options.long_cut)
            node.way.set("open")
        self.note(what)

    def chaos(self):
        options = self.options
        events = ["kill"] * options.kills
        if not options.sqlite:
            events += ["database"] * options.databases + ["bucket"] * options.buckets + ["cut"] * options.cuts
        self.dice.shuffle(events)
        if options.overlap:
            # Whatever a kill is not goes on beside the kills.
            beside = [what for what in events if what != "kill"]
            events = ["kill"] * options.kills
            failed = []

            def others():
                try:
                    for what in beside:
                        self.happen(what)
                        time.sleep(options.between * self.dice.random())
                except BaseException as error:
                    failed.append(error)

            thread = threading.Thread(target=others)
            thread.start()
            self.one_after_another(events)
            thread.join()
            if failed:
                raise failed[0]
        else:
            self.one_after_another(events)

    def one_after_another(self, events):
        for number, what in enumerate(events):
            time.sleep(self.options.between * self.dice.random())
            self.revive()
            self.happen(what)
            if number % 10 == 9:
                print(f"{number + 1} of {len(events)} events, {len(self.accepted)} jobs accepted, {len(self.races)} races", flush=True)

    # --- what must hold

    def check(self):
        wrong = []
        began = time.monotonic()
        for node in self.nodes:
            self.until_ready(node)
        for job, (user, code) in self.accepted.items():
            result = self.ended(self.partners["load"], user, job)
            if result is None:
                wrong.append(f"{job} did not end")
                continue
            if result["ResultCode"] != code:
                wrong.append(f"{job} ended with {result['ResultCode']} ({result.get('ResultText')}), not {code}")
            # The receiver refuses some; tries are seconds, then minutes apart.
            while job not in self.callbacks.received and time.monotonic() < began + self.options.patience:
                time.sleep(0.2)
            seen = self.callbacks.received.get(job)
            if not seen:
                wrong.append(f"no callback of {job} arrived")
            elif set(seen) != {(result["SmileJobID"], result["ResultCode"])}:
                wrong.append(f"{job} ended twice: {result['SmileJobID']} {result['ResultCode']}, callbacks {seen}")
        listed = {}
        for row in self.installation.run("job", "list", "--limit", "1000000"):
            name = row.get("job_id") or row.get("partner_params", {}).get("job_id")
            if name in self.accepted:
                listed[name] = listed.get(name, 0) + 1
        wrong += [f"{job} is on record {n} times" for job, n in listed.items() if n != 1]
        wrong += [f"{job} is not on record" for job in self.accepted if job not in listed]
        if self.callbacks.wrong:
            wrong.append(f"callbacks with a wrong signature: {self.callbacks.wrong[:5]}")
        for codes in self.races:
            if codes.count(ENROLLED) > 1:
                wrong.append(f"one face was enrolled more than once: {codes}")
            if None in codes:
                wrong.append(f"a race's job did not end: {codes}")
            if len(codes) == 3 and ENROLLED not in codes:
                wrong.append(f"of three with one face none was enrolled: {codes}")
        audit = self.installation.run("audit", "verify", check=False)
        if not (audit and audit[0].get("intact")):
            wrong.append(f"the audit is broken: {audit}")
        return wrong

    def size(self):
        """Of the records: how many rows tables have, and bytes of a row in the middle, without indexes."""
        if not self.database:
            return None
        tables = ["jobs", "deliveries", "users", "user_changes", "accepted_images"]
        of = "SELECT '{0}', count(*), coalesce(CAST(avg(pg_column_size(r.*)) AS BIGINT), 0), pg_indexes_size('{0}') FROM {0} r"
        rows = self.database.command("-c", " UNION ALL ".join(of.format(table) for table in tables), database=self.name)
        columns = ["rows", "bytes a row", "bytes of indexes"]
        return {name: dict(zip(columns, map(int, found))) for name, *found in (row.split("|") for row in rows.splitlines())}

    def go(self):
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.wait()
        ada = self.submit(self.partners["load"], "ada", "ada", 4, "obama", node=self.nodes[0])
        first = self.ended(self.partners["load"], "ada", "ada") if ada else None
        if not first or first["ResultCode"] != ENROLLED:
            raise SystemExit(f"the first enrolment did not pass: {first}")
        threads = [threading.Thread(target=self.load, args=[n]) for n in range(self.options.clients)]
        threads.append(threading.Thread(target=self.race))
        for thread in threads:
            thread.start()
        began = time.monotonic()
        try:
            self.chaos()
        finally:
            self.stopping.set()
            for thread in threads:
                thread.join()
        wrong, size = self.check(), self.size()
        repeated = sum(len(seen) > 1 for seen in self.callbacks.received.values())
        told = {
            "seed": self.options.seed,
            "nodes": len(self.nodes),
            "seconds": round(time.monotonic() - began),
            "events": self.events,
            "jobs accepted": len(self.accepted),
            "given up by clients": self.unsure,
            "refusals": self.refusals,
            "callbacks that came more than once": repeated,
            "races": len(self.races),
            "races with one enrolled": sum(codes.count(ENROLLED) == 1 for codes in self.races),
            "database": size,
            "wrong": wrong,
        }
        print(json.dumps(told, indent=1))
        return not wrong and bool(self.accepted)

    def close(self):
        for node in self.nodes:
            if node.process and node.process.poll() is None:
                node.stop()
        if self.database:
            self.database.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=ROOT / "target/release/selfsame", type=pathlib.Path)
    parser.add_argument("--sqlite", action="store_true", help="one node on a data directory")
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--databases", type=int, default=3, help="crashes of PostgreSQL")
    parser.add_argument("--buckets", type=int, default=3, help="failures of the bucket")
    parser.add_argument("--cuts", type=int, default=6, help="nodes cut off from the database")
    parser.add_argument("--long-cut", type=float, default=150, help="seconds of a long cut: longer than a lease")
    parser.add_argument("--between", type=float, default=4, help="most seconds between events")
    parser.add_argument("--overlap", action="store_true", help="let nodes be killed while the database, the bucket or a way is away")
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--pause", type=float, default=0.1, help="seconds between a client's jobs")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--patience", type=float, default=300, help="seconds that a job, and its callback, may take")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--keep", action="store_true", help="keep the nodes' logs where all is well, too")
    options = parser.parse_args()
    if not options.sqlite and "SELFSAME_TEST_POSTGRES" not in os.environ:
        print("left out: nodes that are killed, because there is no PostgreSQL and no S3 (scripts/services.sh says why)")
        return
    folder = pathlib.Path(tempfile.mkdtemp(prefix="selfsame-chaos-"))
    run, well = None, False
    try:
        run = Run(options, folder)
        well = run.go()
    finally:
        if run:
            run.close()
        if well and not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"the nodes' logs are in {folder}", file=sys.stderr)
    sys.exit(not well)


if __name__ == "__main__":
    main()
