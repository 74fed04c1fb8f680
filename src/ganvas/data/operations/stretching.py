"""Straight lines from an image's own low and high values to 0 and 255."""

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from ganvas.config import Field
from ganvas.data.operations.operation import Operation, to_bytes
from ganvas.images import Pixels


class ContrastStretch(Operation):
    """Linear stretch v' = 255 (v - a) / (b - a), clamped; a and b are percentiles of all colour values together.

    One line for all channels, so greys stay grey. Percentiles are interpolated linearly (numpy's default). An image
    whose a and b are equal stays as it is. Not invertible: a and b are forgotten and the tails clamped.
    Source: Gonzalez and Woods, "Digital Image Processing", 4th edition, section 3.2.
    """

    name: Literal["contrast_stretch"] = "contrast_stretch"
    low: float = Field(default=2.0, ge=0, lt=100, description="Percentile that becomes 0.")
    high: float = Field(default=98.0, gt=0, le=100, description="Percentile that becomes 255.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) has to be below high ({self.high:g})")
        return self

    def _edit(self, pixels: Pixels) -> Pixels:
        low, high = np.percentile(pixels, [self.low, self.high])
        return _stretched(pixels, low, high)


class MinMax(Operation):
    """Linear stretch v' = 255 (v - min) / (max - min) by the image's own lowest and highest colour value.

    One line for all channels; an image of one value stays as it is. Not invertible: both are forgotten.
    """

    name: Literal["min_max"] = "min_max"

    def _edit(self, pixels: Pixels) -> Pixels:
        return _stretched(pixels, float(pixels.min()), float(pixels.max()))


def _stretched(pixels: Pixels, low: float, high: float) -> Pixels:
    if low == high:
        return pixels.copy()
    return to_bytes((pixels - low) * (255 / (high - low)))
