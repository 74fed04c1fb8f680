"""`python docs/site/operations_picture.py OUT.webp`: one photograph before, and after each operation at its defaults.

The photograph is scikit-image's `chelsea` (S. van der Walt, CC0); `centre_*` move a digit, for a photograph fills its
frame.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data
from sklearn.datasets import load_digits

from ganvas.captions import captioned_sheet
from ganvas.data.operations import OPERATIONS
from ganvas.data.operations.operation import read_operation
from ganvas.images import Pixels

SIDE, COLUMNS, QUALITY = 76, 6, 72
FACE = (80, 0, 380, 300)  # left, top, right, bottom


def main(out: Path) -> None:
    """Write the sheet."""
    photo, digit = _photo(), _digit()
    shown = {"before": photo, "before (digit)": digit}
    for name in OPERATIONS:
        shown[name] = read_operation(name).apply(digit if name.startswith("centre_") else photo)
    sheet = captioned_sheet(np.stack(list(shown.values())), list(shown), columns=COLUMNS)
    Image.fromarray(sheet).save(out, quality=QUALITY, method=6)


def _photo() -> Pixels:
    whole = Image.fromarray(data.chelsea()).crop(FACE)
    return np.asarray(whole.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def _digit() -> Pixels:
    """Return one of the embedded digits, in a corner of a black square."""
    values, _ = load_digits(return_X_y=True)
    small = np.rint(np.asarray(values)[0].reshape(8, 8) * (255 / 16)).astype(np.uint8).repeat(5, 0).repeat(5, 1)
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    square[4:44, 4:44] = small[..., None]
    return square


if __name__ == "__main__":
    main(Path(sys.argv[1]))
