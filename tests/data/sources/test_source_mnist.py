"""MNIST from local folders; downloads are tested with a server of our own in test_data_published."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from ganvas.data.sources.mnist import FILES
from ganvas.data.sources.opening import open_source
from ganvas.errors import DataError
from ganvas.progress import Silent

DATA = Path(os.environ.get("GANVAS_DATA", "")) / "mnist"
NAMES = [file.name for file in FILES.files]

pytestmark = pytest.mark.skipif(not (DATA / NAMES[0]).is_file(), reason="GANVAS_DATA names no folder with mnist/ in it")


def test_found_by_environment_with_its_own_split():
    source = open_source("mnist", None, Silent())
    assert (source.total, source.channels) == (70_000, 1)
    first = next(source.items())
    assert (first.label, first.split, first.name) == ("5", "train", "train-images-idx3-ubyte[0]")
    content = gzip.decompress((DATA / NAMES[0]).read_bytes())
    np.testing.assert_array_equal(first.content, np.frombuffer(content, np.uint8, 784, 16).reshape(28, 28))


@pytest.mark.parametrize("inside", ["mnist", "MNIST/raw", "."])
def test_found_in_a_given_folder(tmp_path, monkeypatch, inside):
    monkeypatch.delenv("GANVAS_DATA")
    folder = tmp_path / inside
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (folder / name).symlink_to(DATA / name)
    assert open_source("mnist", tmp_path, Silent()).total == 70_000


@pytest.mark.parametrize("dotted", [True, False])
def test_inflated_copies_are_as_good(tmp_path, monkeypatch, dotted):
    monkeypatch.setenv("GANVAS_DATA", str(tmp_path))
    for name in NAMES:
        plain = name.removesuffix(".gz").replace("-idx", ".idx" if dotted else "-idx")
        (tmp_path / plain).write_bytes(gzip.decompress((DATA / name).read_bytes()))
    assert next(open_source("mnist", None, Silent()).items()).split == "train"


def test_files_of_another_set_under_the_same_names_are_refused(tmp_path):
    for name in NAMES:
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    with gzip.open(tmp_path / NAMES[3], "wb") as file:
        file.write(b"\0\0\x08\x01\0\0'\x10" + bytes(10_000))
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte.gz` is not the file of MNIST"):
        open_source("mnist", tmp_path, Silent())
