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
    seed: int = Field(default=0, ge=0, description="Seed of the draw.")


def held_out(labels: NDArray[np.int64], declared: Sequence[Split | None], how: Splitting) -> NDArray[np.bool_]:
    """Return which of N images are for tests [N]: as declared, else `round(n * test_fraction)` of each class of n.

    `labels` [N] holds -1 where there is no class. The first images of a class in the order of the permutation
    drawn by `Stream(seed, "split")` are held out; every class keeps one for training.
    """
    test = np.array([split == "test" for split in declared], np.bool_)
    free = np.array([split is None for split in declared], np.bool_)
    rank = np.argsort(Stream(how.seed, "split").permutation(len(labels)))
    for label in np.unique(labels[free]):
        members = np.flatnonzero(free & (labels == label))
        num_test = min(int(len(members) * how.test_fraction + 0.5), len(members) - 1)
        test[members[np.argsort(rank[members])[:num_test]]] = True
    return test
