"""CMMD: squared MMD of CLIP features under a Gaussian kernel (Jayasumana et al. 2024, https://arxiv.org/abs/2401.09603).

    k(x, y) = exp(-|x - y|^2 / (2 sigma^2)),   sigma = 10
    CMMD = 1000 (mean over i, j of k(x_i, x_j) + mean over i, j of k(y_i, y_j) - 2 mean over i, j of k(x_i, y_j))

over features of length 1. It assumes no Gaussian features, as FID does, and needs few images. As published the means
take in i = j (eq. 5 of Gretton et al. 2012), so the value is never below 0 and a little above it for equal laws: by
1000 (1 - mean k) (1/N + 1/M), in all.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.metrics.intervals import around, standard_error
from ganvas.metrics.kernel import influence, sums_between, sums_within
from ganvas.metrics.protocol import Metric, Reading, Reference, View, as_matrix
from ganvas.seeds import Stream

SIGMA = 10.0
SCALE = 1_000.0
MOST_REFERENCE = 30_000
"""Real images that are compared with, as in the paper; more are thinned out at random, since the cost is quadratic."""


def gaussian_kernel(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return k(x_i, y_j) [N, M] of vectors of length 1, [N, d] and [M, d]: |x - y|^2 = 2 - 2 x.y."""
    values = first @ second.T
    values -= 1
    values /= SIGMA**2
    return np.exp(values, out=values)


def maximum_mean_discrepancy(reference: NDArray[Any], sample: NDArray[Any]) -> tuple[float, float]:
    """Return CMMD between features [M, d] and [N, d] of any length, and its standard error over samples."""
    return _discrepancy(_unit(reference), _mean_with_itself(_unit(reference)), _unit(sample))


def _discrepancy(real: NDArray[np.float64], within: float, fake: NDArray[np.float64]) -> tuple[float, float]:
    between = sums_between(fake, real, gaussian_kernel)
    others = sums_within(fake, gaussian_kernel)
    value = within + (others.sum() / len(fake) + 1) / len(fake) - 2 * between.mean() / len(real)
    error = standard_error(influence(others, len(fake), between, len(real)))
    return SCALE * max(float(value), 0.0), SCALE * error


def _mean_with_itself(features: NDArray[np.float64]) -> float:
    """Return the mean of k(x_i, x_j) over all i and j."""
    return float((sums_within(features, gaussian_kernel).sum() / len(features) + 1) / len(features))


def _unit(features: NDArray[Any]) -> NDArray[np.float64]:
    matrix = as_matrix(features)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.where(lengths > 0, lengths, 1)


def _against(reference: Reference, stream: Stream) -> Callable[[View], Reading]:
    features = reference.training.features
    real = _unit(features[np.sort(stream.permutation(len(features))[:MOST_REFERENCE])])
    within = _mean_with_itself(real)

    def read(sample: View) -> Reading:
        value, error = _discrepancy(real, within, _unit(sample.features))
        return Reading(value, interval=around(value, error, lowest=0))

    return read


CMMD = Metric("cmmd", _against, suits=("clip",))
