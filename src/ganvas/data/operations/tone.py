"""Curves: each value becomes another, wherever it stands."""

from functools import lru_cache
from typing import Literal

import numpy as np

from ganvas.config import Field
from ganvas.data.operations.operation import InvertibleOperation, Operation, to_bytes
from ganvas.images import Pixels


class Gamma(InvertibleOperation):
    """Power curve v' = 255 (v / 255)^gamma in every colour channel; undone with 1 / gamma.

    Bytes that rounding made equal stay so: `round_trip_error` is 0 for gamma 1, 1 for 0.8, 11 for 2.
    Source: Poynton, "Digital Video and HD", 2012, chapter 27.
    """

    name: Literal["gamma"] = "gamma"
    gamma: float = Field(default=0.8, ge=0.1, le=10, description="Exponent: below 1 brightens, above 1 darkens.")

    def round_trip_error(self) -> int:
        """Return the largest difference over all 256 values."""
        there_and_back = _power(1 / self.gamma)[_power(self.gamma)]
        return int(np.abs(there_and_back.astype(int) - np.arange(256)).max())

    def _edit(self, pixels: Pixels) -> Pixels:
        return _power(self.gamma)[pixels]

    def _undo(self, pixels: Pixels) -> Pixels:
        return _power(1 / self.gamma)[pixels]


class Invert(InvertibleOperation):
    """The negative v' = 255 - v in every colour channel; its own inverse, exactly."""

    name: Literal["invert"] = "invert"

    def round_trip_error(self) -> int:
        """Return 0."""
        return 0

    def _edit(self, pixels: Pixels) -> Pixels:
        return 255 - pixels

    def _undo(self, pixels: Pixels) -> Pixels:
        return 255 - pixels


class Posterise(Operation):
    """The nearest of L evenly spaced values: v' = round(255 k / (L - 1)) with k = round(v (L - 1) / 255).

    Not invertible: values fall together.
    """

    name: Literal["posterise"] = "posterise"
    levels: int = Field(default=4, ge=2, le=256, description="Values left of 256.")

    def _edit(self, pixels: Pixels) -> Pixels:
        steps = np.rint(np.arange(256) * ((self.levels - 1) / 255))
        return to_bytes(steps * (255 / (self.levels - 1)))[pixels]


@lru_cache(maxsize=16)
def _power(exponent: float) -> Pixels:
    """Return the curve as a table of 256 bytes."""
    return to_bytes(255 * (np.arange(256) / 255) ** exponent)
