"""Schedules: settings that move from their first value to another while training goes on.

They count images shown to the discriminator, not parts of a run, so a run can be made longer at any time.
"""

import math
from typing import Literal

from ganvas.config import Config, Field


class Schedule(Config):
    """One setting on the move: value(t) = start + (end - start) s(t), t = images / over_images, at most 1.

    linear: s(t) = t. cosine: s(t) = (1 - cos(pi t)) / 2 (Loshchilov and Hutter 2017, eq. 5, without restarts).
    """

    kind: Literal["constant", "linear", "cosine"] = Field(default="constant", description="course of the setting")
    end: float = Field(default=0.0, ge=0, description="value reached at last")
    over_images: int = Field(default=1, ge=1, description="images after which it is reached")

    def value(self, start: float, images: int) -> float:
        """Return the setting after so many images."""
        if self.kind == "constant":
            return start
        passed = min(images / self.over_images, 1.0)
        moved = passed if self.kind == "linear" else (1 - math.cos(math.pi * passed)) / 2
        return start + (self.end - start) * moved


class SchedulesConfig(Config):
    """Which settings move."""

    learning_rate: Schedule = Field(
        default=Schedule(), description="both players' learning rates; the end is a part of their start"
    )
    beta1: Schedule = Field(default=Schedule(), description="beta1 of both players' Adam")
    beta2: Schedule = Field(default=Schedule(), description="beta2 of both players' Adam")
    gamma: Schedule = Field(default=Schedule(), description="weights of R1 and R2; the end is a part of their start")
    average: Schedule = Field(default=Schedule(), description="half-life of the moving average, in images")
    augment: Schedule = Field(default=Schedule(), description="probability of augmentation")
