"""Rows of pixel files: by mapping or by reading, the same images; and labels in few bytes."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.data import reading
from ganvas.data.dealing import Dealing
from ganvas.data.feed import Feed
from ganvas.data.labels import labels_by_row, smallest
from ganvas.data.reading import ArrayReader, FileReader, reader_of
from ganvas.errors import DamagedError, DataError
from ganvas.seeds import Stream

IMAGES = Stream(1, "images").integers(200 * 5 * 4 * 3, 256).astype(np.uint8).reshape(200, 5, 4, 3)


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    path = tmp_path_factory.mktemp("pixels") / "pixels-train.npy"
    np.save(path, IMAGES)
    return np.load(path, mmap_mode="r")


def file_reader(mapped):
    return FileReader(mapped.filename, mapped.shape, mapped.offset)


@settings(deadline=None)
@given(rows=st.lists(st.integers(0, 199), max_size=40), kind=st.sampled_from([np.int64, np.uint32]))
def test_a_file_is_read_as_it_is_mapped(mapped, rows, kind):
    chosen = np.array(rows, kind)
    found = file_reader(mapped).read(chosen)
    assert (found.dtype, found.shape) == (np.uint8, (len(rows), 5, 4, 3))
    np.testing.assert_array_equal(found, IMAGES[rows])
    np.testing.assert_array_equal(found, ArrayReader(mapped).read(chosen))


def test_rows_that_follow_each_other_are_read_at_once(mapped, monkeypatch):
    calls = []
    fill = FileReader._fill
    monkeypatch.setattr(FileReader, "_fill", lambda *given: (calls.append(len(given[1])), fill(*given)))
    rows = np.array([7, 8, 9, 3, 4, 4, 199, 0])
    np.testing.assert_array_equal(file_reader(mapped).read(rows), IMAGES[rows])
    assert calls == [3 * 60, 2 * 60, 60, 60, 60]


def test_only_large_files_are_read_and_batches_are_the_same(mapped, monkeypatch):
    assert isinstance(reader_of(mapped), ArrayReader)
    assert isinstance(reader_of(IMAGES), ArrayReader)
    plain = Feed.from_arrays(IMAGES, np.arange(200), 12, seed=4, mirror=True)
    monkeypatch.setattr(reading, "LARGEST_MAPPED", 0)
    assert isinstance(reader_of(mapped), FileReader)

    class Large:
        def reader(self, split):
            return reader_of(mapped)

        def labels(self, split):
            return np.arange(200)

        def weights(self, split):
            return None

    with Feed(Large(), 12, seed=4, workers=3, mirror=True) as feed:
        for index in range(40):
            for found, expected in zip(feed.batch(index), plain.batch(index), strict=True):
                assert found.equal(expected)


def test_threads_share_a_file(mapped):
    reader = file_reader(mapped)
    rows = [Stream(0, "rows", step).integers(64, 200) for step in range(200)]
    with ThreadPoolExecutor(4) as pool:
        for chosen, found in zip(rows, pool.map(reader.read, rows), strict=True):
            np.testing.assert_array_equal(found, IMAGES[chosen])


def test_a_file_that_became_shorter_or_is_missing(tmp_path):
    path = tmp_path / "pixels-train.npy"
    np.save(path, IMAGES)
    mapped = np.load(path, mmap_mode="r")
    reader = file_reader(mapped)
    with path.open("r+b") as file:
        file.truncate(mapped.offset + 60 * 100 + 7)
    np.testing.assert_array_equal(reader.read(np.array([99])), IMAGES[99:100])
    with pytest.raises(DamagedError, match="ends too early"):
        reader.read(np.array([100]))
    with pytest.raises(DamagedError, match="missing"):
        FileReader(tmp_path / "none.npy", (1, 1, 1, 1), 0)


def test_labels_take_few_bytes():
    assert smallest(np.array([0, 255])).dtype == np.uint8
    assert smallest(np.array([0, 256])).dtype == np.uint16
    assert smallest(np.array([-1, 3])).dtype.kind == "i"
    feed = Feed.from_arrays(IMAGES, np.arange(200), 8)
    assert (feed.classes.dtype, feed.batch(0).labels.dtype.itemsize) == (np.uint8, 8)
    assert Dealing(200, np.zeros(200, np.int64)).rows(0).dtype == np.uint32


@pytest.mark.parametrize("num_classes", [2, 255, 256, 300])
def test_labels_in_any_order_of_rows(num_classes):
    names = [f"class {label}" for label in range(num_classes)]
    rows = [("train", row, names[row % num_classes]) for row in reversed(range(70_000))] + [("test", 0, names[-1])]
    found = labels_by_row(rows, names, {"train": 70_000, "test": 1})
    assert found["train"].itemsize == 1 + (num_classes > 255)
    np.testing.assert_array_equal(found["train"], np.arange(70_000) % num_classes)
    assert found["test"].tolist() == [num_classes - 1]


@pytest.mark.parametrize(
    "rows",
    [
        [("train", 0, "a")],
        [("train", 0, "a"), ("train", 0, "b")],
        [("train", 0, "a"), ("train", 2, "b")],
        [("train", 0, "a"), ("train", -1, "b")],
        [("train", 0, "a"), ("train", 1, "c")],
        [("train", 0, "a"), ("train", 1, None)],
        [("train", 0, "a"), ("train", 1, "b"), ("test", 0, "b")],
    ],
)
def test_rows_that_do_not_fit(rows):
    with pytest.raises(DataError):
        labels_by_row(rows, ["a", "b"], {"train": 2, "test": 0})
