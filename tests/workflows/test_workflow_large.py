"""Training from a pixel store larger than memory: memory stays flat, and the order is that of any other store."""

import numpy as np
import pytest
from large_stores import grow, numbers_of, stamped, watched
from PIL import Image

from ganvas.data.dealing import Dealing
from ganvas.data.feed import Feed
from ganvas.data.reading import FileReader
from ganvas.data.store import Dataset
from ganvas.progress import Silent
from ganvas.workflows.prepare import prepare

STEPS = 60
SPARE = 48
"""MiB that the last third of a training may hold more than the first: allocators keep what checkpoints needed."""


def store(folder, size, count, written=None):
    """Make a dataset folder of `count` training images at a size."""
    source = folder / "pictures"
    noise = np.random.default_rng(0).integers(0, 256, (20, size, size, 3), dtype=np.uint8)
    for number, picture in enumerate(noise):
        path = source / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    prepare(source, out=folder / "set", size=size, progress=Silent())
    grow(folder / "set", count, written)
    return folder / "set"


def test_batches_of_a_small_store_in_memory_are_those_of_the_store(tmp_path, monkeypatch):
    monkeypatch.setattr("ganvas.data.reading.LARGEST_MAPPED", 0)
    dataset = Dataset.open(store(tmp_path, 16, 500))
    images, labels = stamped(np.arange(500, dtype=np.uint64), (16, 16, 3)), np.arange(500) % 2
    np.testing.assert_array_equal(dataset.labels("train"), labels)
    with Feed(dataset, 32, seed=7, workers=2) as feed:
        assert isinstance(feed.reader, FileReader)
        memory = Feed.from_arrays(images, labels, 32, seed=7)
        for index in range(50):
            for found, expected in zip(feed.batch(index), memory.batch(index), strict=True):
                assert found.equal(expected)


def expect_flat(found):
    """Check that memory of the last third of the steps is that of the first, files' and the process's own."""
    thirds = [
        [(own, files) for step, own, files in found if first <= step < first + STEPS // 3]
        for first in (1, 2 * STEPS // 3)
    ]
    begin, end = (np.max(third, axis=0) for third in thirds)
    print(f"own, files' MiB: {begin.round()} in the first third, {end.round()} in the last")
    assert (end - begin < SPARE).all()


def train_watched(ganvas, data, out):
    options = ["--training.batch-size", 16, "--training.checkpoint.every", 10, "--training.threads", 1]
    running = ganvas.start("train", "mlp_gan", "--data", data, "--out", out, "--steps", STEPS, *options)
    found = watched(running, out / "log.jsonl")
    ended = running.wait()
    assert ended.code == 0, ended.err
    return found


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_fifty_gigabytes_of_which_most_is_sparse(ganvas, tmp_path):
    count = 4_070_000  # of 12,288 bytes
    data = store(tmp_path, 64, count, written=2000)
    assert (data / "pixels-train.npy").stat().st_size > 50e9
    expect_flat(train_watched(ganvas, data, tmp_path / "run"))
    dataset = Dataset.open(data)
    feed = Feed(dataset, 64, seed=3)
    labels = np.arange(count) % 2
    expected = Dealing(count, labels, seed=3).rows(0)
    for index in (0, 17, count // 64 - 1):
        batch, rows = feed.batch(index), expected[64 * index : 64 * index + 64]
        np.testing.assert_array_equal(batch.labels, labels[rows])
    written = np.linspace(0, count - 1, 2000).astype(np.int64)
    np.testing.assert_array_equal(numbers_of(feed.reader.read(written)), written)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_five_real_gigabytes(ganvas, tmp_path):
    count = 1_630_000  # of 3,072 bytes
    data = store(tmp_path, 32, count)
    expect_flat(train_watched(ganvas, data, tmp_path / "run"))
    feed = Feed(Dataset.open(data), 512, seed=3)
    assert isinstance(feed.reader, FileReader)
    rows = Dealing(count, seed=3).rows(0)
    for index in range(60):
        np.testing.assert_array_equal(
            numbers_of(feed.batch(index).pixels.numpy()), rows[512 * index : 512 * index + 512]
        )
