"""Downloads, against a real server: good, wrong, absent, cut short, silent and endless answers."""

import contextlib
import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ganvas.data.download import Patience, RemoteFile, download
from ganvas.data.published import PublishedFile, PublishedSet, locate
from ganvas.errors import DataError, StorageError
from ganvas.progress import Silent

CONTENT = bytes(range(256)) * 400
FILE = RemoteFile("a.gz", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
SHORT = Patience(silence_seconds=0.3, file_seconds=1.0)


class Handler(BaseHTTPRequestHandler):
    """The first part of the path says how to behave."""

    def do_GET(self):
        self.server.paths.append(self.path)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, self.path.split("/")[1])()

    def send(self, content, length=None):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)

    def good(self):
        self.send(CONTENT)

    def wrong(self):
        self.send(CONTENT[:-1] + b"!")

    def absent(self):
        self.send_error(404)

    def short(self):
        self.send(CONTENT[:1000])

    def cut(self):
        self.send(CONTENT[:1000], len(CONTENT))
        self.close_connection = True

    def silent(self):
        self.send(CONTENT[:10], len(CONTENT))
        self.server.stop.wait(5)

    def drip(self):
        self.send(b"", len(CONTENT))
        for byte in CONTENT:
            self.wfile.write(bytes([byte]))
            if self.server.stop.wait(0.02):
                return

    def endless(self):
        self.send_response(200)
        self.end_headers()
        while not self.server.stop.is_set():
            self.wfile.write(CONTENT)

    def garbage(self):
        self.wfile.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")

    def log_message(self, format, *args):
        """Say nothing."""


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.paths, running.stop, running.block_on_close = [], threading.Event(), False
        running.url = f"http://127.0.0.1:{running.server_port}/"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.stop.set()
        running.shutdown()
        thread.join()


class Counted(Silent):
    def __init__(self):
        self.total, self.done, self.open = 0, 0, 0

    def begin(self, task, total, done=0):
        self.total, self.done, self.open = total, done, self.open + 1

    def advance(self, amount=1, note=""):
        self.done += amount

    def end(self):
        self.open -= 1


def mirrors(server, *behaviours):
    return [f"{server.url}{behaviour}" for behaviour in behaviours]


def test_good(server, tmp_path):
    progress = Counted()
    download("A", [FILE], mirrors(server, "good/"), tmp_path / "new" / "cache", progress, SHORT)
    assert (tmp_path / "new/cache/a.gz").read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "new/cache").iterdir()] == ["a.gz"]
    assert (progress.total, progress.done, progress.open) == (len(CONTENT), len(CONTENT), 0)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("wrong", "has the SHA-256"),
        ("absent", "HTTP 404"),
        ("short", "sent 1000 of 102400 bytes"),
        ("cut", "sent 1000 of 102400 bytes|IncompleteRead"),
        ("silent", "silent for 0.3 s"),
        ("drip", "longer than 1 s"),
        ("endless", "more than the 102400 bytes"),
        ("garbage", "127.0.0.1"),
    ],
)
def test_bad_answers_are_told_and_leave_nothing(server, tmp_path, behaviour, reason):
    started = time.monotonic()
    progress = Counted()
    with pytest.raises(DataError, match=reason) as caught:
        download("The set", [FILE], mirrors(server, behaviour), tmp_path, progress, SHORT)
    assert time.monotonic() - started < 60
    assert list(tmp_path.iterdir()) == []
    assert progress.open == 0
    for part in ("The set", FILE.name, FILE.sha256, f"{server.url}{behaviour}/a.gz", str(tmp_path), "GANVAS_DATA"):
        assert part in str(caught.value)


def test_nobody_listens(tmp_path):
    with pytest.raises(DataError, match="refused"):
        download("A", [FILE], ["http://127.0.0.1:9/"], tmp_path, Silent(), SHORT)


def test_next_mirror_after_a_bad_one_and_it_is_asked_first_from_then_on(server, tmp_path):
    files = [FILE, FILE._replace(name="b.gz")]
    download("A", files, mirrors(server, "absent", "wrong", "good"), tmp_path, Silent(), SHORT)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.gz": CONTENT, "b.gz": CONTENT}
    assert server.paths == ["/absent/a.gz", "/wrong/a.gz", "/good/a.gz", "/good/b.gz"]


def test_each_failure_is_listed(server, tmp_path):
    with pytest.raises(DataError) as caught:
        download("A", [FILE], mirrors(server, "absent", "wrong"), tmp_path, Silent(), SHORT)
    assert "absent/a.gz: HTTP 404" in str(caught.value)
    assert "wrong/a.gz: what it sent has the SHA-256" in str(caught.value)


def test_unwritable_place_is_a_storage_error(server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        download("A", [FILE], mirrors(server, "good"), tmp_path / "file" / "cache", Silent(), SHORT)


def published(server):
    file = PublishedFile("a.gz", len(CONTENT), FILE.sha256, "0" * 64)
    return PublishedSet("A", "a-set", (), (file,), tuple(mirrors(server, "good")))


def test_published_set_is_downloaded_once_into_the_cache(server, tmp_path, monkeypatch):
    monkeypatch.delenv("GANVAS_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for _ in range(2):
        assert locate(published(server), None, Silent()) == {"a.gz": tmp_path / "ganvas/a-set/a.gz"}
    assert server.paths == ["/good/a.gz"]


def test_damaged_cache_is_downloaded_again(server, tmp_path, monkeypatch):
    monkeypatch.delenv("GANVAS_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cached = tmp_path / "ganvas/a-set/a.gz"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(CONTENT[:50])
    locate(published(server), None, Silent())
    assert cached.read_bytes() == CONTENT


def test_local_copy_is_used_before_any_download(server, tmp_path, monkeypatch):
    monkeypatch.setenv("GANVAS_DATA", str(tmp_path))
    (tmp_path / "a-set").mkdir()
    (tmp_path / "a-set/a.gz").write_bytes(CONTENT)
    assert locate(published(server), None, Silent()) == {"a.gz": tmp_path / "a-set/a.gz"}
    assert server.paths == []
