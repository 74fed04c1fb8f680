"""Pictures that stand for a dataset or a run: some of its images, its newest grid."""

from pathlib import Path

import numpy as np

from ganvas.data.store import Dataset
from ganvas.pages import data_address


def images_of(dataset: Dataset, num: int = 12) -> list[tuple[str, str]]:
    """Return some of a dataset's training images, evenly chosen, each as a `data:` address with its class."""
    pixels, labels = dataset.pixels("train"), dataset.labels("train")
    chosen = np.unique(np.linspace(0, len(pixels) - 1, num).astype(int)) if len(pixels) else []
    names = ["" if labels is None else dataset.classes[labels[index]] for index in chosen]
    return [(data_address(pixels[index]), name) for index, name in zip(chosen, names, strict=True)]


def grids_of(run: Path) -> list[Path]:
    """Return the sample grids of a run by their step, the first first."""
    return sorted(path for path in (run / "samples").glob("*.png") if path.stem.isdigit())
