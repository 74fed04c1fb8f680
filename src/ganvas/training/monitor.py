"""Watches the game: how far from equilibrium it is, and warnings in plain words when it goes wrong (S1.6)."""

import math
from typing import NamedTuple

from ganvas.config import Config, Field

Record = dict[str, float]


class MonitorConfig(Config):
    """When the monitor speaks up."""

    smoothing: float = Field(default=0.98, ge=0, lt=1, description="weight of the past in the smoothed measures")
    patience: int = Field(default=100, ge=1, description="steps that a finding must last before it is told")
    won: float = Field(default=0.97, gt=0.5, lt=1, description="D wins outright when real beats fake this often")
    collapsed: float = Field(
        default=0.35, ge=0, lt=1, description="G collapsed when its diversity is below this part of real's"
    )


class Finding(NamedTuple):
    """Something wrong with the game: a stable name, and what it means and what to do, in words."""

    name: str
    words: str


DISCRIMINATOR_WINS = Finding(
    "discriminator_wins",
    "The discriminator tells real from generated images almost always, so the generator learns little. It may catch "
    "up; if samples stay poor, lower the discriminator's learning rate or raise the R1 weight.",
)
GENERATOR_COLLAPSED = Finding(
    "generator_collapsed",
    "The generated images are much more alike than the real ones: the generator is collapsing. Go back to an earlier "
    "checkpoint, lower both learning rates or raise the R1 weight.",
)


class Monitor:
    """Smooths the measures of each step and judges them. Its state is small, and part of every checkpoint."""

    def __init__(self, config: MonitorConfig) -> None:
        self.config = config
        self.real_beats_fake = math.nan
        self.diversity = math.nan
        self.lasting: dict[str, int] = {}

    def watch(self, record: Record) -> list[Finding]:
        """Take one step's measures in; return the findings that have just lasted for the configured patience."""
        self.real_beats_fake = self._smooth(self.real_beats_fake, record["real_beats_fake"])
        self.diversity = self._smooth(self.diversity, record["diversity"])
        present = {
            DISCRIMINATOR_WINS: self.real_beats_fake > self.config.won,
            GENERATOR_COLLAPSED: self.diversity < self.config.collapsed,
        }
        for finding, holds in present.items():
            self.lasting[finding.name] = self.lasting.get(finding.name, 0) + 1 if holds else 0
        return [finding for finding in present if self.lasting[finding.name] == self.config.patience]

    @property
    def equilibrium(self) -> float:
        """How close the game is to equilibrium: 1 = D cannot tell real from generated, 0 = it always can."""
        return max(0.0, min(1.0, 2 * (1 - self.real_beats_fake)))

    def state(self) -> dict[str, object]:
        """Return what a checkpoint keeps."""
        return {
            "real_beats_fake": self.real_beats_fake,
            "diversity": self.diversity,
            "lasting": dict(self.lasting),
        }

    def load_state(self, state: dict[str, object]) -> None:
        """Go on from the state of a checkpoint."""
        for name in self.state():
            setattr(self, name, state[name])

    def _smooth(self, past: float, value: float) -> float:
        if math.isnan(past):
            return value
        return self.config.smoothing * past + (1 - self.config.smoothing) * value
