"""Fréchet (Inception) distance (Heusel et al. 2017, https://arxiv.org/abs/1706.08500, eq. 6).

For Gaussians with covariances S_i = F_i^T F_i the distance has two equal forms (Bures 1969; Bhatia et al. 2019):

    |m1 - m2|^2 + Tr S1 + Tr S2 - 2 |F1 F2^T|_*  =  |m1 - m2|^2 + min over orthogonal Q of |F1 - Q F2|_F^2

The right one is computed: a sum of squares, so never negative, exact where the sets are equal, and right for
singular covariances (fewer images than features). The statistics keep the triangular factor F of the data rather
than the covariance, which would square its condition number.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ganvas.errors import DataError
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
        """Return the Gaussian with this mean and the covariance with N - 1."""
        if self.count < 2:
            raise DataError(f"A covariance needs at least 2 images; found {self.count}. Give more images.")
        return Gaussian(self.mean, _triangular(self.factor) / math.sqrt(self.count - 1))


def frechet_distance(first: Gaussian, second: Gaussian) -> float:
    """Return the squared Fréchet distance between two Gaussians over the same d numbers: at least 0."""
    require_same_width(first.factor, second.factor)
    rows = max(len(first.factor), len(second.factor))
    one, two = (np.pad(law.factor, ((0, rows - len(law.factor)), (0, 0))) for law in (first, second))
    left, _, right = np.linalg.svd(one @ two.T)  # the nearest orthogonal matrix: Procrustes (Schönemann 1966)
    residual = one - left @ (right @ two)
    return float(np.sum((first.mean - second.mean) ** 2) + np.sum(residual**2))


def _triangular(factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a factor of the same scatter with at most d rows."""
    if len(factor) <= factor.shape[1]:
        return factor
    return torch.linalg.qr(torch.from_numpy(factor), mode="r").R.numpy()  # twice as fast as numpy's


def _against(reference: Reference, _stream: Stream) -> Callable[[View], Reading]:
    real = Moments.of(reference.training.features).gaussian()
    return lambda sample: Reading(frechet_distance(real, Moments.of(sample.features).gaussian()))


FID = Metric("fid", _against)
