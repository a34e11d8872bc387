"""Nodes of one store: started, killed, asked; and what they need beside them."""

import base64
import datetime
import hashlib
import hmac
import http.client
import io
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import time
import urllib.parse
import zipfile

from proxy import Proxy

PATIENCE = 30
# With the photographs that jobs are made of.
MODELS = pathlib.Path(os.environ.get("SELFSAME_MODELS", pathlib.Path.home() / ".cache/selfsame/models"))
TICK = os.sysconf("SC_CLK_TCK")


def times(pid):
    """A process's parent, its seconds of processor time, and those of its children that have ended."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / TICK, (int(fields[13]) + int(fields[14])) / TICK


def free_port():
    """Below those that the system gives out: a node that is killed has the same one again, and nobody got it by chance meanwhile."""
    while True:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", random.randrange(15000, 32000)))
            except OSError:
                continue
            return probe.getsockname()[1]


class Database:
    """The PostgreSQL of scripts/services.sh: killed and started again."""

    def __init__(self):
        self.url = os.environ["SELFSAME_TEST_POSTGRES"]
        self.bin = pathlib.Path(os.environ["SELFSAME_TEST_POSTGRES_BIN"])
        self.data = pathlib.Path(os.environ["SELFSAME_TEST_POSTGRES_DATA"])
        parts = urllib.parse.urlsplit(self.url)
        self.host, self.port = parts.hostname, parts.port
        self.process = None

    def through(self, port, database):
        """The same server's URL by another port."""
        parts = urllib.parse.urlsplit(self.url)
        who = parts.netloc.rsplit("@", 1)[0]
        return parts._replace(netloc=f"{who}@127.0.0.1:{port}", path=f"/{database}").geturl()

    def command(self, *statement, database=None):
        """What the server prints, of its own database or of another."""
        url = self.through(self.port, database) if database else self.url
        done = subprocess.run(
            [str(self.bin / "psql"), url, "-X", "-v", "ON_ERROR_STOP=1", "-At", *statement], capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"psql failed: {done.stderr}")
        return done.stdout.strip()

    def leave(self, nodes, name):
        """Stops the nodes that still run, and drops the database that they had."""
        for node in nodes:
            if node.process.poll() is None:
                node.stop()
        self.command("-c", f'DROP DATABASE "{name}" WITH (FORCE)')

    def pid(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def processor(self):
        """Seconds of processor time that the server and all its processes have taken."""
        top = self.pid()
        total = sum(times(top)[1:])
        for process in pathlib.Path("/proc").iterdir():
            try:
                if process.name.isdigit() and (spent := times(process.name))[0] == top:
                    total += spent[1]
            except OSError:
                pass
        return total

    def crash(self):
        """Ends it as a power cut would, all but the disk: no checkpoint, no word to anybody."""
        pid = self.pid()
        os.kill(pid, signal.SIGQUIT)
        while pathlib.Path(f"/proc/{pid}").exists() and "State:\tZ" not in pathlib.Path(f"/proc/{pid}/status").read_text():
            time.sleep(0.05)

    def start(self):
        owner = self.data.stat()
        lower = ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups"] if os.geteuid() == 0 else []
        log = open(self.data.parent / "again.log", "ab") if os.access(self.data.parent, os.W_OK) else subprocess.DEVNULL
        self.process = subprocess.Popen(
            [*lower, str(self.bin / "postgres"), "-D", str(self.data)], cwd=self.data.parent, stdout=log, stderr=log
        )
        deadline = time.monotonic() + 120
        while subprocess.run([str(self.bin / "pg_isready"), "-q", "-h", self.host, "-p", str(self.port)]).returncode:
            if time.monotonic() > deadline:
                raise SystemExit("PostgreSQL did not start again")
            time.sleep(0.1)

    def stop(self):
        """Only what was started here."""
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)


class Installation:
    """The binary with the options that all nodes and commands share."""

    def __init__(self, binary, folder, store, blobs=None, environment=None):
        self.binary, self.folder = str(binary), pathlib.Path(folder)
        self.environment = {**os.environ, **(environment or {})}
        for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"]:
            self.environment.pop(name, None)
        self.key = self.folder / "master.key"
        if not self.key.exists():
            self.key.write_text(os.urandom(32).hex())
            self.key.chmod(0o600)
        self.store, self.blobs = store, blobs

    def settings(self, store=None):
        """By variables: a command line would show the database's password to everybody."""
        named = {"SELFSAME_STORE": store or self.store, "SELFSAME_MASTER_KEY_FILE": str(self.key)}
        if self.blobs:
            named["SELFSAME_BLOBS"] = self.blobs
        return {**self.environment, **named}

    def run(self, *arguments, check=True):
        """A command's answers, one object a line."""
        command = [self.binary, "--json", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=self.settings())
        if check and done.returncode:
            raise SystemExit(f"selfsame {' '.join(map(str, arguments))} failed: {done.stdout}{done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]


class Node:
    """One process. Its way to the database is its own, so that it can be cut off alone."""

    def __init__(self, name, installation, store=None, options=(), way=None):
        self.name, self.installation, self.way = name, installation, way
        self.store, self.more = store, list(options)
        self.port, self.operations = free_port(), free_port()
        self.process, self.kills = None, 0

    def start(self):
        command = [self.installation.binary, "serve", "--node", self.name, "--listen", f"127.0.0.1:{self.port}"]
        command += ["--operations-listen", f"127.0.0.1:{self.operations}", "--allow-private-callbacks", "--rate", "100000"]
        command += self.more
        with open(self.installation.folder / f"{self.name}.log", "ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=self.installation.settings(self.store),
                start_new_session=True,
            )

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.kills += 1

    def stop(self):
        self.process.terminate()
        return self.process.wait(120)

    def processor(self):
        return times(self.process.pid)[1]

    def is_ready(self):
        try:
            return ask("GET", self.operations, "/ready", timeout=3)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def wait(self, seconds=120):
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} ended with {self.process.returncode}: {self.tail()}")
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.name} is not ready after {seconds} s: {self.tail()}")
            time.sleep(0.1)

    def tail(self):
        return (self.installation.folder / f"{self.name}.log").read_text()[-3000:]


def ask(method, port, path, body=None, timeout=PATIENCE, kind="application/json"):
    """Status and answer. What was sent and how far it came is not known when this raises."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        connection.request(method, path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        data = answer.read()
        try:
            return answer.status, json.loads(data)
        except ValueError:
            return answer.status, data
    finally:
        connection.close()


class Partner:
    """What a partner's backend does: signs, uploads, asks, verifies."""

    def __init__(self, name, key):
        self.name, self.key = name, key

    def code(self, timestamp):
        text = f"{timestamp}{self.name}sid_request".encode()
        return base64.b64encode(hmac.new(self.key.encode(), text, hashlib.sha256).digest()).decode()

    def signed(self):
        timestamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {"timestamp": timestamp, "signature": self.code(timestamp)}

    def prepare(self, port, user, job, job_type, callback="", **more):
        params = {"user_id": user, "job_id": job, "job_type": job_type}
        body = {**self.signed(), "smile_client_id": self.name, "callback_url": callback, "partner_params": params, **more}
        return ask("POST", port, "/v1/upload", body)

    def status(self, port, user, job):
        return ask("POST", port, "/v1/job_status", {**self.signed(), "partner_id": self.name, "user_id": user, "job_id": job})

    def is_signed(self, result):
        return hmac.compare_digest(self.code(result.get("timestamp", "")), result.get("signature", ""))


def package(selfie):
    """A package as clients send it: info.json and the picture."""
    info = {
        "package_information": {"apiVersion": {"buildNumber": 0, "majorVersion": 2, "minorVersion": 0}, "language": "python"},
        "misc_information": {"retry": "false", "file_name": "selfie.zip", "partner_params": {"x": 1}},
        "id_info": None,
        "images": [{"image_type_id": 0, "image": "", "file_name": "selfie.jpg"}],
        "server_information": {},
    }
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as zipped:
        zipped.writestr("info.json", json.dumps(info))
        zipped.writestr("selfie.jpg", pathlib.Path(selfie).read_bytes())
    return whole.getvalue()
