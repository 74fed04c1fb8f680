"""Kernel (Inception) distance (Bińkowski et al. 2018, https://arxiv.org/abs/1801.01401, section 4).

    k(x, y) = (x.y / d + 1)^3
    MMD^2 = mean over i != j of k(x_i, x_j) + mean over i != j of k(y_i, y_j) - 2 mean of k(x_i, y_j)

This estimate is unbiased: about zero for equal laws, and so negative about half of the time there.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import DataError
from ganvas.metrics.protocol import Metric, Reading, Reference, View, as_matrix, require_same_width
from ganvas.seeds import Stream

NUM_SUBSETS = 100
SUBSET_SIZE = 1_000
_ROWS_AT_ONCE = 2_048


def squared_mmd(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the unbiased MMD^2 between all of features [N, d] and all of [M, d], in float64 and bounded memory."""
    require_same_width(first, second)
    first, second = as_matrix(first), as_matrix(second)
    return _mean_within(first) + _mean_within(second) - 2 * _mean_between(first, second)


def kernel_distance(
    reference: NDArray[Any],
    sample: NDArray[Any],
    stream: Stream,
    num_subsets: int = NUM_SUBSETS,
    subset_size: int = SUBSET_SIZE,
) -> tuple[float, float]:
    """Return mean and standard deviation of MMD^2 over random subsets without replacement.

    A set smaller than `subset_size` makes the subsets of both as small.
    """
    require_same_width(reference, sample)
    size = min(subset_size, len(reference), len(sample))
    ones = _subsets(reference, stream.child("reference"), num_subsets, size)
    twos = _subsets(sample, stream.child("sample"), num_subsets, size)
    values = [squared_mmd(one, two) for one, two in zip(ones, twos, strict=True)]
    return float(np.mean(values)), float(np.std(values))


def _subsets(features: NDArray[Any], stream: Stream, num_subsets: int, size: int) -> Iterator[NDArray[np.float64]]:
    for step in range(num_subsets):
        chosen = stream._replace(step=step).permutation(len(features))[:size]
        yield as_matrix(features[chosen])


def _kernel(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    values = first @ second.T
    values /= first.shape[1]
    values += 1
    squared = values * values
    return np.multiply(squared, values, out=squared)


def _mean_within(features: NDArray[np.float64]) -> float:
    """Return the mean of k(x_i, x_j) over i != j: blocks on the diagonal once, those above it twice."""
    count, total = len(features), 0.0
    if count < 2:
        raise DataError(f"KID needs at least 2 images in each set; found {count}. Give more images.")
    for start in range(0, count, _ROWS_AT_ONCE):
        stop = start + _ROWS_AT_ONCE
        block = features[start:stop]
        square = _kernel(block, block)
        total += float(square.sum() - square.trace())
        if stop < count:
            total += 2 * _total_between(block, features[stop:])
    return total / (count * (count - 1))


def _mean_between(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return _total_between(first, second) / (len(first) * len(second))


def _total_between(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return sum(
        float(_kernel(first[row : row + _ROWS_AT_ONCE], second[column : column + _ROWS_AT_ONCE]).sum())
        for row in range(0, len(first), _ROWS_AT_ONCE)
        for column in range(0, len(second), _ROWS_AT_ONCE)
    )


def _against(reference: Reference, stream: Stream) -> Callable[[View], Reading]:
    real = reference.training.features
    return lambda sample: Reading(*kernel_distance(real, sample.features, stream))


KID = Metric("kid", _against)
