"""C_T, a test for data copying (Meehan et al. 2020, https://arxiv.org/abs/2004.05675, section 3.2).

In each cell of the feature space every generated and held-out image is given its distance to the nearest training image
of the cell. U counts the pairs in which the generated image is the farther one, and

    Z = (U - n m / 2) / sqrt(n m (n + m + 1) / 12),     C_T = sum n Z / sum n

over the cells that hold m >= 20 generated images, n being the held-out ones. Far below 0 (-3, say, which fresh images
reach once in 700 times even in a single cell) generated images lie nearer to training images than fresh real ones do:
copying. Far above 0 they lie farther: the generator has not learnt its images yet. The floor is 0 exactly: held-out
images against themselves.

The cells are those of k-means on the training images (scikit-learn), as in the paper: as many as there are hundreds of
held-out images, 10 at most; fewer than 200 held-out images make a single one, the paper's global test.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors

from ganvas.metrics.intervals import around
from ganvas.metrics.protocol import Metric, Reading, Reference, View, as_matrix, require_same_width
from ganvas.seeds import Stream

MOST_CELLS = 10
HELD_OUT_IN_CELL = 100
FEWEST_IN_CELL = 20


class Cells:
    """The feature space in cells around k-means of the training images, each with a search for the nearest of them."""

    def __init__(self, training: NDArray[Any], num_cells: int, stream: Stream) -> None:
        matrix = as_matrix(training)
        seed = int(stream.integers(1, 2**31)[0])
        self._means = KMeans(num_cells, random_state=seed).fit(matrix)
        self._searches = [
            NearestNeighbors(n_neighbors=1, algorithm="brute").fit(matrix[self._means.labels_ == cell])
            for cell in range(num_cells)
        ]

    def distances(self, features: NDArray[Any]) -> list[NDArray[np.float64]]:
        """Return, for each cell, the distances of those of features [N, d] in it to their nearest training images."""
        matrix = as_matrix(features)
        cells = self._means.predict(matrix)
        parts = [matrix[cells == cell] for cell in range(len(self._searches))]
        return [
            search.kneighbors(part)[0][:, 0] if len(part) else np.zeros(0)
            for search, part in zip(self._searches, parts, strict=True)
        ]


class Copying(NamedTuple):
    """C_T with its standard error over samples of the generator; `cells` holds Z of each cell, None if left out."""

    value: float
    error: float
    cells: list[float | None]


@dataclass(frozen=True)
class CopyingTest:
    """The test, prepared for any number of samples."""

    cells: Cells
    held_out: list[NDArray[np.float64]]

    @classmethod
    def prepared(cls, training: NDArray[Any], held_out: NDArray[Any], stream: Stream) -> "CopyingTest":
        """Return the test against training features [N, d] and held-out ones [M, d]."""
        require_same_width(training, held_out)
        fewest = min(len(held_out), len(training))
        cells = Cells(training, max(1, min(MOST_CELLS, fewest // HELD_OUT_IN_CELL)), stream)
        return cls(cells, cells.distances(held_out))

    def of(self, sample: NDArray[Any]) -> Copying:
        """Return C_T of a sample's features [m, d]."""
        pairs = list(zip(self.held_out, self.cells.distances(sample), strict=True))
        fewest = min(FEWEST_IN_CELL, len(sample) / len(pairs))
        if not any(
            len(real) and len(fake) >= fewest for real, fake in pairs
        ):  # the sample lies where nothing real does
            pairs = [(np.concatenate(self.held_out), np.concatenate([fake for _, fake in pairs]))]
        tests = [mann_whitney(real, fake) if len(real) and len(fake) >= fewest else None for real, fake in pairs]
        weights = [len(real) if test else 0 for (real, _), test in zip(pairs, tests, strict=True)]
        terms = [(weight / sum(weights), test) for weight, test in zip(weights, tests, strict=True) if test]
        return Copying(
            sum(weight * z for weight, (z, _) in terms),
            math.sqrt(sum((weight * error) ** 2 for weight, (_, error) in terms)),
            [test and test[0] for test in tests],
        )


def mann_whitney(real: NDArray[np.float64], fake: NDArray[np.float64]) -> tuple[float, float]:
    """Return Z, above 0 where values of `fake` [m] exceed those of `real` [n], and its standard error given `real`.

    A tie counts half. Each value of `fake` contributes the number of real values below it (its placement), so the
    error is that of a sum.
    """
    ordered = np.sort(real)
    placements = (np.searchsorted(ordered, fake, "left") + np.searchsorted(ordered, fake, "right")) / 2
    n, m = len(real), len(fake)
    scale = math.sqrt(n * m * (n + m + 1) / 12)
    error = math.sqrt(m) * float(np.std(placements, ddof=1)) / scale if m > 1 else 0.0
    return float(placements.sum() - n * m / 2) / scale, error


def _against(reference: Reference, stream: Stream) -> Callable[[View], Reading]:
    test = CopyingTest.prepared(reference.training.features, reference.held_out.features, stream)

    def read(sample: View) -> Reading:
        found = test.of(sample.features)
        return Reading(found.value, details={"cells": found.cells}, interval=around(found.value, found.error))

    return read


COPYING = Metric("c-t", _against, lower_is_better=False, floor_is_best=True)
