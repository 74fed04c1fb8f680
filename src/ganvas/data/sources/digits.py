"""The test set of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak 1998), as in scikit-learn."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from ganvas.data.sources.source import Item, Reader, Request, Source
from ganvas.images import Pixels

_MAXIMUM = 16  # each value counts the dark pixels of a 4x4 block


def open_digits(request: Request) -> Source:
    """Open the 1,797 digits, 8x8 in values 0 ... 16, scaled to 0 ... 255."""
    from sklearn.datasets import load_digits  # about 1 s, paid only by who asks for the digits

    values, labels = load_digits(return_X_y=True)  # [N, 64], [N]
    pixels = np.rint(np.asarray(values) * (255 / _MAXIMUM)).astype(np.uint8).reshape(-1, 8, 8)
    return Source(
        name=request.name,
        reader="digits",
        origin="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
        licence="CC-BY-4.0",
        channels=1,
        total=len(pixels),
        items=partial(_items, pixels, [str(label) for label in np.asarray(labels)]),
    )


def _items(pixels: Pixels, labels: list[str]) -> Iterator[Item]:
    for index, (image, label) in enumerate(zip(pixels, labels, strict=True)):
        yield Item(f"digits[{index}]", lambda _, image=image: image, label)


DIGITS = Reader(open_digits)
