"""Exponential moving average of a generator (Yazici et al. 2019; half-life and ramp as in Karras et al. 2020)."""

import copy

import torch

from ganvas.layers.spectral_norm import SINGULAR_VECTORS
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
        (ours, our_vectors), (theirs, their_vectors) = _floats(self.generator), _floats(self.source)
        torch._foreach_lerp_(ours, theirs, weight)  # pyright: ignore[reportPrivateImportUsage]
        for our_vector, their_vector in zip(our_vectors, their_vectors, strict=True):
            our_vector.copy_(their_vector)


def _floats(module: torch.nn.Module) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Return weights and running statistics, and apart from them spectral norm's vectors, in a fixed order.

    A mean of unit vectors that turn is a short vector, and layers divided by what it tells grow (up to 26 times seen).
    """
    state = module.state_dict().items()
    floats = {name: tensor for name, tensor in state if tensor.is_floating_point()}
    vectors = [tensor for name, tensor in floats.items() if name.endswith(SINGULAR_VECTORS)]
    return [tensor for name, tensor in floats.items() if not name.endswith(SINGULAR_VECTORS)], vectors
