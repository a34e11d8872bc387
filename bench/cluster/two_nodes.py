#!/usr/bin/env python3
"""What two nodes do against one, with the real engine: authentications a second, on PostgreSQL and S3.

    scripts/services.sh python3 bench/cluster/two_nodes.py --binary target/release/selfsame

Authentications by one photograph are uploaded to a node that has the role api only, so that they wait. Then one node, or two, end them:
each has one worker and a core to itself. PostgreSQL, the bucket and this process need a core too, and on a machine with two cores
there is none left for them, so the same is measured in two ways:

- beside: they run where there is room. One node leaves them the other core, and two nodes share theirs with them
- among: they have the cores of the nodes and no other, as if each node were a machine of one core, and all else stood on these machines

The second is two machines against one. Prints a Markdown table, with the processor time of each job, which says where the rest went.
"""

import argparse
import os
import pathlib
import statistics
import time

import job_queue
from nodes import MODELS, times

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENROLLED = "0840"


def move(pid, cores):
    """A process, with its threads."""
    try:
        for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)
    except OSError:
        # It has ended.
        pass


def family(ancestor):
    """A process and all that descend from it."""
    children = {}
    for process in pathlib.Path("/proc").iterdir():
        try:
            if process.name.isdigit():
                children.setdefault(times(process.name)[0], []).append(int(process.name))
        except OSError:
            pass
    found = [ancestor]
    for pid in found:
        found += children.get(pid, [])
    return found


class Bench(job_queue.Bench):
    ENGINE = "auto"

    def __init__(self, options, folder):
        self.all = os.sched_getaffinity(0)
        self.cores, self.among = sorted(self.all)[-2:], False
        if len(self.cores) < 2:
            raise SystemExit("two nodes want two cores")
        super().__init__(options, folder)

    def picture(self):
        return self.options.picture

    def job(self, number):
        return "ada", f"j{number}", 2

    def enrol(self):
        """Enrols the person whom all jobs are about, at a node that leaves again."""
        node = self.node("api,workers")
        self.send(node, "ada", "enrolment", 4)
        deadline = time.monotonic() + 60
        while not (told := self.partner.status(node.port, "ada", "enrolment")[1]).get("job_complete"):
            if time.monotonic() > deadline:
                raise SystemExit("the enrolment did not end within a minute")
            time.sleep(0.1)
        if told["result"]["ResultCode"] != ENROLLED:
            raise SystemExit(f"the photograph was not enrolled: {told['result']['ResultText']}")
        node.stop()

    def working(self, count):
        cores, nodes = self.cores[:count], super().working(count)
        # scripts/services.sh began the servers and this process.
        for pid in family(os.getppid()):
            move(pid, cores if self.among else self.all)
        for node, core in zip(nodes, cores):
            move(node.process.pid, {core})
        return nodes

    def go(self):
        self.enrol()
        api, ways = self.node("api"), {"beside": False, "among": True}
        rates = {(way, count): [] for way in ways for count in (1, 2)}
        spent = {key: [] for key in rates}
        for number in range(self.options.rounds):
            for (way, count), found in rates.items():
                self.among = ways[way]
                self.upload(api, self.options.jobs)
                found.append(self.drain(count, self.options.jobs))
                spent[way, count].append(self.spent[count][-1])
                print(f"round {number + 1}, {way}: {count} nodes, {found[-1]:.1f} jobs/s", flush=True)
        self.tell(rates, spent)

    def tell(self, rates, spent):
        middle = statistics.median
        print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; median of {self.options.rounds} rounds, {self.options.jobs} jobs each.\n")
        print("| the rest runs | nodes | jobs a second | to one node | PostgreSQL, ms each | nodes, ms each |\n| --- | --- | --- | --- | --- | --- |")
        for (way, count), found in rates.items():
            database, nodes = (middle(column) for column in zip(*spent[way, count]))
            ratio = middle(two / one for one, two in zip(rates[way, 1], found))
            print(f"| {way} | {count} | {middle(found):.1f} | {ratio:.2f} | {database:.2f} | {nodes:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=ROOT / "target/release/selfsame", type=pathlib.Path)
    parser.add_argument("--picture", default=MODELS / "obama.jpg", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    options.workers = 1
    Bench.run(options)


if __name__ == "__main__":
    main()
