#!/usr/bin/env python3
"""A backup and a restore, as docs/operate.md tells them, tried: database and bucket are lost, and come back.

    scripts/services.sh python3 bench/cluster/restore.py --binary target/release/selfsame

One person is enrolled and authenticates; the database is dumped, then the bucket copied (rclone); more happens; all is lost. What was
dumped and copied is put back, and then the audit must verify against the head that was kept, the person must authenticate, the old
result must be told, and the photo on file must come out of the bucket.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import uuid

from nodes import MODELS, Database, Installation, Node, Partner, ask, package

ROOT = pathlib.Path(__file__).resolve().parents[2]


def rclone(*arguments):
    """rclone on the bucket of scripts/services.sh, named `bucket:`."""
    environment = {
        **os.environ,
        "RCLONE_CONFIG": "/dev/null",
        "RCLONE_CONFIG_BUCKET_TYPE": "s3",
        "RCLONE_CONFIG_BUCKET_PROVIDER": "Other",
        "RCLONE_CONFIG_BUCKET_ENV_AUTH": "true",
        "RCLONE_CONFIG_BUCKET_ENDPOINT": os.environ["AWS_ENDPOINT_URL"],
    }
    # rclone 1.60 fails on it; the bucket is on this machine.
    environment.pop("AWS_CA_BUNDLE", None)
    done = subprocess.run(["rclone", *map(str, arguments)], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"rclone {arguments[0]} failed: {done.stderr}")
    return done.stdout


def expect(what, is_so, more=""):
    print(f"{'ok  ' if is_so else 'NOT '} {what}{'' if is_so else f': {more}'}", flush=True)
    return is_so


class Story:
    def __init__(self, binary, folder):
        self.database, self.folder = Database(), folder
        self.name = f"restore_{uuid.uuid4().hex[:8]}"
        self.blobs = f"{os.environ['SELFSAME_TEST_S3']}/{self.name}"
        self.url = self.database.through(self.database.port, self.name)
        self.installation = Installation(binary, folder, self.url, self.blobs, {"AWS_ALLOW_HTTP": "true"})
        self.pictures = {name: package(MODELS / f"{name}.jpg") for name in ["obama", "obama2", "obama3", "biden"]}
        self.node = self.partner = None

    def bucket(self):
        return "bucket:" + self.blobs.removeprefix("s3://")

    def tool(self, program, *arguments):
        done = subprocess.run([str(self.database.bin / program), *map(str, arguments)], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{program} failed: {done.stderr}")

    def start(self):
        self.node = Node("node1", self.installation, options=["--workers", "1"])
        self.node.start()
        self.node.wait()

    def job(self, user, job, kind, picture):
        status, prepared = self.partner.prepare(self.node.port, user, job, kind)
        if status != 200:
            raise SystemExit(f"prepare: {status} {prepared}")
        status, answer = ask("PUT", self.node.port, "/" + prepared["upload_url"].split("/", 3)[3], self.pictures[picture], kind="application/zip")
        if status != 200:
            raise SystemExit(f"package: {status} {answer}")
        return self.result(user, job)

    def result(self, user, job):
        for _ in range(600):
            status, answer = self.partner.status(self.node.port, user, job)
            if status == 200 and answer.get("job_complete"):
                return answer["result"]
            time.sleep(0.1)
        raise SystemExit(f"{job} did not end: {status} {answer}")

    def photo(self, user, job):
        """The picture that was sent, through the links of job_status."""
        body = {**self.partner.signed(), "partner_id": self.partner.name, "user_id": user, "job_id": job, "image_links": True}
        _, answer = ask("POST", self.node.port, "/v1/job_status", body)
        link = next(iter((answer.get("image_links") or {}).values()), None)
        return ask("GET", self.node.port, "/" + link.split("/", 3)[3])[1] if link else b""

    def tell(self):
        psql, run = self.database.command, self.installation.run
        psql("-c", f'CREATE DATABASE "{self.name}"')
        self.partner = Partner("bank", run("partner", "add", "--id", "bank")[0]["sandbox_api_key"])
        self.start()
        before = self.job("ada", "first", 4, "obama")
        well = expect("ada is enrolled", before["ResultCode"] == "0840", before)
        photo = self.photo("ada", "first")
        head = run("audit", "verify")[0]["head"]

        # The database first: what it names was in the bucket before it was named, and so is in a later copy of the bucket.
        self.tool("pg_dump", "--format=custom", f"--file={self.folder / 'records.dump'}", self.url)
        rclone("copy", self.bucket(), self.folder / "blobs")
        well &= expect("the bucket's copy holds something", any(p.is_file() for p in (self.folder / "blobs").rglob("*")))

        self.job("bob", "later", 4, "biden")
        self.node.stop()
        psql("-c", f'DROP DATABASE "{self.name}" WITH (FORCE)')
        rclone("purge", self.bucket())
        print("     the database and the bucket are gone", flush=True)

        psql("-c", f'CREATE DATABASE "{self.name}"')
        self.tool("pg_restore", "--exit-on-error", f"--dbname={self.url}", self.folder / "records.dump")
        rclone("copy", self.folder / "blobs", self.bucket())
        audit = run("audit", "verify", "--head", head, check=False)
        well &= expect("the audit verifies against the head that was kept", bool(audit) and audit[0].get("intact"), audit)
        self.start()
        after = self.result("ada", "first")
        well &= expect("the old result is told", after["SmileJobID"] == before["SmileJobID"], after)
        passed = self.job("ada", "again", 2, "obama2")
        well &= expect("ada authenticates", passed["ResultCode"] == "0820", passed)
        well &= expect("the photo comes out of the bucket", len(photo) > 1000 and self.photo("ada", "first") == photo, len(photo))
        gone = self.partner.status(self.node.port, "bob", "later")[1]
        well &= expect("what came after the backup is gone", not gone.get("job_complete"), gone)
        self.node.stop()
        psql("-c", f'DROP DATABASE "{self.name}" WITH (FORCE)')
        return well


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=ROOT / "target/release/selfsame", type=pathlib.Path)
    options = parser.parse_args()
    if not shutil.which("rclone"):
        raise SystemExit("rclone is needed for the bucket's copy: apt-get install rclone")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="selfsame-restore-"))
    story, well = Story(options.binary, folder), False
    try:
        well = story.tell()
    finally:
        if story.node and story.node.process.poll() is None:
            story.node.stop()
        if well:
            shutil.rmtree(folder)
        else:
            print(f"the node's log is in {folder}", file=sys.stderr)
    sys.exit(not well)


if __name__ == "__main__":
    main()
