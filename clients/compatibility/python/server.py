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
def running(data, *options, certificates=None):
    """A server on free ports; gives its addresses. With certificates it speaks HTTPS, too, and trusts their authority."""
    with keeping(data), _serving(data, options, certificates) as addresses:
        yield addresses


@contextmanager
def _serving(data, options, certificates):
    policy = Path(__file__).with_name("policy.toml")
    # Models that are prepared when needed are so within the first job's analysis: a slow machine takes more than its 30 s.
    command = [BIN, "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--allow-private-callbacks", "--allow-http-callbacks",
               "--policy", str(policy), "--analysis-timeout", "300", *map(str, options)]
    own = environment(data)
    if certificates is not None:
        command += ["--tls-listen", "127.0.0.1:0", "--tls-cert", str(certificates.chain), "--tls-key", str(certificates.key)]
        own["SSL_CERT_FILE"] = str(certificates.authority)
    with open(Path(data) / "server.log", "w") as log:
        process = subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        line = process.stdout.readline()
        assert line, (Path(data) / "server.log").read_text()
        yield json.loads(line)
    finally:
        process.terminate()
        assert process.wait(timeout=120) == 0, (Path(data) / "server.log").read_text()


@contextmanager
def receiving():
    """A callback endpoint; gives its URL and a queue of bodies. Whoever GETs that URL reads all that came so far."""
    bodies, all_of_them = queue.Queue(), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            all_of_them.append(body)
            bodies.put(body)
            self.send_response(200)
            self.end_headers()

        def do_GET(self):
            told = json.dumps(all_of_them).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_):
            pass

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{receiver.server_port}/callback", bodies
    finally:
        receiver.shutdown()
