"""A real web server for tests of collecting: each path answers as a test says, and every request is counted."""

import contextlib
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from ganvas.data.collecting.settings import Collecting

QUICK = {
    "delay_seconds": 0.0,
    "backoff_seconds": 0.01,
    "silence_seconds": 0.6,
    "file_seconds": 1.5,
    "tries": 2,
    "max_wait_seconds": 1.5,
}


def picture(seed: int = 0, form: str = "PNG", size: int = 24) -> bytes:
    """Return an image file of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        web = self.server.web
        web.requests.append((self.path, dict(self.headers)))
        answer = web.answers.get(self.path, web.answers.get(urlsplit(self.path).path, web.otherwise))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ConnectionAbortedError):
            answer(self) if callable(answer) else self.send(*answer)

    def send(self, status=200, body=b"", kind="image/png", *headers):
        self.head(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *headers])
        self.wfile.write(body)

    def head(self, status, headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format, *args):
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False

    def handle_error(self, request, client_address):
        """Say nothing of clients that went away."""


class Web:
    """`answers` maps a path to (status, body, type, *headers) or to what answers with the handler."""

    def __init__(self, address: str, port: int) -> None:
        self.server = Server((address, port), Handler)
        self.server.web = self
        self.answers: dict[str, tuple | Callable] = {}
        self.otherwise: tuple = (404, b"no", "text/plain")
        self.requests: list[tuple[str, dict]] = []
        self.place = f"{address}:{self.server.server_port}"
        self.port, self.url = self.server.server_port, f"http://{self.place}"
        self.stop = threading.Event()

    def paths(self) -> list[str]:
        """Return the paths asked for, without those that every site is asked first."""
        first = ("/robots.txt", "/.well-known/tdmrep.json")
        return [path for path, _ in self.requests if path not in first]


@contextmanager
def serving(address: str = "127.0.0.1", port: int = 0) -> Iterator[Web]:
    web = Web(address, port)
    thread = threading.Thread(target=web.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.stop.set()
        web.server.shutdown()
        web.server.server_close()
        thread.join()


def quick(*webs: Web, **settings) -> Collecting:
    """Return settings for tests: short waits, and these servers allowed."""
    return Collecting(**QUICK | {"allow": tuple(web.place for web in webs)} | settings)
