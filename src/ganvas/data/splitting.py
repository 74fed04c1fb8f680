"""Which images are held out for tests: a seeded share of every class, unless the source declares its split."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ganvas.config import Config, Field
from ganvas.seeds import Stream

Split = Literal["train", "test"]
SPLITS: tuple[Split, ...] = ("train", "test")


class Splitting(Config):
    """How images without a declared split are divided."""

    test_fraction: float = Field(default=0.2, ge=0, lt=1, description="Share of each class that is held out for tests.")
    seed: int = Field(default=0, ge=0, description="Seed of the draw of what is held out.")


def held_out(
    labels: NDArray[np.int64],
    declared: Sequence[Split | None],
    how: Splitting,
    clusters: NDArray[np.int64] | None = None,
) -> NDArray[np.bool_]:
    """Return which of N images are for tests [N]: as declared, else about `n * test_fraction` of each class of n.

    `labels` [N] holds -1 where there is no class; `clusters` [N] numbers groups of images that look the same, -1
    for an image alone. A cluster is never divided: it goes where its first declared image is, else to the class of
    its first image as one unit. The first units of a class in the order of the permutation drawn by
    `Stream(seed, "split")` are held out as long as they fit into `round(n * test_fraction)`; every class keeps an
    image for training.
    """
    test = np.array([split == "test" for split in declared], np.bool_)
    fixed = np.array([split is not None for split in declared], np.bool_)
    units = _units(len(labels), clusters)
    rank = np.argsort(Stream(how.seed, "split").permutation(len(labels)))
    first, unit_of, sizes = np.unique(units, return_index=False, return_inverse=True, return_counts=True)
    declares = np.full(len(first), -1)  # by unit: 1 test, 0 train, -1 nothing
    members = np.flatnonzero(fixed)[::-1]
    declares[unit_of[members]] = test[members]
    ranks = np.full(len(first), len(labels))
    np.minimum.at(ranks, unit_of, rank)
    unit_labels = labels[first]
    chosen = declares == 1
    for label in np.unique(unit_labels[declares < 0]):
        free = np.flatnonzero((declares < 0) & (unit_labels == label))
        total = int(sizes[free].sum())
        num_test = min(int(total * how.test_fraction + 0.5), total - 1)
        chosen[_fitting(free[np.argsort(ranks[free])], sizes, num_test)] = True
    return np.where(fixed, test, chosen[unit_of])


def _units(count: int, clusters: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Return for each image the index of the first image of its unit [N]."""
    alone = np.arange(count)
    if clusters is None or not (clusters >= 0).any():
        return alone
    first = np.full(int(clusters.max()) + 1, count)
    grouped = np.flatnonzero(clusters >= 0)
    np.minimum.at(first, clusters[grouped], grouped)
    return np.where(clusters >= 0, first[np.maximum(clusters, 0)], alone)


def _fitting(units: NDArray[np.int64], sizes: NDArray[np.int64], room: int) -> list[int]:
    """Return the units, in order, that fit into `room` images."""
    taken: list[int] = []
    for unit in units.tolist():
        if sizes[unit] <= room:
            taken.append(unit)
            room -= int(sizes[unit])
        if room == 0:
            break
    return taken
