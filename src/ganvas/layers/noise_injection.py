"""Noise injection: one map of random numbers is added to all channels, for the details that a latent need not name.

Formula: y = x + g n, n ~ N(0, 1) of each place, the same in all channels; the strength g starts at 0
Shapes: [N, C, H, W] -> [N, C, H, W]
Parameters: 1
Use it when: in G, after each convolution and before its activation (StyleGAN): hair, skin and leaves vary without
    wasting latents on them; in D not
Beware: it draws in evaluation too: an image is a function of the latents and of the stream it was given, so interpolate
    with the stream kept; on small, simple pictures (digits) g stays near 0, and it may be left out
Paper: Karras, Laine and Aila 2019, "A Style-Based Generator Architecture for Generative Adversarial Networks"; one
    strength for all channels as in Karras et al. 2020
See also: modulated_convolution, dropout
"""

from typing import Literal

import torch
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.errors import TrainingError
from ganvas.layers.layer import Around, Layer, Shape, expect_image
from ganvas.players import RandomLayer


class NoiseInjection(RandomLayer):
    """Adds a map of normal noise times a learnt strength; sample i's map is a function of the stream and i alone."""

    def __init__(self) -> None:
        super().__init__()
        self.strength = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to the same shape; raise `TrainingError` without a stream to draw from."""
        if self.stream is None:
            raise TrainingError("Noise injection has no stream to draw from: call `give_stream(player, stream)` first.")
        num, _, height, width = x.shape
        noise = torch.from_numpy(self.stream.normal(num, height * width)).view(num, 1, height, width)
        return x + self.strength * noise.to(x.dtype).to(x.device, non_blocking=True)


class Config(Layer):
    """Random maps of a learnt strength."""

    layer: Literal["noise_injection"] = Field(default="noise_injection", description="adds noise of a learnt strength")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the shape given, an image."""
        expect_image(given)
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return NoiseInjection()
