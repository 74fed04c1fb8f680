"""Images to measure on: the first digits of MNIST where `GANVAS_DATA` names a folder that has them, else noise.

Colour pictures are drawn: smooth fields with a little noise, whose PNG files are about as large as photographs'.
"""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.benchmark import data_folder
from ganvas.images import Pixels

HEADERS = {"train-images-idx3-ubyte.gz": 16, "train-labels-idx1-ubyte.gz": 8}
_KINDS = 64
_NOISE = 6


def pictures(num: int, side: int, channels: int) -> tuple[Pixels, NDArray[np.int64]]:
    """Return images, uint8 [N, side, side, C], and labels [N] in 0 ... 9: digits where they are asked for by size."""
    if (side, channels) == (28, 1):
        return digits(num)
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (min(num, _KINDS), max(2, side // 4), max(2, side // 4), 3), np.uint8)
    fields = np.stack([np.asarray(Image.fromarray(field).resize((side, side))) for field in coarse])
    pixels = np.empty((num, side, side, channels), np.uint8)
    for start in range(0, num, _KINDS):
        part = fields[: min(_KINDS, num - start), :, :, :channels].astype(np.int16)
        part += generator.integers(-_NOISE, _NOISE + 1, part.shape, np.int16)
        pixels[start : start + len(part)] = part.clip(0, 255)
    return pixels, generator.integers(0, 10, num)


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
    folder = data_folder() / "mnist"
    return folder if all((folder / name).is_file() for name in HEADERS) else None


def _values(path: Path, offset: int) -> NDArray[Any]:
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)
