"""Receives v3's webhooks over HTTPS, as a partner does, and keeps them with their headers."""

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from smile_id_core import Signature


@dataclass(frozen=True)
class Webhook:
    path: str
    headers: dict  # names in lower case
    text: str

    @property
    def body(self):
        return json.loads(self.text)

    @property
    def job_id(self):
        return self.headers.get("job-id")

    def is_signed(self, partner, key):
        signature = Signature(partner, key)
        return signature.confirm_signature(self.headers["response-timestamp"], self.headers["response-signature"])


class Webhooks:
    """What came so far."""

    def __init__(self, url):
        self.url = url
        self._all = []
        self._came = threading.Condition()

    def put(self, webhook):
        with self._came:
            self._all.append(webhook)
            self._came.notify_all()

    def all(self):
        with self._came:
            return list(self._all)

    def of(self, job_id, count=1):
        """A job's webhooks, in the order in which they came, when there are so many."""
        return self._wait(lambda webhook: webhook.job_id == job_id, count, f"of {job_id}")

    def with_order(self, order):
        """The webhook of the job that was submitted with this `order` in its partner_params."""
        return self._wait(lambda webhook: webhook.body["partner_params"].get("order") == order, 1, f"with order {order}")[0]

    def _wait(self, is_wanted, count, what):
        deadline = time.monotonic() + 180
        with self._came:
            while len(found := [webhook for webhook in self._all if is_wanted(webhook)]) < count:
                left = deadline - time.monotonic()
                assert left > 0, f"{len(found)} webhooks {what} came, not {count}"
                self._came.wait(left)
            return found


@contextmanager
def receiving_webhooks(certificates):
    """A receiver. Whoever GETs its URL reads all that came, as JSON: for tests that are not in Python."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            received.put(Webhook(self.path, headers, text))
            self.send_response(204)
            self.end_headers()

        def do_GET(self):
            told = [{"path": webhook.path, "headers": webhook.headers, "body": webhook.body} for webhook in received.all()]
            told = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_):
            pass

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    # The handshake is made by the thread that reads the request, so that a slow client holds up no other.
    receiver.socket = certificates.serving().wrap_socket(receiver.socket, server_side=True, do_handshake_on_connect=False)
    received = Webhooks(f"https://127.0.0.1:{receiver.server_port}/webhook")
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    try:
        yield received
    finally:
        receiver.shutdown()
        receiver.server_close()
