"""IDX files: what they hold, how they are found, and how damage is told."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from ganvas.data.sources.idx import is_idx, open_idx
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.source import Source
from ganvas.errors import DataError, UsageError
from ganvas.progress import Silent

IMAGES = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)


def idx(values: np.ndarray) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def write_set(folder: Path, prefix: str = "train", packed: bool = True, labels: tuple[int, ...] = (7, 0, 7)) -> None:
    ending = ".gz" if packed else ""
    for name, values in (("images-idx3", IMAGES), ("labels-idx1", np.array(labels, np.uint8))):
        content = gzip.compress(idx(values)) if packed else idx(values)
        (folder / f"{prefix}-{name}-ubyte{ending}").write_bytes(content)


def opened(path: Path) -> Source:
    return open_source(path, None, Silent())


@pytest.mark.parametrize("packed", [True, False])
def test_folder_with_both_halves_declares_the_splits(tmp_path, packed):
    write_set(tmp_path, "train", packed)
    write_set(tmp_path, "t10k", packed, labels=(1, 2, 3))
    source = opened(tmp_path)
    assert (source.reader, source.total, source.channels) == ("idx", 6, 1)
    items = list(source.items())
    assert [(item.label, item.split) for item in items] == [
        *[("1", "test"), ("2", "test"), ("3", "test")],
        *[("7", "train"), ("0", "train"), ("7", "train")],
    ]
    assert items[4].name == "train-images-idx3-ubyte[1]"
    np.testing.assert_array_equal(items[4].content, IMAGES[1])


def test_packed_and_plain_copies_of_a_set_count_once(tmp_path):
    write_set(tmp_path, packed=True)
    write_set(tmp_path, packed=False)
    assert opened(tmp_path).total == 3


def test_one_file_declares_no_split(tmp_path):
    write_set(tmp_path)
    source = opened(tmp_path / "train-images-idx3-ubyte.gz")
    assert [(item.label, item.split) for item in source.items()] == [("7", None), ("0", None), ("7", None)]


def test_without_labels_file_it_is_unlabelled(tmp_path):
    (tmp_path / "faces-images-idx3-ubyte").write_bytes(idx(IMAGES))
    assert {item.label for item in opened(tmp_path).items()} == {None}


def test_labels_file_is_not_taken_for_images(tmp_path):
    write_set(tmp_path)
    with pytest.raises(UsageError, match="Give the images file"):
        opened(tmp_path / "train-labels-idx1-ubyte.gz")


def test_counts_that_differ_are_told(tmp_path):
    write_set(tmp_path, labels=(1, 2))
    with pytest.raises(DataError, match=r"3 images; .* 2 labels"):
        opened(tmp_path)


def test_several_sets_in_a_folder_are_not_mixed(tmp_path):
    write_set(tmp_path, "letters-train")
    write_set(tmp_path, "digits-train")
    with pytest.raises(DataError, match="digits-train-images-idx3-ubyte, letters-train"):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (idx(IMAGES)[:-1], "ends before"),
        (idx(IMAGES) + b"x", "more than its header"),
        (gzip.compress(idx(IMAGES), mtime=0)[:-12], "Could not read|ends before"),
        (b"\0\0\x08\x03" + struct.pack(">3I", 2**32 - 1, 2**32 - 1, 2**32 - 1), "impossible dimensions"),
        (b"\0\0\x08\x03" + struct.pack(">3I", 0, 28, 28), "impossible dimensions"),
        (b"\0\0\x08\x03\0\0", "ends before"),
    ],
)
def test_damage_is_told(tmp_path, content, message):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(opened(path).items())


def test_other_files_are_not_recognised(tmp_path):
    (tmp_path / "a-idx3-ubyte").write_bytes(b"hello")
    (tmp_path / "b").write_bytes(b"\x1f\x8bnot gzip")
    assert not is_idx(tmp_path / "a-idx3-ubyte")
    assert not is_idx(tmp_path / "b")
    assert not is_idx(tmp_path)
    assert is_idx.__module__ == open_idx.__module__
