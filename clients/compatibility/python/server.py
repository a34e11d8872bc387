"""Starts the real server, and a receiver for its callbacks."""

import json
import os
import queue
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from store import environment, keeping

BIN = os.environ["SELFSAME_BIN"]


def selfsame(*arguments):
    """Runs the command line, on the store of the data directory that it names, and gives its lines of JSON."""
    own = environment(arguments[arguments.index("--data") + 1]) if "--data" in arguments else None
    done = subprocess.run([BIN, "--json", *map(str, arguments)], env=own, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def photographs():
    """The fetched photographs by name."""
    return {a["name"]: Path(a["path"]) for a in selfsame("models", "list") if a["path"].endswith(".jpg")}


@contextmanager
def running(data, *options):
    """A server on free ports; gives its addresses."""
    with keeping(data), _serving(data, *options) as addresses:
        yield addresses


@contextmanager
def _serving(data, *options):
    policy = Path(__file__).with_name("policy.toml")
    # Models that are prepared when needed are so within the first job's analysis: a slow machine takes more than its 30 s.
    command = [BIN, "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--allow-private-callbacks", "--allow-http-callbacks",
               "--policy", str(policy), "--analysis-timeout", "300", *map(str, options)]
    with open(Path(data) / "server.log", "w") as log:
        process = subprocess.Popen(command, env=environment(data), stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        line = process.stdout.readline()
        assert line, (Path(data) / "server.log").read_text()
        yield json.loads(line)
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0, (Path(data) / "server.log").read_text()


@contextmanager
def receiving():
    """A callback endpoint; gives its URL and a queue of bodies."""
    bodies = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{receiver.server_port}/callback", bodies
    finally:
        receiver.shutdown()
