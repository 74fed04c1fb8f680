"""Public sets by name: small sets of the same form, from a server of our own or from local folders."""

import gzip
import hashlib
import struct
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from test_source_cifar import TEN, packed, write_hundred, write_ten

from ganvas.data.published import PublishedFile, PublishedSet, Unpacked, locate
from ganvas.data.sources import cifar, fashion_mnist, kmnist
from ganvas.data.sources.cifar import CIFAR10_FILES, CIFAR100_FILES, open_published
from ganvas.data.sources.fashion_mnist import open_fashion_mnist
from ganvas.data.sources.kmnist import open_kmnist
from ganvas.data.sources.source import Request
from ganvas.errors import DataError
from ganvas.progress import Silent

SETS = [CIFAR10_FILES, CIFAR100_FILES, fashion_mnist.FILES, kmnist.FILES]


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self):
        self.server.paths.append(self.path)
        super().do_GET()

    def log_message(self, format, *args):
        """Say nothing."""


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A mirror of the folder `mirror`, and an empty cache."""
    monkeypatch.delenv("GANVAS_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "mirror").mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path / "mirror"))) as running:
        running.paths, running.url = [], f"http://127.0.0.1:{running.server_port}/"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def request(name: str, data_dir: Path | None = None) -> Request:
    return Request(name, None, data_dir, Silent())


def file_of(path: Path) -> PublishedFile:
    content = path.read_bytes()
    return PublishedFile(path.name, len(content), hashlib.sha256(content).hexdigest())


def pinned(original: PublishedSet, files: list[Path], url: str, folder: Path | None = None) -> PublishedSet:
    """Return a set like `original` of these files; the first mirror has none of them."""
    unpacked = None
    if folder is not None and original.unpacked:
        md5 = {name: hashlib.md5((folder / name).read_bytes()).hexdigest() for name in original.unpacked.md5}
        unpacked = Unpacked(original.unpacked.folder, md5)
    mirrors = (f"{url}nothing/", url)
    return original._replace(files=tuple(map(file_of, files)), mirrors=mirrors, unpacked=unpacked)


def test_cifar10_is_downloaded_once(server, tmp_path):
    folder = tmp_path / "mirror/cifar-10-batches-py"
    values = write_ten(folder)
    archive = packed(folder).rename(tmp_path / "mirror/cifar-10-python.tar.gz")
    published = pinned(CIFAR10_FILES, [archive], server.url, folder)
    for _ in range(2):
        source = open_published(request("cifar10"), published)
        assert (source.name, source.reader, source.total) == ("cifar10", "cifar10", 12)
    assert server.paths == ["/nothing/cifar-10-python.tar.gz", "/cifar-10-python.tar.gz"]
    items = list(source.items())
    np.testing.assert_array_equal(items[11].content, values[11].transpose(1, 2, 0))
    assert (items[10].label, items[10].split) == (TEN[5], "test")


def test_cifar100_and_its_superclasses(server, tmp_path):
    folder = tmp_path / "mirror/cifar-100-python"
    write_hundred(folder)
    archive = packed(folder).rename(tmp_path / "mirror/cifar-100-python.tar.gz")
    published = pinned(CIFAR100_FILES, [archive], server.url)
    assert cifar.CIFAR100.open.keywords == {"published": CIFAR100_FILES, "reader": "cifar100"}
    fine = open_published(request("cifar100"), published, "cifar100")
    coarse = open_published(request("cifar100-coarse"), published, "cifar100-coarse", coarse=True)
    assert next(fine.items()).label == "fine97"
    assert next(coarse.items()).label == "c17"


@pytest.mark.parametrize(
    "inside", ["cifar-10-batches-py", "cifar10/cifar-10-batches-py", "CIFAR10/cifar-10-batches-py"]
)
def test_unpacked_folder_is_used_before_any_download(server, tmp_path, inside):
    folder = tmp_path / "data" / inside
    write_ten(folder)
    published = pinned(CIFAR10_FILES, [folder / "readme.html"], server.url, folder)
    assert open_published(request("cifar10", tmp_path / "data"), published).total == 12
    assert open_published(request("cifar10", folder), published).total == 12
    assert server.paths == []
    (folder / "test_batch").write_bytes(b"changed")
    with pytest.raises(DataError, match=r"test_batch` is not the file of CIFAR-10 .*MD5"):
        open_published(request("cifar10", tmp_path / "data"), published)


def test_local_archive_is_used_before_any_download(server, tmp_path):
    folder = tmp_path / "made/cifar-10-batches-py"
    write_ten(folder)
    (tmp_path / "data").mkdir()
    archive = packed(folder).rename(tmp_path / "data/cifar-10-python.tar.gz")
    published = pinned(CIFAR10_FILES, [archive], server.url, folder)
    assert open_published(request("cifar10", tmp_path / "data"), published).total == 12
    with tarfile.open(archive, "w:gz"):
        pass
    with pytest.raises(DataError, match=r"is not the file of CIFAR-10 .*SHA-256"):
        open_published(request("cifar10", tmp_path / "data"), published)
    assert server.paths == []


def idx(values: np.ndarray) -> bytes:
    return gzip.compress(
        bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()
    )


@pytest.mark.parametrize(
    ("open_set", "original", "labels", "licence"),
    [
        (open_fashion_mnist, fashion_mnist.FILES, ["T-shirt/top", "Ankle boot"], "MIT"),
        (open_kmnist, kmnist.FILES, ["o", "wo"], "CC-BY-SA-4.0"),
    ],
)
def test_sets_in_the_form_of_mnist(server, tmp_path, open_set, original, labels, licence):
    images = np.random.default_rng(0).integers(0, 256, (2, 28, 28), dtype=np.uint8)
    paths = [tmp_path / "mirror" / file.name for file in original.files]
    for path in paths:
        path.write_bytes(idx(images if "images" in path.name else np.array([0, 9], np.uint8)))
    source = open_set(request("x"), pinned(original, paths, server.url))
    items = list(source.items())
    assert [(item.label, item.split) for item in items] == [
        (label, split) for split in ("train", "test") for label in labels
    ]
    np.testing.assert_array_equal(items[1].content, images[1])
    assert source.licence == licence
    paths[1].write_bytes(idx(np.array([0, 10], np.uint8)))
    data = tmp_path / "other"
    paths[0].parent.rename(data)
    wrong = pinned(original, [data / path.name for path in paths], server.url)
    with pytest.raises(DataError, match="label 10; there are 10 classes"):
        list(open_set(request("x", data), wrong).items())


def test_inflated_copy_without_a_published_hash_is_not_trusted(server, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "mirror/a.gz").write_bytes(gzip.compress(b"content"))
    (data / "a").write_bytes(b"other content")
    published = PublishedSet("A", "a", (), (file_of(tmp_path / "mirror/a.gz"),), (server.url,))
    assert locate(published, data, Silent()) == {"a.gz": tmp_path / "cache/ganvas/a/a.gz"}


@pytest.mark.parametrize("published", SETS, ids=lambda published: published.title)
def test_pins_are_of_the_right_form(published):
    assert len(published.mirrors) > 1
    for file in published.files:
        assert file.num_bytes > 1000
        for digest in filter(None, (file.sha256, file.content_sha256)):
            assert len(bytes.fromhex(digest)) == 32
    assert all(
        len(bytes.fromhex(digest)) == 16 for digest in (published.unpacked.md5 if published.unpacked else {}).values()
    )
    assert len({file.sha256 for file in published.files}) == len(published.files)
