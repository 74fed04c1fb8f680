import gzip
import io
import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from ganvas.metrics.protocol import ImageSet
from ganvas.seeds import Stream


def real_data(name):
    folder = os.environ.get("GANVAS_DATA")
    if not folder or not (Path(folder) / name).exists():
        pytest.skip(f"GANVAS_DATA names no folder that holds {name}")
    return Path(folder) / name


@pytest.fixture(scope="session")
def metric_fixtures():
    """Features [10000, 64], index sets by name and the values of reference implementations."""
    with tarfile.open(real_data("metric-fixtures.tar")) as archive:
        arrays = np.load(io.BytesIO(archive.extractfile("metric-fixtures/features.npz").read()), allow_pickle=False)
        expected = json.load(archive.extractfile("metric-fixtures/expected.json"))
        sets = {name.removeprefix("idx_"): arrays["features"][arrays[name]] for name in arrays if "idx_" in name}
    return arrays["features"], sets, expected


@pytest.fixture(scope="session")
def digits16():
    """Training and held-out digits of scikit-learn, 16x16 grey, 80 % and 20 %."""
    digits = load_digits()
    grey = (digits.images * (255 / 16)).round().astype(np.uint8)
    resized = [np.asarray(Image.fromarray(image).resize((16, 16), Image.Resampling.LANCZOS)) for image in grey]
    pixels, labels = np.stack(resized)[..., None], digits.target.astype(np.int64)
    order = Stream(0, "split").permutation(len(pixels))
    cut = len(pixels) * 4 // 5
    return (
        ImageSet(pixels[order[:cut]], labels[order[:cut]]),
        ImageSet(pixels[order[cut:]], labels[order[cut:]]),
    )


@pytest.fixture(scope="session")
def mnist():
    """Training and test digits of MNIST, 28x28 grey."""
    folder = real_data("mnist")

    def read(name, offset):
        return np.frombuffer(gzip.decompress((folder / f"{name}.gz").read_bytes()), np.uint8, offset=offset)

    def read_set(prefix):
        pixels = read(f"{prefix}-images-idx3-ubyte", 16).reshape(-1, 28, 28, 1)
        return ImageSet(pixels, read(f"{prefix}-labels-idx1-ubyte", 8).astype(np.int64))

    return read_set("train"), read_set("t10k")


@pytest.fixture(scope="session")
def cifar():
    """The 10,000 test photos of CIFAR-10, 32x32 colour, in the order of their classes."""
    with tarfile.open(real_data("cifar10.tar")) as archive:
        classes = json.load(archive.extractfile("cifar10/index.json"))["classes"]
        sheets = [Image.open(archive.extractfile(f"cifar10/test/{name}.webp")) for name in classes]
        tiles = [np.asarray(sheet.convert("RGB")).reshape(10, 32, 100, 32, 3).swapaxes(1, 2) for sheet in sheets]
    return ImageSet(np.concatenate(tiles).reshape(-1, 32, 32, 3), np.arange(10).repeat(1_000))


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
