"""Scalings that treat each value by itself: (x - offset) / divisor."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ganvas.data.scalings.contract import Scaling, ScalingSettings, Shape, Values, told
from ganvas.data.scalings.moments import Chunks, Moments, moments_of

_AXES = {"global": (0, 1, 2), "channel": (0, 1), "pixel": ()}


@dataclass(frozen=True)
class Coordinatewise(Scaling):
    """The scaling (x - offset) / divisor with arrays that broadcast to [H, W, C].

    Exact for all 256 values: a float32 is wrong by at most 2^-24 of itself, so x comes back to within 255 * 2^-24.
    """

    offset: Values
    divisor: Values

    def constants(self) -> dict[str, Any]:
        """Return formula, offset and divisor."""
        formula = "(x - offset) / divisor"
        return {"formula": formula, "offset": told(self.offset), "divisor": told(self.divisor)}

    def arrays(self) -> dict[str, Values]:
        """Return offset and divisor."""
        return {"offset": self.offset, "divisor": self.divisor}

    def fits(self) -> bool:
        """Return whether both broadcast to [H, W, C] and every divisor is positive."""
        shapes = {(1, 1, 1), (1, 1, self.shape[2]), self.shape}
        return {self.offset.shape, self.divisor.shape} <= shapes and bool((self.divisor > 0).all())

    def _forward(self, values: Values) -> Values:
        return (values - self.offset) / self.divisor

    def _backward(self, values: Values) -> Values:
        return values * self.divisor + self.offset


def fixed(settings: ScalingSettings, shape: Shape) -> Coordinatewise:
    """Return `symmetric`, x / 127.5 - 1, or `unit`, x / 255."""
    offset, divisor = (127.5, 127.5) if settings.scaling == "symmetric" else (0.0, 255.0)
    return Coordinatewise(settings, shape, _constant(offset), _constant(divisor))


def fit_min_max(settings: ScalingSettings, chunks: Chunks) -> Coordinatewise:
    """Return 2 (x - lowest) / (highest - lowest) - 1, over all values or each channel; a range of 0 counts as 2."""
    places = moments_of(chunks())
    found = places.over(_AXES[settings.scaling_over])
    half = (found.highest - found.lowest) / 2
    middle = (found.highest + found.lowest) / 2
    return Coordinatewise(settings, _shape(places), middle, np.where(half == 0, 1.0, half))


def fit_standard(settings: ScalingSettings, chunks: Chunks) -> Coordinatewise:
    """Return (x - mean) / deviation divided by one bound, the largest absolute value in the training images.

    One bound keeps the mean at 0 and the deviations equal. Deviations below `scaling_min_deviation` count as that.
    Beware of `scaling_over="pixel"`: a place that is nearly always black makes the bound large and all else small.
    """
    places = moments_of(chunks())
    found = places.over(_AXES[settings.scaling_over])
    deviation = np.maximum(found.deviation, settings.scaling_min_deviation)
    return _bounded(settings, places, found.mean, deviation)


def fit_centre(settings: ScalingSettings, chunks: Chunks) -> Coordinatewise:
    """Return (x - mean image) divided by one bound, the largest absolute value in the training images."""
    places = moments_of(chunks())
    return _bounded(settings, places, places.mean, _constant(1.0))


def _bounded(settings: ScalingSettings, places: Moments, mean: Values, deviation: Values) -> Coordinatewise:
    reach = np.maximum(places.highest - mean, mean - places.lowest) / deviation
    bound = float(reach.max()) or 1.0
    return Coordinatewise(settings, _shape(places), mean, deviation * bound)


def _shape(places: Moments) -> Shape:
    height, width, channels = places.mean.shape
    return height, width, channels


def _constant(value: float) -> Values:
    return np.full((1, 1, 1), value)
