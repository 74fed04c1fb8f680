"""Monge (Inception) distance, MIND (Berthet et al. 2026, https://arxiv.org/abs/2605.06797).

    MIND = 3 d * mean over directions u of W2^2(u.x, u.y)

Along one direction the squared Wasserstein distance of equal-sized samples is the mean squared difference of the
sorted values. It needs no covariance, so small samples do, and it sees differences beyond the second moment.

Its standard error comes from the influence of each image: the mean over directions of the Kantorovich potential phi
at u.y, with phi' (y) = 2 (y - T(y)), where T carries y to the real value of the same rank (Santambrogio 2015, "Optimal
Transport for Applied Mathematicians", proposition 7.17).
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import DataError
from ganvas.metrics.intervals import around, standard_error
from ganvas.metrics.protocol import Metric, Reading, Reference, View, as_matrix, require_same_width
from ganvas.seeds import Stream

NUM_DIRECTIONS = 1_000
_DIRECTIONS_AT_ONCE = 100


def random_directions(num_features: int, stream: Stream, num_directions: int = NUM_DIRECTIONS) -> NDArray[np.float64]:
    """Return unit vectors [num_directions, num_features], uniform on the sphere; draw them once for many scores."""
    normal = stream.normal(num_directions, num_features)
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


def sliced_distance(first: NDArray[Any], second: NDArray[Any], directions: NDArray[np.float64]) -> float:
    """Return MIND between features [N, d] and [N, d] along `directions` [K, d]."""
    total = 0.0
    for one, two in _projected(first, second, directions):
        one.sort(axis=1)
        two.sort(axis=1)
        total += float(np.sum((one - two) ** 2))
    return 3 * first.shape[1] * total / (len(directions) * len(first))


def with_influence(
    first: NDArray[Any], second: NDArray[Any], directions: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Return MIND and the influence [N] on it of the images of `second`, up to a constant."""
    total, influence = 0.0, np.zeros(len(second))
    for one, two in _projected(first, second, directions):
        one.sort(axis=1)
        order = np.argsort(two, axis=1)
        two = np.take_along_axis(two, order, axis=1)
        total += float(np.sum((one - two) ** 2))
        steps = np.diff(two, axis=1) * (two[:, 1:] + two[:, :-1] - one[:, 1:] - one[:, :-1])
        potentials = np.cumsum(np.pad(steps, ((0, 0), (1, 0))), axis=1)
        potentials -= potentials.mean(axis=1, keepdims=True)
        influence += np.bincount(order.ravel(), potentials.ravel(), minlength=len(second))
    scale = 3 * first.shape[1] / len(directions)
    return scale * total / len(first), scale * influence


def _projected(
    first: NDArray[Any], second: NDArray[Any], directions: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Yield both sets along some directions at a time, [K, N] each."""
    require_same_width(first, second)
    if len(first) != len(second) or not len(first):
        raise DataError(
            f"MIND compares sets of equal size; found {len(first)} and {len(second)} images. "
            "Take as many of one as of the other."
        )
    first, second = as_matrix(first), as_matrix(second)
    centre = first.mean(axis=0)  # no direction sees a common shift; smaller numbers round less
    for start in range(0, len(directions), _DIRECTIONS_AT_ONCE):
        some = directions[start : start + _DIRECTIONS_AT_ONCE]
        yield some @ (first - centre).T, some @ (second - centre).T


def _against(reference: Reference, stream: Stream) -> Callable[[View], Reading]:
    """Meet each sample with as many reference images, drawn at random but always the same."""
    real = reference.training.features
    count, num_features = real.shape
    directions = random_directions(num_features, stream.child("directions"))
    order = stream.child("reference").permutation(count)

    def read(sample: View) -> Reading:
        chosen = order[: len(sample.features)]
        value, influence = with_influence(real[chosen], sample.features, directions)
        return Reading(value, interval=around(value, standard_error(influence), lowest=0))

    return read


MIND = Metric("mind", _against)
