"""A connection that breaks after the server has taken a request and before its answer comes back."""

import http.client
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# What belongs to one connection, and is not passed on.
_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Lossy:
    """A way to the server that loses answers."""

    def __init__(self, url):
        self.url = url
        self.requests = []  # paths, in the order in which the server had answered them
        self.losing = []  # for each request that is to come on this path, one answer is lost

    def lose(self, path):
        self.losing.append(path)


@contextmanager
def losing_answers(server, certificates):
    """Speaks HTTPS, and asks the server, whose URL is plain HTTP."""
    upstream = urlsplit(server).netloc

    class Handler(BaseHTTPRequestHandler):
        def _pass_on(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = http.client.HTTPConnection(upstream, timeout=60)
            asked.request(self.command, self.path, body, dict(self.headers))
            answer = asked.getresponse()
            told = answer.read()
            asked.close()
            lossy.requests.append(self.path)
            if self.path in lossy.losing:
                lossy.losing.remove(self.path)
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OF_THE_CONNECTION:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = _pass_on

        def log_message(self, *_):
            pass

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.socket = certificates.serving().wrap_socket(proxy.socket, server_side=True, do_handshake_on_connect=False)
    lossy = Lossy(f"https://127.0.0.1:{proxy.server_port}")
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield lossy
    finally:
        proxy.shutdown()
        proxy.server_close()
