"""Images to measure on: the first digits of MNIST where `GANVAS_DATA` names a folder that has them, else noise."""

import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.images import Pixels

HEADERS = {"train-images-idx3-ubyte.gz": 16, "train-labels-idx1-ubyte.gz": 8}


def digits(num: int) -> tuple[Pixels, NDArray[np.int64]]:
    """Return images, uint8 [N, 28, 28, 1], and labels [N] in 0 ... 9."""
    folder = _mnist()
    if folder is None:
        generator = np.random.default_rng(0)
        pixels = generator.integers(0, 256, (num, 28, 28, 1), np.uint8)
        return pixels, generator.integers(0, 10, num)
    images, labels = (_values(folder / name, offset) for name, offset in HEADERS.items())
    return images.reshape(-1, 28, 28, 1)[:num], labels[:num].astype(np.int64)


def origin() -> str:
    """Return what `digits` are."""
    return "noise" if _mnist() is None else "MNIST"


def _mnist() -> Path | None:
    folder = Path(os.environ.get("GANVAS_DATA", ""), "mnist")
    return folder if all((folder / name).is_file() for name in HEADERS) else None


def _values(path: Path, offset: int) -> NDArray[Any]:
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)
