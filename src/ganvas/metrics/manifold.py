"""Precision, recall, density and coverage: fidelity and variety apart, by balls around k-th nearest neighbours.

    precision  share of generated images inside the ball of some real one       (Kynkäänniemi et al. 2019, eq. 1 and 2)
    recall     share of real images inside the ball of some generated one
    density    real balls that hold a generated image, mean over them, over k   (Naeem et al. 2020, eq. 4)
    coverage   share of real balls that hold a generated image                  (Naeem et al. 2020, eq. 5)

Standard errors are those of means for precision and density. Coverage and recall lose, with an image, the balls that
it alone was in; from these losses the jackknife tells their standard error, on average not too small (Efron and Stein
1981, https://doi.org/10.1214/aos/1176345462).

A ball reaches to the k-th nearest neighbour within its own set, which lies outside it (<), as in the program that Naeem
et al. published; it matters only where images are repeated. k is 3 for the first two, 5 for the last two, as published.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import DataError
from ganvas.metrics.intervals import around, of_share, standard_error
from ganvas.metrics.protocol import Metric, Reading, Reference, View, as_matrix, require_same_width
from ganvas.seeds import Stream

MOST_REFERENCE = 10_000
"""Real images that balls are drawn around; more are thinned out at random, since the cost is quadratic."""
_ROWS_AT_ONCE = 1024


class Neighbourhoods(NamedTuple):
    """What one sample and the reference tell of each other, in [0, 1] (density may exceed 1)."""

    precision: float
    recall: float
    density: float
    coverage: float


def neighbourhoods(reference: NDArray[Any], sample: NDArray[Any], k: int) -> Neighbourhoods:
    """Return all four for features [N, d] of real and [M, d] of generated images, in float64 and bounded memory."""
    return with_errors(reference, sample, k)[0]


def with_errors(reference: NDArray[Any], sample: NDArray[Any], k: int) -> tuple[Neighbourhoods, Neighbourhoods]:
    """Return all four for features [N, d] of real and [M, d] of generated images, and their standard errors."""
    return _between(Balls.around(reference, (k,)), sample)[k]


class Balls(NamedTuple):
    """Features [N, d], and around each the squared radius [N] of its ball for every k."""

    features: NDArray[np.float64]
    squared_radii: dict[int, NDArray[np.float64]]

    @classmethod
    def around(cls, features: NDArray[Any], ks: tuple[int, ...]) -> "Balls":
        """Return the balls around features [N, d] for every k that there are images enough for; for one at least."""
        matrix = as_matrix(features)
        usable = [k for k in ks if k < len(matrix)] or [min(ks)]
        return cls(matrix, dict(zip(usable, squared_radii(matrix, usable), strict=True)))


def _between(real: Balls, sample: NDArray[Any]) -> dict[int, tuple[Neighbourhoods, Neighbourhoods]]:
    """Return, for each k, all four with their standard errors; the distances are computed once."""
    require_same_width(real.features, sample)
    fake = Balls.around(sample, tuple(real.squared_radii))
    counts = {k: _Counts.none(len(sample)) for k in fake.squared_radii}
    for start in range(0, len(real.features), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        distances = _squared_distances(real.features[rows], fake.features)
        for k, radii in fake.squared_radii.items():
            counts[k] = counts[k].and_of(distances < real.squared_radii[k][rows, None], distances < radii)
    return {k: found.told(len(real.features), k) for k, found in counts.items()}


class _Counts(NamedTuple):
    """Real balls that hold each of M generated images, and who holds whom alone."""

    inside: NDArray[np.int64]
    covering: "_Holders"
    recalling: "_Holders"

    @classmethod
    def none(cls, num_samples: int) -> "_Counts":
        nothing = _Holders.none(num_samples)
        return cls(np.zeros(num_samples, np.int64), nothing, nothing)

    def and_of(self, within: NDArray[np.bool_], recalled: NDArray[np.bool_]) -> "_Counts":
        """Add a block [rows, M]: which real ball holds which generated image, and the other way round."""
        return _Counts(self.inside + within.sum(0), self.covering.and_of(within), self.recalling.and_of(recalled))

    def told(self, num_real: int, k: int) -> tuple[Neighbourhoods, Neighbourhoods]:
        inside, covering, recalling = self
        influences = (inside > 0, recalling.influence(num_real), inside / k, covering.influence(num_real))
        values = (influences[0].mean(), recalling.held / num_real, influences[2].mean(), covering.held / num_real)
        return Neighbourhoods(*map(float, values)), Neighbourhoods(*map(standard_error, influences))


class _Holders(NamedTuple):
    """How many real images some generated one holds, and how many each [M] holds alone."""

    held: int
    alone: NDArray[np.int64]

    @classmethod
    def none(cls, num_samples: int) -> "_Holders":
        return cls(0, np.zeros(num_samples, np.int64))

    def and_of(self, holds: NDArray[np.bool_]) -> "_Holders":
        """Add a block [rows, M] of which generated image holds which real one."""
        holders = holds.sum(1)
        owners = holds[holders == 1].argmax(1)
        alone = self.alone + np.bincount(owners, minlength=len(self.alone))
        return _Holders(self.held + int((holders > 0).sum()), alone)

    def influence(self, num_real: int) -> NDArray[np.float64]:
        return self.alone.astype(np.float64) * (len(self.alone) / num_real)


def squared_radii(features: NDArray[np.float64], ks: Sequence[int]) -> NDArray[np.float64]:
    """Return the squared distance [K, N] of each row to its k-th nearest neighbour, itself left out, for every k."""
    _require_more_than(max(ks), len(features))
    parts = [
        np.partition(_squared_distances(features[start : start + _ROWS_AT_ONCE], features), ks, axis=1)[:, ks].T
        for start in range(0, len(features), _ROWS_AT_ONCE)
    ]
    return np.concatenate(parts, axis=1)


def _require_more_than(k: int, found: int) -> None:
    if found <= k:
        raise DataError(f"{k} nearest neighbours need more than {k} images; found {found}. Give more images.")


def _squared_distances(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return |x_i - y_j|^2 [N, M] = |x|^2 + |y|^2 - 2 x.y, never below 0."""
    distances = -2 * (first @ second.T)
    distances += (first * first).sum(1)[:, None]
    distances += (second * second).sum(1)
    return np.maximum(distances, 0, out=distances)


def _metric(name: str, k: int) -> Metric:
    def against(reference: Reference, stream: Stream) -> Callable[[View], Reading]:
        training, shared = reference.training.features, reference.shared

        def balls() -> Balls:
            some = stream._replace(purpose="metrics/manifold").permutation(len(training))[:MOST_REFERENCE]
            return Balls.around(training[np.sort(some)], (3, 5))

        def read(sample: View) -> Reading:
            _require_more_than(k, min(len(training), len(sample.features)))
            real = shared.once(f"balls of seed {stream.seed}", training, balls)
            told = shared.once("neighbourhoods", sample.features, lambda: _between(real, sample.features))
            value, error = (getattr(found, name) for found in told[k])
            if name == "precision":
                return Reading(value, interval=of_share(value, len(sample.features)))
            return Reading(value, interval=around(value, error, 0, np.inf if name == "density" else 1))

        return read

    return Metric(f"k{k}-{name}", against, lower_is_better=False, fewest_samples=k + 1)


PRECISION, RECALL = _metric("precision", 3), _metric("recall", 3)
DENSITY, COVERAGE = _metric("density", 5), _metric("coverage", 5)
