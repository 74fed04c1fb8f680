"""Fréchet (Inception) distance (Heusel et al. 2017, https://arxiv.org/abs/1706.08500, eq. 6).

For Gaussians with covariances S_i = F_i^T F_i the distance has two equal forms (Bures 1969; Bhatia et al. 2019):

    |m1 - m2|^2 + Tr S1 + Tr S2 - 2 |F1 F2^T|_*  =  |m1 - m2|^2 + min over orthogonal Q of |F1 - Q F2|_F^2

The right one is computed: a sum of squares, so never negative, exact where the sets are equal, and right for
singular covariances (fewer images than features). The statistics keep the triangular factor F of the data rather
than the covariance, which would square its condition number.

Statistics of parts merge into those of the whole, in any order: of batches, so that memory stays flat however many
images there are, or of the machines that share them.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ganvas.errors import DataError
from ganvas.metrics.intervals import around, standard_error
from ganvas.metrics.protocol import Metric, Reading, Reference, View, as_matrix, require_same_width
from ganvas.seeds import Stream

_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Gaussian:
    """A normal law: mean [d] and a factor [r, d] of its covariance, covariance = factor^T factor."""

    mean: NDArray[np.float64]
    factor: NDArray[np.float64]

    @classmethod
    def of_covariance(cls, mean: NDArray[Any], covariance: NDArray[Any]) -> "Gaussian":
        """Build from a mean [d] and a covariance [d, d], which may be singular."""
        eigenvalues, eigenvectors = np.linalg.eigh(np.asarray(covariance, np.float64))
        factor = np.sqrt(eigenvalues.clip(0))[:, None] * eigenvectors.T
        return cls(np.asarray(mean, np.float64), factor)


@dataclass(frozen=True)
class Moments:
    """Running statistics of features: `factor` [r, d] with factor^T factor = sum of (x - mean)(x - mean)^T."""

    count: int
    mean: NDArray[np.float64]
    factor: NDArray[np.float64]

    @classmethod
    def empty(cls, num_features: int) -> "Moments":
        """Return the statistics of no images at all."""
        return cls(0, np.zeros(num_features), np.zeros((0, num_features)))

    @classmethod
    def of(cls, features: NDArray[Any]) -> "Moments":
        """Return the statistics of features [N, d]."""
        return cls.empty(features.shape[-1]).update(features)

    def update(self, features: NDArray[Any]) -> "Moments":
        """Return the statistics with features [N, d] added, a block of rows at a time."""
        require_same_width(self.factor, features)
        moments, step = self, max(_ROWS_AT_ONCE, 4 * len(self.mean))
        for start in range(0, len(features), step):
            block = as_matrix(features[start : start + step])
            mean = block.mean(axis=0)
            moments = moments.merge(Moments(len(block), mean, block - mean))
        return moments

    def merge(self, other: "Moments") -> "Moments":
        """Return the statistics of both sets together (Chan, Golub and LeVeque 1983, eq. 1.5).

        scatter = scatter1 + scatter2 + n1 n2 / n (m2 - m1)(m2 - m1)^T, kept as stacked rows.
        """
        count = self.count + other.count
        if not (self.count and other.count):
            return self if self.count else other
        shift = other.mean - self.mean
        between = math.sqrt(self.count * other.count / count) * shift
        factor = np.concatenate([self.factor, other.factor, between[None]])
        mean = self.mean + shift * (other.count / count)
        return Moments(count, mean, _triangular(factor) if len(factor) > 3 * len(mean) else factor)

    def gaussian(self) -> Gaussian:
        """Return the Gaussian with this mean and the covariance with N - 1.

        Raises `DataError` where they are of fewer than 2 images.
        """
        if self.count < 2:
            raise DataError(f"A covariance needs at least 2 images; found {self.count}. Give more images.")
        return Gaussian(self.mean, _triangular(self.factor) / math.sqrt(self.count - 1))


def merged(parts: Iterable[Moments]) -> Moments:
    """Return the statistics of all parts together, as each machine or batch has them of its own images.

    Raises `DataError` where there are none.
    """
    parts = iter(parts)
    if (whole := next(parts, None)) is None:
        raise DataError("Statistics of at least one part were expected; there are none. Give some images.")
    for part in parts:
        whole = whole.merge(part)
    return whole


def streamed(batches: Iterable[NDArray[Any]]) -> Moments:
    """Return the statistics of features [n, d] that come batch by batch; only one batch is in memory at a time."""
    return merged(Moments.of(batch) for batch in batches)


@dataclass(frozen=True)
class Coupling:
    """Two Gaussians and the best way from the second to the first.

    `distance` is the squared Fréchet distance. `root` [d, r] is a root of the linear part of the optimal transport,
    T = root root^T = F1^T (F1 S2 F1^T)^(-1/2) F1 (Peyré and Cuturi 2019, remark 2.31).
    """

    first: Gaussian
    second: Gaussian
    distance: float
    root: NDArray[np.float64]

    def influence(self, features: NDArray[Any]) -> NDArray[np.float64]:
        """Return the influence [N] on the distance of images of the second law, features [N, d], up to a constant.

        psi(y) = 2 (m2 - m1).(y - m2) + |y - m2|^2 - (y - m2)^T T (y - m2): the derivative of the distance along m2, S2.
        """
        parts, step = [], max(_ROWS_AT_ONCE, 4 * len(self.second.mean))
        for start in range(0, len(features), step):
            centred = as_matrix(features[start : start + step]) - self.second.mean
            along = centred @ (2 * (self.second.mean - self.first.mean))
            parts.append(along + np.sum(centred**2, axis=1) - np.sum((centred @ self.root) ** 2, axis=1))
        return np.concatenate(parts)


def couple(first: Gaussian, second: Gaussian) -> Coupling:
    """Return the Fréchet distance between two Gaussians over the same d numbers, with their optimal transport."""
    require_same_width(first.factor, second.factor)
    one, two = first.factor, second.factor
    left, stretch, right = np.linalg.svd(one @ two.T, full_matrices=False)
    turn = left @ right  # orthonormal columns or rows: the best one, by Procrustes (Schönemann 1966)
    residual = one - turn @ two if len(one) >= len(two) else turn.T @ one - two
    kept = stretch > 1e-10 * stretch.max(initial=0.0)
    root = (one.T @ left[:, kept]) / np.sqrt(stretch[kept])
    return Coupling(first, second, float(np.sum((first.mean - second.mean) ** 2) + np.sum(residual**2)), root)


def frechet_distance(first: Gaussian, second: Gaussian) -> float:
    """Return the squared Fréchet distance between two Gaussians over the same d numbers: at least 0."""
    return couple(first, second).distance


def distance_to(real: Gaussian, features: NDArray[Any]) -> tuple[float, float]:
    """Return the Fréchet distance of features [N, d] from a law, and its standard error."""
    coupling = couple(real, Moments.of(features).gaussian())
    return coupling.distance, standard_error(coupling.influence(features))


def _triangular(factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a factor of the same scatter with at most d rows."""
    if len(factor) <= factor.shape[1]:
        return factor
    return torch.linalg.qr(torch.from_numpy(factor), mode="r").R.numpy()  # twice as fast as numpy's


def _against(reference: Reference, _stream: Stream) -> Callable[[View], Reading]:
    real = Moments.of(reference.training.features).gaussian()

    def read(sample: View) -> Reading:
        value, error = distance_to(real, sample.features)
        return Reading(value, interval=around(value, error, lowest=0))

    return read


FID = Metric("fid", _against)
