"""Kernel (Inception) distance (Bińkowski et al. 2018, https://arxiv.org/abs/1801.01401, section 4).

    k(x, y) = (x.y / d + 1)^3
    MMD^2 = mean over i != j of k(x_i, x_j) + mean over i != j of k(y_i, y_j) - 2 mean of k(x_i, y_j)

This estimate is unbiased: about zero for equal laws, and so negative about half of the time there. KID is its mean over
100 random subsets of 1,000 images of each set, `spread` its standard deviation over them.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import DataError
from ganvas.metrics.intervals import around, standard_error
from ganvas.metrics.protocol import Metric, Reading, Reference, View, as_matrix, require_same_width
from ganvas.seeds import Stream

NUM_SUBSETS = 100
SUBSET_SIZE = 1_000
MOST_FOR_ERROR = 10_000
"""Real images that the standard error is taken from; the value itself is drawn from all."""
_ROWS_AT_ONCE = 2_048

_Within = dict[tuple[int, int], float]
"""The mean of k(x_i, x_j) over i != j, by the size and the number of a subset."""
Kernel = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
"""Maps vectors [N, d] and [M, d] to k(x_i, y_j) [N, M]."""


def cubic_kernel(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (x_i.y_j / d + 1)^3 [N, M] of vectors [N, d] and [M, d]."""
    values = first @ second.T
    values /= first.shape[1]
    values += 1
    squared = values * values
    return np.multiply(squared, values, out=squared)


def squared_mmd(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the unbiased MMD^2 between all of features [N, d] and all of [M, d], in float64 and bounded memory."""
    require_same_width(first, second)
    first, second = as_matrix(first), as_matrix(second)
    between = float(sums_between(first, second, cubic_kernel).sum()) / (len(first) * len(second))
    return _mean_within(first) + _mean_within(second) - 2 * between


def kernel_distance(
    reference: NDArray[Any],
    sample: NDArray[Any],
    stream: Stream,
    num_subsets: int = NUM_SUBSETS,
    subset_size: int = SUBSET_SIZE,
) -> tuple[float, float]:
    """Return mean and standard deviation of MMD^2 of features [N, D], [M, D] over random subsets without replacement.

    A set smaller than `subset_size` makes the subsets of both as small.
    """
    return _over_subsets(reference, sample, stream, num_subsets, subset_size, {})


def _over_subsets(
    reference: NDArray[Any], sample: NDArray[Any], stream: Stream, num_subsets: int, subset_size: int, known: _Within
) -> tuple[float, float]:
    """Return what `kernel_distance` does; `known` keeps what each subset of the reference has within itself."""
    require_same_width(reference, sample)
    size = min(subset_size, len(reference), len(sample))
    ones = _subsets(reference, stream.child("reference"), num_subsets, size)
    twos = _subsets(sample, stream.child("sample"), num_subsets, size)
    values = []
    for step, (one, two) in enumerate(zip(ones, twos, strict=True)):
        if (size, step) not in known:
            known[size, step] = _mean_within(one)
        between = float(sums_between(one, two, cubic_kernel).sum()) / size**2
        values.append(known[size, step] + _mean_within(two) - 2 * between)
    return float(np.mean(values)), float(np.std(values))


def _subsets(features: NDArray[Any], stream: Stream, num_subsets: int, size: int) -> Iterator[NDArray[np.float64]]:
    for step in range(num_subsets):
        chosen = stream._replace(step=step).permutation(len(features))[:size]
        yield as_matrix(features[chosen])


def sums_within(features: NDArray[np.float64], kernel: Kernel) -> NDArray[np.float64]:
    """Return the sum [N] over j != i of k(x_i, x_j): each pair of blocks is computed once."""
    sums = np.zeros(len(features))
    for start in range(0, len(features), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        square = kernel(features[rows], features[rows])
        sums[rows] += square.sum(axis=1) - square.diagonal()
        for other in range(start + _ROWS_AT_ONCE, len(features), _ROWS_AT_ONCE):
            columns = slice(other, other + _ROWS_AT_ONCE)
            block = kernel(features[rows], features[columns])
            sums[rows] += block.sum(axis=1)
            sums[columns] += block.sum(axis=0)
    return sums


def sums_between(first: NDArray[np.float64], second: NDArray[np.float64], kernel: Kernel) -> NDArray[np.float64]:
    """Return the sum [N] over j of k(x_i, y_j)."""
    sums = np.zeros(len(first))
    for start in range(0, len(first), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        for other in range(0, len(second), _ROWS_AT_ONCE):
            sums[rows] += kernel(first[rows], second[other : other + _ROWS_AT_ONCE]).sum(axis=1)
    return sums


def influence(
    within: NDArray[np.float64], num_sample: int, between: NDArray[np.float64], num_reference: int
) -> NDArray[np.float64]:
    """Return the influence [N] of each image of a sample on MMD^2, up to a constant.

    psi(y) = 2 (mean over j of k(y, y_j) - mean over i of k(x_i, y)), from the sums of both kinds: twice the witness
    function of Gretton et al. 2012, section 2.3.
    """
    return 2 * (within / max(num_sample - 1, 1) - between / num_reference)


def _mean_within(features: NDArray[np.float64]) -> float:
    """Return the mean of k(x_i, x_j) over i != j."""
    if (count := len(features)) < 2:
        raise DataError(f"KID needs at least 2 images in each set; found {count}. Give more images.")
    return float(sums_within(features, cubic_kernel).sum()) / (count * (count - 1))


def _error(reference: NDArray[np.float64], sample: NDArray[np.float64]) -> float:
    """Return the standard error over samples of MMD^2 between all of two sets."""
    within, between = sums_within(sample, cubic_kernel), sums_between(sample, reference, cubic_kernel)
    return standard_error(influence(within, len(sample), between, len(reference)))


def _against(reference: Reference, stream: Stream) -> Callable[[View], Reading]:
    real = reference.training.features
    some = as_matrix(real[stream.child("error").permutation(len(real))[:MOST_FOR_ERROR]])

    known: _Within = {}

    def read(sample: View) -> Reading:
        value, spread = _over_subsets(real, sample.features, stream, NUM_SUBSETS, SUBSET_SIZE, known)
        error = np.hypot(_error(some, as_matrix(sample.features)), spread / NUM_SUBSETS**0.5)
        return Reading(value, spread, interval=around(value, float(error)))

    return read


KID = Metric("kid", _against)
