"""Datasets in shards: read as the dataset folder they were exported from; what is missing or damaged is named."""

import json
import shutil
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

import ganvas
from ganvas.data.feed import Feed
from ganvas.data.reading import ArrayReader
from ganvas.data.shards.address import Address, Patience, address_of
from ganvas.data.shards.index import INDEX
from ganvas.data.splitting import SPLITS
from ganvas.data.store import Dataset
from ganvas.errors import DamagedError, DataError, StorageError, UsageError
from ganvas.exporting.datasets import parquet, webdataset
from ganvas.exporting.datasets.record import by_row, mixed
from ganvas.progress import Silent

WRITERS = {"webdataset": (webdataset.write, 150_000), "parquet": (parquet.write, 12_000)}
ORDERS = {"webdataset": mixed, "parquet": by_row}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of this test's own; and no long waits."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(Address.__init__, "__defaults__", (Patience(3, 0.01),))
    return tmp_path / "cache" / "ganvas" / "shards"


@pytest.fixture(scope="session")
def exported(tmp_path_factory, digits_at):
    """Return the digits as shards of a kind, some tens of images each; not to be changed."""
    made = {}

    def export(kind):
        if kind not in made:
            write, size = WRITERS[kind]
            made[kind] = tmp_path_factory.mktemp(kind)
            write(Dataset.open(digits_at(8)), made[kind], Silent(), size)
        return made[kind]

    return export


@pytest.fixture
def shards(exported, tmp_path):
    """A copy of tar shards to break."""
    return shutil.copytree(exported("webdataset"), tmp_path / "set")


class Handler(SimpleHTTPRequestHandler):
    """Serves files; `server.failing` says how many requests of a name are still to be broken off, or refused."""

    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1]
        self.server.asked.append(name)
        if self.server.failing.get(name, 0) > 0:
            self.server.failing[name] -= 1
            if self.server.breaks_off:
                self.send_response(200)
                self.send_header("Content-Length", "100000")
                self.end_headers()
                self.wfile.write(b"half")
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self.send_error(503)
            return
        super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def served(exported):
    """Return the address of a server of the tar shards, and the server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=exported("webdataset"))) as server:
        server.asked, server.failing, server.breaks_off = [], {}, False
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", server
        server.shutdown()
        thread.join()


def same(dataset, original, order=mixed):
    assert (dataset.shape, dataset.classes, dataset.content_hash) == (
        original.shape,
        original.classes,
        original.content_hash,
    )
    for split in SPLITS:
        assert dataset.count(split) == original.count(split)
        there = order(original, split)
        np.testing.assert_array_equal(dataset.labels(split), original.labels(split)[there])
        rows = np.arange(dataset.count(split))
        np.testing.assert_array_equal(dataset.read(split, rows), original.pixels(split)[there])


@pytest.mark.parametrize("kind", WRITERS)
def test_shards_hold_what_the_dataset_folder_holds(kind, exported, digits_at):
    dataset, original = Dataset.open(exported(kind)), Dataset.open(digits_at(8))
    assert len(dataset.reader("train").sizes) > 4
    same(dataset, original, ORDERS[kind])
    assert dataset.place == str(exported(kind).resolve())
    assert str(exported(kind)) in repr(dataset)
    assert not any(str(digits_at(8).parent) in path.read_text() for path in exported(kind).glob("*.json"))


def test_over_http_and_in_memory(served, exported, digits_at):
    import fsspec

    address, server = served
    same(Dataset.open(address), Dataset.open(digits_at(8)))
    before = len(server.asked)
    same(Dataset.open(address), Dataset.open(digits_at(8)))
    assert server.asked[before:] == [INDEX]  # all else is kept
    memory = fsspec.filesystem("memory")
    memory.put(str(exported("webdataset")), "/photos", recursive=True)
    try:
        same(Dataset.open("memory://photos"), Dataset.open(digits_at(8)))
    finally:
        memory.rm("/photos", recursive=True)


class InMemory:
    """Images of a dataset folder in the order of its tar shards, dealt as those of shards."""

    def __init__(self, original, sizes):
        self.original, self.sizes = original, sizes

    def reader(self, split):
        return ArrayReader(self.original.pixels(split)[mixed(self.original, split)], self.sizes)

    def labels(self, split):
        return self.original.labels(split)[mixed(self.original, split)]

    def weights(self, split):
        return None


def expect_same_batches(feed, original, num):
    memory = Feed(InMemory(original, feed.reader.sizes), feed.batch_size, seed=9, mirror=True, shards_at_once=4)
    for index in [*range(num), 2]:
        for found, expected in zip(feed.batch(index), memory.batch(index), strict=True):
            assert found.equal(expected)


def test_tar_shards_of_sorted_classes_are_mixed(tmp_path):
    for shade in range(400):
        path = tmp_path / "images" / f"class{shade // 100}" / f"{shade:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(shade).integers(0, 255, (8, 8), np.uint8)
        Image.fromarray(noise).save(path)
    original = ganvas.prepare(tmp_path / "images", out=tmp_path / "set", size=8, progress=Silent())
    shards = tmp_path / "shards"
    shards.mkdir()
    webdataset.write(original, shards, Silent(), 100_000)
    dataset = Dataset.open(shards)
    sizes = dataset.reader("train").sizes
    assert len(sizes) > 5
    pieces = [np.split(labels, np.cumsum(sizes)[:-1]) for labels in (original.labels("train"), dataset.labels("train"))]
    before, after = ([len(set(piece.tolist())) for piece in of_set] for of_set in pieces)
    assert max(before) <= 2
    assert min(after[:-1]) == 4


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_are_those_of_the_same_images_in_memory(workers, exported, digits_at):
    dataset = Dataset.open(exported("webdataset"))
    with Feed(dataset, 50, seed=9, workers=workers, mirror=True, shards_at_once=4) as feed:
        expect_same_batches(feed, Dataset.open(digits_at(8)), 70)  # two epochs and more


def test_each_process_fetches_the_shards_of_its_share(served, monkeypatch, tmp_path):
    address, server = served
    fetched = []
    for rank in range(2):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / f"machine{rank}"))
        dataset, begun = Dataset.open(address), len(server.asked)
        with Feed(dataset, 48, seed=1, part=(24 * rank, 24), shards_at_once=2) as feed:
            for index in range(dataset.count("train") // 48 - 2):
                feed.batch(index)
        fetched.append({name for name in server.asked[begun:] if name.endswith(".tar")})
    num = len(dataset.reader("train").sizes)
    assert len(fetched[0] | fetched[1]) >= num - 6  # the last batches were not asked for
    assert len(fetched[0] & fetched[1]) <= 3  # what a border cuts, and what was read ahead


def test_only_so_many_bytes_are_kept(exported, cache, monkeypatch, digits_at):
    largest = max(Dataset.open(exported("webdataset")).reader("train").sizes) * 64 + 128
    monkeypatch.setenv("GANVAS_SHARD_CACHE", str(3 * largest / 1e9))
    with Feed(Dataset.open(exported("webdataset")), 32, seed=9, mirror=True, shards_at_once=4) as feed:
        expect_same_batches(feed, Dataset.open(digits_at(8)), 60)
    assert 2 <= len(list(cache.glob("*.npy"))) <= 4
    for text in ("much", "-1", "inf"):
        monkeypatch.setenv("GANVAS_SHARD_CACHE", text)
        with pytest.raises(UsageError, match="gigabytes"):
            Dataset.open(exported("webdataset"))


def read_all(dataset):
    return dataset.read("train", np.arange(dataset.count("train")))


@pytest.mark.parametrize("breaks_off", [False, True])
def test_a_network_that_fails_twice_is_asked_again_and_then_it_is_told(served, breaks_off):
    address, server = served
    server.breaks_off = breaks_off
    server.failing = {INDEX: 1, "train-000001.tar": 1}
    assert len(read_all(Dataset.open(address)))
    assert server.asked.count("train-000001.tar") == 2
    server.failing = {INDEX: 10}
    with pytest.raises(StorageError, match=r"Could not read `shards\.json`.*in 3 attempts"):
        Dataset.open(address)


def test_nobody_answers():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with pytest.raises(StorageError, match="in 3 attempts"):
        Dataset.open(f"http://127.0.0.1:{port}/photos")


def test_a_missing_shard_or_set(shards, tmp_path, served):
    (shards / "train-000002.tar").unlink()
    with pytest.raises(DataError, match=r"no `train-000002\.tar`"):
        read_all(Dataset.open(shards))
    with pytest.raises(DataError, match=r"no `shards\.json`"):
        Dataset.open(f"file://{tmp_path}/nowhere")
    with pytest.raises(DataError, match=r"no `shards\.json`"):
        Dataset.open(f"{served[0]}/elsewhere")


@pytest.mark.parametrize("break_", ["flip", "cut", "grow"])
def test_a_damaged_shard(shards, break_, cache):
    path = shards / "train-000001.tar"
    content = bytearray(path.read_bytes())
    content[2000] ^= break_ == "flip"
    path.write_bytes({"flip": content, "cut": content[:-700], "grow": content + b"more"}[break_])
    with pytest.raises(DamagedError, match=r"train-000001\.tar`.*(SHA-256|bytes)"):
        read_all(Dataset.open(shards))
    assert not [path for path in cache.iterdir() if path.suffix not in (".npy", ".lock")]


def change_index(shards, change):
    values = json.loads((shards / INDEX).read_text())
    change(values)
    (shards / INDEX).write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda index: index.update(format="else"), "is not the index"),
        (lambda index: index.update(schema_version=2), "schema version 2"),
        (lambda index: index["splits"]["train"]["shards"].pop(), "do not fit its card"),
        (lambda index: index["splits"]["train"]["shards"][0].update(name="../../x.tar"), r"the name `\.\./"),
        (lambda index: index["splits"]["train"]["shards"][0].update(name="/etc/x.tar"), "the name `/etc"),
        (lambda index: index["splits"]["train"].update(labels=None), "do not fit its card"),
        (lambda index: index["splits"]["train"]["shards"][0].update(count=0), "count"),
        (lambda index: index.update(kind="pickles"), "There is no kind of shards `pickles`"),
    ],
)
def test_a_wrong_index(shards, change, message):
    change_index(shards, change)
    with pytest.raises((DataError, DamagedError, UsageError), match=message):
        Dataset.open(shards)


def test_an_index_that_is_cut(shards):
    (shards / INDEX).write_text((shards / INDEX).read_text()[:500])
    with pytest.raises(DamagedError, match="not valid JSON"):
        Dataset.open(shards)


def test_a_shard_of_other_images_than_its_index_says(shards):
    def less(index):
        first, second = index["splits"]["train"]["shards"][:2]
        first["count"] -= 1
        second["count"] += 1

    change_index(shards, less)
    with pytest.raises(DamagedError, match=r"holds \d+ images; its index says"):
        read_all(Dataset.open(shards))


def test_labels_that_were_changed(shards):
    content = bytearray((shards / "labels-train.index").read_bytes())
    content[3] ^= 1
    (shards / "labels-train.index").write_bytes(content)
    with pytest.raises(DamagedError, match=r"labels-train\.index"):
        Dataset.open(shards).labels("train")


def test_what_needs_the_whole_dataset_says_so(exported):
    dataset = Dataset.open(exported("webdataset"))
    for action in (
        lambda: dataset.pixels("train"),
        lambda: list(dataset.rows("train")),
        lambda: list(dataset.left_out()),
        dataset.verify,
    ):
        with pytest.raises(UsageError, match="cannot be had of"):
            action()


def test_closing_ends_a_fetch_that_is_under_way(served):
    address, server = served
    dataset = Dataset.open(address)
    dataset.shards.address.patience = Patience(100, 5.0)
    server.failing = dict.fromkeys((f"train-{number:06d}.tar" for number in range(40)), 1000)
    reader, began = dataset.reader("train"), time.monotonic()
    reader.expect(range(3))
    reader.close()
    assert time.monotonic() - began < 60  # of 500 s that it would try
    feed = Feed(dataset, 8, workers=2)
    with pytest.raises(StorageError, match="was ended"), ThreadPoolExecutor(1) as pool:
        asked = pool.submit(feed.batch, 0)
        time.sleep(0.2)
        feed.close()
        asked.result()
    assert time.monotonic() - began < 120


def test_closing_one_reader_leaves_the_others_alone(served):
    address, server = served
    dataset = Dataset.open(address)
    dataset.shards.address.patience = Patience(100, 0.1)
    server.failing = {"train-000000.tar": 3}
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(dataset.reader("train").read, np.arange(3))
        while not asked.done():
            dataset.read("test", np.arange(2))
        assert asked.result().shape == (3, 8, 8, 1)


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ("s3://bucket/photos", "s3://bucket/photos"),
        ("s3:/bucket/photos", "s3://bucket/photos"),
        ("https:/host:8000/photos", "https://host:8000/photos"),
        ("file:/data/photos", "file:///data/photos"),
        ("memory://photos", "memory://photos"),
        ("photos", None),
        ("C:/photos", None),
        ("/data/a:b/c", None),
    ],
)
def test_addresses(place, address):
    assert address_of(place) == address


def test_packages_that_are_not_installed_are_named():
    with pytest.raises(UsageError, match="pip install s3fs"):
        Dataset.open("s3://bucket/photos")
    with pytest.raises(UsageError, match="no address that can be read"):
        Dataset.open("nothing://bucket/photos")
