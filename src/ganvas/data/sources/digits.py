"""The test set of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak 1998), as in scikit-learn."""

from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.data.sources.source import Item, Reader, Request, Source
from ganvas.images import Pixels

_MAXIMUM = 16  # each value counts the dark pixels of a 4x4 block


def open_digits(request: Request) -> Source:
    """Open the 1,797 digits, 8x8 in values 0 ... 16, scaled to 0 ... 255."""
    values, labels = _load()
    pixels = np.rint(values * (255 / _MAXIMUM)).astype(np.uint8).reshape(-1, 8, 8)
    return Source(
        name=request.name,
        reader="digits",
        origin="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
        licence="CC-BY-4.0",
        channels=1,
        total=len(pixels),
        items=partial(_items, pixels, [str(label) for label in labels]),
        fingerprint=str(len(pixels)),
    )


def _load() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return values [N, 64] and labels [N]: from scikit-learn's own file, as importing scikit-learn takes 1 to 2 s."""
    package = find_spec("sklearn")
    for folder in (package.submodule_search_locations or ()) if package else ():
        table = Path(folder, "datasets", "data", "digits.csv.gz")
        if table.is_file():
            rows = np.loadtxt(table, delimiter=",")
            return rows[:, :-1], rows[:, -1].astype(np.int64)
    from sklearn.datasets import load_digits

    values, labels = load_digits(return_X_y=True)
    return np.asarray(values), np.asarray(labels)


def _items(pixels: Pixels, labels: list[str]) -> Iterator[Item]:
    for index, (image, label) in enumerate(zip(pixels, labels, strict=True)):
        yield Item(f"digits[{index}]", image, label)


DIGITS = Reader(open_digits)
