"""Stacked MNIST: which digits lie in which channel, and that training never sees a test digit."""

import os
import struct
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from ganvas.data.sources.idx import pairs_in
from ganvas.data.sources.mnist import FILES
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.stacked_mnist import NUM_HELD_OUT, NUM_TRAINING, stacked_source, triples
from ganvas.progress import Silent

DATA = Path(os.environ.get("GANVAS_DATA", "")) / "mnist"
NUM_DIGITS = {"train": 50, "t10k": 20}


@pytest.fixture
def digits(tmp_path):
    """Return a set in the form of MNIST, and its images: every pixel of image i is i, of test images 200 + i."""
    images = {}
    for name, first in (("train", 0), ("t10k", 200)):
        values = np.arange(first, first + NUM_DIGITS[name], dtype=np.uint8)[:, None, None].repeat(4, 1).repeat(5, 2)
        header = bytes([0, 0, 8, 3]) + struct.pack(">3I", *values.shape)
        (tmp_path / f"{name}-images-idx3-ubyte").write_bytes(header + values.tobytes())
        images[name] = values
    return tmp_path, images


def test_channels_are_the_digits_drawn(digits):
    folder, images = digits
    source = stacked_source("stacked", pairs_in(folder), 300, 100)
    items = list(source.items())
    assert (source.total, source.channels, len(items)) == (400, 3, 400)
    for split, name, count in (("train", "train", 300), ("test", "t10k", 100)):
        own = [item for item in items if item.split == split]
        chosen = triples(split, count, NUM_DIGITS[name])
        assert len(own) == count
        assert {item.label for item in own} == {None}
        for item, numbers in zip(own, chosen, strict=True):
            assert item.content.shape == (4, 5, 3)
            np.testing.assert_array_equal(item.content, images[name][numbers].transpose(1, 2, 0))
        assert own[7].name == f"{split}[7] = {chosen[7][0]}, {chosen[7][1]}, {chosen[7][2]}"
    held_out = np.stack([item.content for item in items if item.split == "test"])
    assert held_out.min() >= 200  # no training digit among them


def test_the_same_triples_each_time_and_more_begin_with_fewer(digits):
    folder, _ = digits
    few, many = (stacked_source("stacked", pairs_in(folder), num, 10) for num in (20, 90))
    for one, other in zip(few.items(), islice(many.items(), 20), strict=False):
        if one.split == "train":
            np.testing.assert_array_equal(one.content, other.content)
    assert few.fingerprint != many.fingerprint


def test_digits_are_drawn_evenly_and_channels_independently():
    drawn = triples("train", NUM_TRAINING, 60_000)
    assert drawn.shape == (NUM_TRAINING, 3)
    assert drawn.min() >= 0
    assert drawn.max() < 60_000
    counts = np.bincount(drawn.ravel() * 10 // 60_000, minlength=10)
    expected = drawn.size / 10
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)
    assert np.abs(np.corrcoef(drawn.T) - np.eye(3)).max() < 5 / np.sqrt(NUM_TRAINING)
    assert len(np.unique(drawn, axis=0)) == NUM_TRAINING
    assert not np.array_equal(drawn[:100], triples("test", 100, 60_000))


@pytest.mark.skipif(not (DATA / FILES.files[0].name).is_file(), reason="GANVAS_DATA names no folder with mnist/ in it")
def test_opened_by_its_name_from_local_files(monkeypatch):
    monkeypatch.delenv("GANVAS_DATA")
    source = open_source("stacked-mnist", DATA.parent, Silent())
    assert (source.total, source.reader, source.licence) == (
        NUM_TRAINING + NUM_HELD_OUT,
        "stacked-mnist",
        "CC-BY-SA-3.0",
    )
    images = list(open_source("mnist", DATA.parent, Silent()).items())
    training = [item.content for item in images if item.split == "train"]
    for item, numbers in zip(islice(source.items(), 5), triples("train", 5, 60_000), strict=True):
        np.testing.assert_array_equal(item.content, np.stack([training[number] for number in numbers], axis=2))
