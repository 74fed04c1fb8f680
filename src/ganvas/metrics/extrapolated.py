"""FID infinity: the FID that endless images would have (Chong and Forsyth 2020, https://arxiv.org/abs/1911.07023).

    FID(n) ~ FID(infinity) + slope / n

FID falls with the number of images n, each generator at its own rate, so FIDs of unequal n do not compare, and of equal
n not quite. Here it is measured on random subsets of 15 sizes, evenly spaced up to all N images, and the line against
1/n is followed to 1/n = 0. The sizes begin at 5,000 as in the paper; with fewer images at N/10, but not below 2.5 times
the number of features, where the law fails (the paper's ratio), nor above N/2. The real images stay those there are,
so their own part of the bias stays too. Near the floor the value may fall below 0.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.metrics.frechet import Gaussian, Moments, distance_to, frechet_distance
from ganvas.metrics.intervals import around
from ganvas.metrics.protocol import Metric, Reading, Reference, View
from ganvas.seeds import Stream

NUM_SIZES = 15
USUAL_SMALLEST = 5_000


class Line(NamedTuple):
    """The regression of FID on 1/n: `intercept` is FID infinity, `error` its standard error, `slope` FID times n."""

    intercept: float
    slope: float
    error: float


def subset_sizes(num_samples: int, num_features: int) -> NDArray[np.int64]:
    """Return the sizes [15] of subsets of `num_samples` images."""
    smallest = min(USUAL_SMALLEST, max(num_samples // 10, 5 * num_features // 2), num_samples // 2)
    return np.linspace(smallest, num_samples, NUM_SIZES).round().astype(np.int64)


def distances(real: Gaussian, features: NDArray[Any], sizes: NDArray[np.int64], stream: Stream) -> NDArray[np.float64]:
    """Return the FID of a fresh random subset of features [N, d] for each size but the last, which takes all N."""
    found = []
    for step, size in enumerate(sizes[:-1]):
        chosen = stream._replace(step=step).permutation(len(features))[:size]
        found.append(frechet_distance(real, Moments.of(features[chosen]).gaussian()))
    return np.array([*found, frechet_distance(real, Moments.of(features).gaussian())])


def extrapolate(sizes: NDArray[np.int64], values: NDArray[np.float64]) -> Line:
    """Return the least-squares line of values [n] against 1/sizes [n]."""
    inverse = 1 / sizes
    centred = inverse - inverse.mean()
    slope = float(centred @ values / (centred @ centred))
    intercept = float(values.mean() - slope * inverse.mean())
    variance = np.sum((values - intercept - slope * inverse) ** 2) / (len(sizes) - 2)
    error = np.sqrt(variance * (1 / len(sizes) + inverse.mean() ** 2 / (centred @ centred)))
    return Line(intercept, slope, float(error))


def _against(reference: Reference, stream: Stream) -> Callable[[View], Reading]:
    real = Moments.of(reference.training.features).gaussian()

    def read(sample: View) -> Reading:
        sizes = subset_sizes(*sample.features.shape)
        values = distances(real, sample.features, sizes, stream)
        line = extrapolate(sizes, values)
        _, error = distance_to(real, sample.features)
        details = {"sizes": sizes.tolist(), "values": values.tolist(), "slope": line.slope}
        return Reading(line.intercept, line.error, details, around(line.intercept, float(np.hypot(error, line.error))))

    return read


EXTRAPOLATED_FID = Metric("fid-infinity", _against, fewest_samples=50, costly=True)
"""`spread` is the standard error of the intercept; costly, since it is 15 FIDs."""
