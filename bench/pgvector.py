#!/usr/bin/env python3
"""1:N search in PostgreSQL by pgvector, against exact search in memory: recall, p50, p99, memory, time to build.

The templates are synthetic: a mixture of groups with unequal axes, of which strangers score as high as strangers' photographs do
(2 of 100,000 pairs at 0.45 and more, as on LFW). Real templates cannot be published. The probes are planted at a cosine of 0.45
to 0.75 to somebody enrolled, as another photograph of the same person is. What is asked is what an enrolment asks: who scores
at least 0.45, the ten best. "Found" counts those of all (stranger or same person) that comparing in f32 finds. The statements ask
for 0.447, since halves are rounded: who asks compares what comes back in f32.

One partitioned table, a partition for each partner: 10,000 templates, 100,000 and a million by default. All cores build indexes.

    python3 bench/pgvector.py [--rows N ...] [--probes N] [--quick] [--exact PATH of the example one_to_many] [--json FILE]
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import time

from postgres import Postgres, in_own_environment

in_own_environment()

import numpy
import psycopg

LENGTH, WIDE = 128, 512
THRESHOLD, MOST = 0.45, 10
COSINES = [0.45, 0.5, 0.6, 0.75]
HEAD, TAIL = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
CORES = len(os.sched_getaffinity(0))
BUILDERS = max(2, CORES - 2)
SETTINGS = {
    "shared_buffers": "3GB",
    "maintenance_work_mem": "2GB",
    "work_mem": "64MB",
    "max_worker_processes": 2 * BUILDERS,
    "max_parallel_workers": BUILDERS,
    "max_parallel_maintenance_workers": BUILDERS,
    "max_parallel_workers_per_gather": 0,
    "jit": "off",
    "autovacuum": "off",
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": 0,
    # What builds an index in parallel shares it there: in a container there may be room for little.
    "dynamic_shared_memory_type": "posix" if shutil.disk_usage("/dev/shm").free > 3e9 else "mmap",
}


def unit(rows):
    return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)


class People:
    """Groups of people whose templates lie near to one another, along axes of unequal length."""

    def __init__(self, seed=20):
        self.random = numpy.random.default_rng(seed)
        axes, _ = numpy.linalg.qr(self.random.normal(size=(LENGTH, LENGTH)))
        lengths = (1 + numpy.arange(LENGTH)) ** -0.25
        self.shape = (axes * lengths).astype(numpy.float32)
        self.centres = 0.35 * self.normal(64)
        self.weights = self.random.dirichlet(numpy.ones(64))

    def normal(self, count):
        return self.random.normal(size=(count, LENGTH)).astype(numpy.float32) @ self.shape.T

    def draw(self, count):
        group = self.random.choice(len(self.centres), size=count, p=self.weights)
        return unit(self.normal(count) + self.centres[group]).astype(numpy.float32)

    def near(self, of, cosines):
        noise = self.draw(len(of))
        across = unit(noise - (noise * of).sum(axis=1, keepdims=True) * of)
        cosines = numpy.asarray(cosines, dtype=numpy.float32)[:, None]
        return (cosines * of + numpy.sqrt(1 - cosines**2) * across).astype(numpy.float32)


def strangers(people, pairs=20_000_000):
    """How many of a hundred thousand pairs of strangers score the threshold."""
    step, above, done = 4000, 0, 0
    while done < pairs:
        scores = people.draw(step) @ people.draw(step).T
        above += int((scores >= THRESHOLD).sum())
        done += step * step
    return above / done * 1e5


def copy_rows(partner, first, templates, wide):
    """Rows in COPY's binary form: (partner, id, template halfvec, sign bit, wide bit)."""
    kind = numpy.dtype(
        [("fields", ">i2")]
        + [("l0", ">i4"), ("partner", ">i4")]
        + [("l1", ">i4"), ("id", ">i4")]
        + [("l2", ">i4"), ("dim", ">i2"), ("unused", ">i2"), ("values", ">f2", LENGTH)]
        + [("l3", ">i4"), ("bits", ">i4"), ("sign", "u1", LENGTH // 8)]
        + [("l4", ">i4"), ("wide_bits", ">i4"), ("wide", "u1", WIDE // 8)]
    )
    rows = numpy.zeros(len(templates), kind)
    rows["fields"] = 5
    rows["l0"] = rows["l1"] = 4
    rows["partner"] = partner
    rows["id"] = first + numpy.arange(len(templates))
    rows["l2"], rows["dim"], rows["values"] = 4 + 2 * LENGTH, LENGTH, templates
    rows["l3"], rows["bits"], rows["sign"] = 4 + LENGTH // 8, LENGTH, numpy.packbits(templates > 0, axis=1)
    rows["l4"], rows["wide_bits"] = 4 + WIDE // 8, WIDE
    rows["wide"] = numpy.packbits(templates @ wide.T > 0, axis=1)
    return rows.tobytes()


class Exact:
    """What comparing with all in f32 finds, and how long numpy takes for it on one thread."""

    def __init__(self, templates):
        self.templates = templates

    def find(self, probe):
        scores = self.templates @ probe
        above = numpy.flatnonzero(scores >= THRESHOLD)
        return above[numpy.argsort(-scores[above])][:MOST].tolist()


def text(probe):
    return "[" + ",".join(f"{v:.6g}" for v in probe) + "]"


def bits(values):
    return "".join("1" if v else "0" for v in values > 0)


class Table:
    def __init__(self, server):
        self.db = psycopg.connect(server.url(), autocommit=True)
        self.db.prepare_threshold = 0
        self.run("CREATE EXTENSION vector")
        self.run(
            "CREATE TABLE templates (partner int NOT NULL, id int NOT NULL, template halfvec(128) NOT NULL, "
            "sign bit(128) NOT NULL, wide bit(512) NOT NULL) PARTITION BY LIST (partner)"
        )
        self.run("CREATE TABLE codes (partner int NOT NULL, id int NOT NULL, wide bit(512) NOT NULL) PARTITION BY LIST (partner)")

    def run(self, statement, *values):
        return self.db.execute(statement, values or None)

    def one(self, statement, *values):
        return self.run(statement, *values).fetchone()[0]

    def fill(self, partner, templates, wide):
        for table in ["templates", "codes"]:
            self.run(f"CREATE TABLE {table}_{partner} PARTITION OF {table} FOR VALUES IN ({partner})")
        began = time.perf_counter()
        with self.db.cursor().copy("COPY templates FROM STDIN (FORMAT binary)") as copy:
            copy.write(HEAD)
            for first in range(0, len(templates), 50_000):
                copy.write(copy_rows(partner, first, templates[first : first + 50_000], wide))
            copy.write(TAIL)
        took = time.perf_counter() - began
        self.run(f"ALTER TABLE templates_{partner} ADD PRIMARY KEY (id)")
        self.run(f"INSERT INTO codes SELECT partner, id, wide FROM templates WHERE partner = {partner}")
        self.run(f"VACUUM ANALYZE templates_{partner}")
        self.run(f"VACUUM ANALYZE codes_{partner}")
        return took

    def cpu_ms(self):
        """Of the process that serves this connection; parallel workers are others. Other processes hardly disturb it."""
        fields = pathlib.Path(f"/proc/{self.db.info.backend_pid}/stat").read_text().rsplit(")", 1)[1].split()
        return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def bytes(self, name):
        return self.one("SELECT pg_relation_size(%s::regclass)", name)


def measure(table, statement, probes, exact, forms):
    """Milliseconds of each probe, processor time of the server's process, and how much of what exact comparison finds is found."""
    before = table.cpu_ms()
    with table.db.cursor() as cursor:
        for form in forms[:3]:
            cursor.execute(statement, form, prepare=True)
        times, found, wanted, best, owners = [], 0, 0, 0, 0
        for probe, form, truth in zip(probes, forms, exact):
            began = time.perf_counter()
            cursor.execute(statement, form, prepare=True)
            hits = [row[0] for row in cursor.fetchall()]
            times.append(1000 * (time.perf_counter() - began))
            found += len(set(hits) & set(truth))
            wanted += len(truth)
            if truth:
                owners += 1
                best += truth[0] in hits
    times.sort()
    at = lambda p: times[min(len(times) - 1, len(times) * p // 100)]
    cpu = (table.cpu_ms() - before) / (len(probes) + 3)
    return {"cpu": cpu, "p50": at(50), "p99": at(99), "found": found / wanted, "best": best / owners}


TOLD = []


def row(count, name, one, built="", size=""):
    TOLD.append({"templates": count, "search": name, **one, "built in s": built, "index bytes a template": size})
    print(
        f"| {name} | {100 * one['found']:.1f} % | {100 * one['best']:.1f} % | {one['cpu']:.1f} | {one['p50']:.1f} | {one['p99']:.1f} | {built} | {size} |",
        flush=True,
    )


ORDER = "ORDER BY template <#> %(t)s::halfvec LIMIT 10"
WHOLE = f"SELECT id FROM (SELECT id, template <#> %(t)s::halfvec AS d FROM templates WHERE partner = {{p}} {ORDER}) WHERE d <= -0.447"
FILTER = (
    "SELECT id FROM templates WHERE partner = {p} AND template <#> %(t)s::halfvec <= -0.447 " + ORDER
)
# As `--gallery pgvector` asks it: the best of each user, twice as many as count.
SERVED = (
    "SELECT id, max(-(template <#> %(t)s::halfvec)) AS score FROM templates_{p} WHERE id <> -1 AND template <#> %(t)s::halfvec <= -0.447 "
    "GROUP BY id ORDER BY score DESC, id LIMIT 20"
)
COSINE = (
    "SELECT id FROM templates WHERE partner = {p} AND template <=> %(t)s::halfvec <= 0.553 "
    "ORDER BY template <=> %(t)s::halfvec LIMIT 10"
)
# Few by their bits, then in full.
RERANK = (
    "SELECT id FROM (SELECT id, template FROM templates WHERE partner = {p} ORDER BY {column} <~> %({form})s LIMIT {first}) "
    "WHERE template <#> %(t)s::halfvec <= -0.447 " + ORDER
)
# The same over a narrow table: what a scan reads is 64 bytes of bits a template, not the template.
NARROW = (
    "SELECT t.id FROM (SELECT id FROM codes WHERE partner = {p} AND wide <~> %(w)s <= {most}) c JOIN templates_{p} t USING (id) "
    "WHERE template <#> %(t)s::halfvec <= -0.447 " + ORDER
)


def partition(table, partner, templates, people, options, wide):
    probes = people.near(
        templates[people.random.choice(len(templates), options.probes, replace=False)],
        [COSINES[n % len(COSINES)] for n in range(options.probes)],
    )
    exact = Exact(templates)
    began = time.process_time()
    truth = [exact.find(probe) for probe in probes]
    numpy_ms = 1000 * (time.process_time() - began) / len(probes)
    forms = [
        {"t": text(p), "s": bits(p), "w": bits(w)} for p, w in zip(probes, probes @ wide.T)
    ]
    count = len(templates)
    heap = table.bytes(f"templates_{partner}") / count
    print(f"\n**{count:,} templates** ({options.probes} probes; a row takes {heap:.0f} bytes with its bits, numpy in f32 takes {numpy_ms:.1f} ms of CPU)\n")
    print("| search | found | nearest found | CPU ms | p50 ms | p99 ms | built in s | index, bytes a template |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)

    def try_out(name, statement, built="", size="", probes_too=None, **settings):
        few = probes_too or len(probes)
        for key, value in settings.items():
            table.run(f"SET {key} = {value}")
        # Else a plan of before goes on, made without these settings.
        table.run("DISCARD PLANS")
        one = measure(table, statement.format(p=partner), probes[:few], truth[:few], forms[:few])
        for key in settings:
            table.run(f"RESET {key}")
        row(count, name, one, built, size)

    some = options.probes if count <= 100_000 else min(60, options.probes)
    try_out("exact, cosine `<=>` and a threshold", COSINE, probes_too=some)
    try_out("exact, inner product `<#>`, the ten best of all", WHOLE, probes_too=some)
    try_out("exact, inner product and a threshold", FILTER, probes_too=some)
    parallel = {"max_parallel_workers_per_gather": 2, "parallel_setup_cost": 0, "parallel_tuple_cost": 0, "min_parallel_table_scan_size": 0}
    try_out("the same, two parallel workers", FILTER, probes_too=some, **parallel)
    try_out("as `--gallery pgvector` asks", SERVED, probes_too=some)
    try_out("the same, two parallel workers", SERVED, probes_too=some, **parallel)
    if BUILDERS > 4:
        parallel["max_parallel_workers_per_gather"] = 8
        table.run(f"ALTER TABLE templates_{partner} SET (parallel_workers = 8)")
        try_out("the same, eight parallel workers", SERVED, probes_too=some, **parallel)
        table.run(f"ALTER TABLE templates_{partner} RESET (parallel_workers)")
    codes = table.bytes(f"codes_{partner}") / count
    for most in [200, 220]:
        try_out(f"512 sign bits scanned, at most {most} differ, then in full", NARROW.format(p="{p}", most=most), size=f"{codes:.0f}", probes_too=some)

    def index(kind, column, operators, m, construction):
        name = f"i_{partner}"
        table.run(f"DROP INDEX IF EXISTS {name}")
        began = time.perf_counter()
        # The planner gives a small table few workers, whatever is allowed.
        table.run(f"ALTER TABLE templates_{partner} SET (parallel_workers = {BUILDERS})")
        table.run(f"CREATE INDEX {name} ON templates_{partner} USING hnsw ({column} {operators}) WITH (m = {m}, ef_construction = {construction})")
        table.run(f"ALTER TABLE templates_{partner} RESET (parallel_workers)")
        took = f"{time.perf_counter() - began:.0f}"
        size = f"{table.bytes(name) / count:.0f}"
        return f"{kind}, m {m}, built with {construction}", took, size

    settings = [(16, 64)] if count > 100_000 or options.quick else [(16, 64), (24, 128)]
    if "halfvec" not in options.indexes:
        settings = []
    for m, construction in settings:
        name, took, size = index("HNSW halfvec", "template", "halfvec_ip_ops", m, construction)
        for search in [40, 100, 400]:
            try_out(f"{name}, ef {search}", WHOLE, took, size, enable_seqscan="off", **{"hnsw.ef_search": search})
    for column, form, operators in [("sign", "s", "bit_hamming_ops"), ("wide", "w", "bit_hamming_ops")]:
        if column not in options.indexes:
            continue
        name, took, size = index(f"HNSW of {LENGTH if column == 'sign' else WIDE} sign bits", column, operators, 16, 64)
        for first in [200, 800]:
            statement = RERANK.format(p="{p}", column=column, form=form, first=first)
            try_out(f"{name}, the first {first} in full", statement, took, size, enable_seqscan="off", **{"hnsw.ef_search": first})
    table.run(f"DROP INDEX IF EXISTS i_{partner}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--probes", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="one setting of the index")
    parser.add_argument("--indexes", nargs="*", default=["halfvec", "sign", "wide"], help="halfvec, sign (128 bits), wide (512)")
    parser.add_argument("--exact", help="the built example one_to_many of selfsame-search")
    parser.add_argument("--json", type=pathlib.Path, help="a file that all figures go to as well")
    options = parser.parse_args()
    people = People()
    print(f"{CORES} cores, load {os.getloadavg()[0]:.1f} at the start. Strangers at {THRESHOLD}: {strangers(people):.1f} of 100,000 pairs.")
    wide = people.random.normal(size=(WIDE, LENGTH)).astype(numpy.float32)
    with Postgres(SETTINGS) as server:
        table = Table(server)
        version = table.one("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        print(f"PostgreSQL {table.one('SHOW server_version')}, pgvector {version}.")
        for partner, count in enumerate(options.rows):
            templates = people.draw(count)
            table.fill(partner, templates, wide)
            if options.exact:
                done = subprocess.run([options.exact, str(count), "100", "2"], capture_output=True, text=True, check=True)
                TOLD.append({"templates": count, "in memory": done.stdout})
                print(f"\nExact search in memory (selfsame-search), in the same run:\n\n{done.stdout.split('Threshold')[0]}")
            partition(table, partner, templates, people, options, wide)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"\nload {os.getloadavg()[0]:.1f} at the end; {spent.ru_utime + spent.ru_stime:.0f} s of CPU in PostgreSQL.")
    if options.json:
        options.json.write_text(json.dumps({"cores": CORES, "settings": SETTINGS, "figures": TOLD}, indent=1))


if __name__ == "__main__":
    main()
