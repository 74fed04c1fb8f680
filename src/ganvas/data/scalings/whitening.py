"""Whitening: values turned so that the training images are uncorrelated and of variance 1, and back.

With the covariance S = U diag(l) U^T and e the setting `scaling_epsilon`, in squared levels:
PCA: v = (x - mean) U diag(l + e)^(-1/2), the k largest l kept, laid out in the order of the image, zeros behind;
ZCA: v = (x - mean) U diag(l + e)^(-1/2) U^T, the whitening nearest to the images themselves.
Both are divided by one bound, the largest absolute value in the training images.
Source: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009, appendix A; Kessy, Lewin and
Strimmer, "Optimal Whitening and Decorrelation", The American Statistician 72 (2018).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganvas.data.scalings.contract import Scaling, ScalingSettings, Shape, Values, told
from ganvas.data.scalings.moments import Chunks, checked, covariance_of, moments_of
from ganvas.errors import ConfigurationError
from ganvas.images import Pixels

MAX_VALUES = 4096
"""Largest H W C: the covariance then takes 128 MiB."""


@dataclass(frozen=True)
class Whitening(Scaling):
    """PCA or ZCA whitening by a mean [H, W, C], directions [D, k] (columns) and their variances [k].

    With all D directions every image of bytes comes back exactly. Rounding v to float32 moves a value by at most
    |row of the inverse| 2^-24 |v| <= sqrt(127.5^2 + e) 2^-24 255 sqrt(D / e), which is below 0.4 levels for
    D <= 4,096 and e >= 0.1. With fewer the nearest point of their span comes back; `lost_variance` is the
    mean squared error of the training images, in squared levels for each value.
    """

    mean: Values
    directions: Values
    variances: Values
    bound: Values
    lost_variance: Values

    def constants(self) -> dict[str, Any]:
        """Return formula, the sizes of what was fitted, and what a smaller number of directions loses."""
        back = "" if self.settings.scaling == "pca" else " U^T"
        return {
            "formula": f"(x - mean) U diag(variances + scaling_epsilon)^(-1/2){back} / bound",
            "mean": told(self.mean),
            "variances": told(self.variances),
            "bound": float(self.bound[0]),
            "num_directions": self.directions.shape[1],
            "lost_variance": float(self.lost_variance[0]),
        }

    def arrays(self) -> dict[str, Values]:
        """Return mean, directions, variances, bound and lost variance."""
        names = ("mean", "directions", "variances", "bound", "lost_variance")
        return {name: getattr(self, name) for name in names}

    def fits(self) -> bool:
        """Return whether the directions are as many as the variances and as long as the mean."""
        kept = self.settings.scaling_components or self.mean.size
        shapes = (self.shape, (self.mean.size, kept), (kept,), (1,), (1,))
        sound = tuple(array.shape for array in self.arrays().values()) == shapes
        return sound and bool((self.variances >= 0).all()) and bool((self.bound > 0).all())

    def _forward(self, values: Values) -> Values:
        turned = (values - self.mean).reshape(len(values), -1) @ self.directions
        return self._laid_out(turned / self._deviations()) / self.bound

    def _backward(self, values: Values) -> Values:
        flat = values.reshape(len(values), -1) * self.bound
        num_kept = self.directions.shape[1]
        turned = flat[:, :num_kept] if self.settings.scaling == "pca" else flat @ self.directions
        return ((turned * self._deviations()) @ self.directions.T).reshape(values.shape) + self.mean

    def _laid_out(self, turned: Values) -> Values:
        """Return coordinates [N, k] as [N, H, W, C]."""
        if self.settings.scaling == "zca":
            flat = turned @ self.directions.T
        else:
            flat = np.pad(turned, [(0, 0), (0, self.mean.size - turned.shape[1])])
        return flat.reshape(-1, *self.shape)

    def _deviations(self) -> Values:
        return np.sqrt(self.variances + self.settings.scaling_epsilon)

    def reach(self, chunks: Iterable[Pixels]) -> float:
        """Return the largest absolute value in images [N, H, W, C]; 0 where none differs from the mean."""
        return max(float(np.abs(self._forward(pixels.astype(np.float64))).max()) for pixels in chunks)


def fit_whitening(settings: ScalingSettings, chunks: Chunks) -> Whitening:
    """Return PCA or ZCA whitening fitted in three passes: mean, covariance, bound."""
    places = moments_of(chunks())
    height, width, channels = places.mean.shape
    num_values = places.mean.size
    found, vectors = np.linalg.eigh(covariance_of(chunks(), places.mean))
    variances, directions = np.maximum(found[::-1], 0), vectors[:, ::-1]
    kept = settings.scaling_components or num_values
    lost = variances[kept:].sum() / num_values
    directions = np.ascontiguousarray(_signed(directions[:, :kept]))
    parts = (settings, (height, width, channels), places.mean, directions, variances[:kept])
    reach = Whitening(*parts, np.ones(1), np.array([lost])).reach(checked(chunks()))
    return Whitening(*parts, np.array([reach or 1.0]), np.array([lost]))


def _signed(directions: Values) -> Values:
    """Return the directions with the largest entry of each positive: the sign is free, so it is agreed."""
    largest = np.abs(directions).argmax(axis=0)
    return directions * np.where(directions[largest, np.arange(directions.shape[1])] < 0, -1.0, 1.0)


def expect_whitening(settings: ScalingSettings, shape: Shape) -> None:
    """Raise `ConfigurationError` where images of this shape cannot be whitened so."""
    num_values = math.prod(shape)
    if (settings.scaling_components or 1) > num_values:
        raise ConfigurationError(
            f"scaling_components is {settings.scaling_components}; images of {num_values:,} values have at most so "
            "many."
        )
    if num_values > MAX_VALUES:
        raise ConfigurationError(
            f"{settings.scaling} whitening is for images of at most {MAX_VALUES:,} values (36x36 in colour, 64x64 in "
            f"grey); these have {num_values:,}. Choose a smaller size, or the scaling `standard`."
        )
