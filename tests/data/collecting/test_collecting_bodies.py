"""Bodies that are too large, too slow, endless, lying or broken: each refused for its reason, in bounded time."""

import asyncio
import gzip
import time
import tracemalloc
import zlib

import pytest
from image_web import picture, quick

from ganvas.data.collecting.candidate import Candidate
from ganvas.data.collecting.collection import Collection
from ganvas.data.collecting.fetching import Fetcher
from ganvas.data.collecting.pictures import check_picture
from ganvas.data.collecting.record import RECORD, Record
from ganvas.errors import RefusedImage
from ganvas.progress import Silent

CAP = 200_000


def drip(handler):
    handler.head(200, [("Content-Type", "image/png"), ("Content-Length", "100000")])
    for byte in picture():
        handler.wfile.write(bytes([byte]))
        if handler.server.web.stop.wait(0.2):
            return


def drip_header(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not handler.server.web.stop.wait(0.1):
        handler.wfile.write(b"a")


def silent(handler):
    handler.head(200, [("Content-Type", "image/png"), ("Content-Length", "100000")])
    handler.server.web.stop.wait(20)


def mute(handler):
    handler.server.web.stop.wait(20)


def endless(handler):
    handler.head(200, [("Content-Type", "image/png"), ("Connection", "close")])
    while not handler.server.web.stop.is_set():
        handler.wfile.write(b"a" * 10_000)


def endless_chunks(handler):
    handler.head(200, [("Content-Type", "image/png"), ("Transfer-Encoding", "chunked")])
    while not handler.server.web.stop.is_set():
        handler.wfile.write(b"1000\r\n" + b"a" * 4096 + b"\r\n")


def longer_length(handler):
    handler.head(200, [("Content-Type", "image/png"), ("Content-Length", str(len(picture()) + 100))])
    handler.wfile.write(picture())
    handler.close_connection = True


def shorter_length(handler):
    handler.head(200, [("Content-Type", "image/png"), ("Content-Length", str(len(picture()) - 100))])
    handler.wfile.write(picture())
    handler.close_connection = True


def no_http(handler):
    handler.wfile.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")


BOMB = gzip.compress(b"\0" * 300_000_000, 9)
JPEG = picture(0, "JPEG", 64)
WEBP = picture(0, "WEBP", 64)
PACKED = ("Content-Encoding", "gzip")
BODIES = {
    "slow": (drip, "too-slow"),
    "slow-header": (drip_header, "too-slow"),
    "silent": (silent, "silent"),
    "mute": (mute, "silent"),
    "endless": (endless, "too-large"),
    "endless-chunks": (endless_chunks, "too-large"),
    "longer-length": (longer_length, "incomplete"),
    "shorter-length": (shorter_length, "truncated|damaged"),
    "no-http": (no_http, "incomplete"),
    "too-large": ((200, b"a" * (CAP + 1)), "too-large"),
    "gzip-bomb": ((200, BOMB, "image/png", PACKED), "too-large"),
    "not-gzip": ((200, picture(), "image/png", PACKED), "encoding"),
    "half-gzip": ((200, gzip.compress(picture())[:-50], "image/png", PACKED), "incomplete"),
    "brotli": ((200, b"\x0b\x02\x80", "image/png", ("Content-Encoding", "br")), "encoding"),
    "html": ((200, b"<html>", "text/html; charset=utf-8"), "content-type"),
    "octets": ((200, picture(), "application/octet-stream"), "content-type"),
    "html-named.jpg": ((200, b"<html><body>not here</body></html>", "image/jpeg"), "not-an-image"),
    "svg": ((200, b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"), "format"),
    "empty": ((200, b""), "empty"),
    "half-png": ((200, picture(0, "PNG", 64)[:-2000]), "truncated|damaged"),
    "half-jpeg": ((200, JPEG[:-500], "image/jpeg"), "truncated"),
    "half-webp": ((200, WEBP[:-100], "image/webp"), "truncated|damaged"),
    "half-gif": ((200, picture(0, "GIF", 64)[:-1500].replace(b";", b"!"), "image/gif"), "truncated"),
    "half-bmp": ((200, picture(0, "BMP")[:-100], "image/bmp"), "truncated"),
}


def decide(folder, how, *candidates):
    """Collect and return the results in order, and how long each took."""

    async def work():
        results = []
        with Record(folder / RECORD) as record:
            async with Fetcher(how) as fetcher:
                collection = Collection(folder, record, fetcher, Silent())
                for candidate in candidates:
                    started = time.monotonic()

                    async def one(candidate=candidate):
                        yield candidate

                    await collection.add_all("test", one())
                    (row,) = record._ask("SELECT outcome, kind, reason FROM candidates WHERE url = ?", candidate.url)
                    results.append((*row, time.monotonic() - started))
        return results

    return asyncio.run(work())


@pytest.mark.parametrize("name", BODIES)
def test_bad_bodies_are_refused_for_their_reason_in_bounded_time(web, tmp_path, name, capsys):
    web.answers[f"/{name}"], kinds = BODIES[name]
    how = quick(web, max_file_bytes=CAP, tries=2)
    ((outcome, kind, reason, seconds),) = decide(tmp_path, how, Candidate(f"{web.url}/{name}", licence="CC0"))
    assert (outcome, kind in kinds.split("|")) == ("failed" if kind == "silent" else "refused", True), (kind, reason)
    assert len(reason) > 15
    assert seconds < 2 * how.file_seconds + 20
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [RECORD]
    with capsys.disabled():
        print(f"\n  {name}: {outcome} {kind} in {seconds:.2f} s", end="")


def test_a_gzip_bomb_takes_no_more_memory_than_the_cap(web, tmp_path):
    web.answers["/bomb"] = (200, BOMB, "image/png", PACKED)
    tracemalloc.start()
    decide(tmp_path, quick(web, max_file_bytes=CAP), Candidate(f"{web.url}/bomb", licence="CC0"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6, peak


def test_packed_images_are_unpacked(web, tmp_path):
    web.answers["/gzip"] = (200, gzip.compress(picture(1)), "image/png", PACKED)
    web.answers["/deflate"] = (200, zlib.compress(picture(2)), "image/png", ("Content-Encoding", "deflate"))
    found = [Candidate(f"{web.url}/{name}", licence="CC0") for name in ("gzip", "deflate")]
    assert [row[0] for row in decide(tmp_path, quick(web), *found)] == ["kept", "kept"]
    assert sorted(path.read_bytes() for path in tmp_path.glob("images/*.png")) == sorted([picture(1), picture(2)])


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
def test_whole_images_of_every_format_pass(form):
    assert check_picture(picture(0, form, 40), 10_000)[1:] == (40, 40)


def test_images_of_too_many_pixels_are_refused():
    with pytest.raises(RefusedImage, match="megapixels"):
        check_picture(picture(0, "PNG", 101), 10_000)
