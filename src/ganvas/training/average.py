"""Exponential moving average of a generator (Yazici et al. 2019; half-life and ramp as in Karras et al. 2020)."""

import copy

import torch

from ganvas.players import Generator
from ganvas.training.settings import AverageConfig


class MovingAverage:
    """Keeps `generator`, the averaged twin of the one in training; the very same one when there is no average."""

    def __init__(self, source: Generator, config: AverageConfig) -> None:
        self.config = config
        self.source = source
        self.generator = copy.deepcopy(source).eval().requires_grad_(False) if self.separate else source

    @property
    def separate(self) -> bool:
        """Whether there is an average beside the generator in training."""
        return self.config.halflife_images > 0

    @torch.no_grad()
    def update(self, batch_size: int, images_seen: int, halflife: float | None = None) -> None:
        """Move towards the source: a' = a + (1 - decay) (s - a), decay = 0.5^(batch / half-life).

        `halflife` is that of a schedule, in images; None takes the configured one.
        """
        if not self.separate:
            return
        halflife = self.config.halflife_images if halflife is None else halflife
        if self.config.ramp:
            halflife = min(halflife, self.config.ramp * images_seen)
        weight = 1 - 0.5 ** (batch_size / max(halflife, 1e-8))
        ours, theirs = _floats(self.generator), _floats(self.source)
        torch._foreach_lerp_(ours, theirs, weight)  # pyright: ignore[reportPrivateImportUsage]


def _floats(module: torch.nn.Module) -> list[torch.Tensor]:
    """Return weights and running statistics, in a fixed order."""
    return [tensor for tensor in module.state_dict().values() if tensor.is_floating_point()]
