"""A small dataset of two kinds of colour pictures, for recipes that translate: discs and squares."""

from pathlib import Path

import numpy as np
from PIL import Image

from ganvas.progress import Silent
from ganvas.workflows.prepare import prepare

KINDS = ("disc", "square")


def picture(kind, size, draw):
    """Return a disc or square of a random colour, place and size on a random ground, uint8 [size, size, 3]."""
    ground, colour = draw.integers(0, 256, (2, 3))
    x, y, radius = draw.uniform(0.3, 0.7), draw.uniform(0.3, 0.7), draw.uniform(0.15, 0.3)
    rows, columns = np.mgrid[0:size, 0:size] / size
    inside = {
        "disc": np.hypot(rows - y, columns - x) < radius,
        "square": np.maximum(np.abs(rows - y), np.abs(columns - x)) < radius,
    }[kind]
    return np.where(inside[..., None], colour, ground).astype(np.uint8)


def write_pictures(folder, size=16, num=20):
    """Write `num` PNG files of each kind, a sub-folder each; return the folder."""
    draw = np.random.default_rng(0)
    for kind in KINDS:
        (Path(folder) / kind).mkdir(parents=True)
        for index in range(num):
            Image.fromarray(picture(kind, size, draw)).save(Path(folder) / kind / f"{index:03d}.png")
    return Path(folder)


def prepare_two_kinds(folder, size=16, num=20):
    """Return the folder of a prepared dataset of `num` pictures of each kind."""
    pictures = write_pictures(Path(folder) / "pictures", size, num)
    settings = {"near_duplicates": "keep", "test_fraction": 0.25}
    return prepare(pictures, out=Path(folder) / "data", size=size, channels=3, progress=Silent(), **settings).folder
