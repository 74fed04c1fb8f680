"""Pixel normalisation: the channels at each place are scaled to a mean square of 1.

Formula: y_c = x_c / sqrt(1/C sum_d x_d^2 + e)
Shapes: vector [N, F], image [N, C, H, W] (over C) or sequence [N, L, D] (over D) -> the same
Parameters: none
Use it when: in G, after each convolution and its activation, against magnitudes that run away in the race with D
    (progressive GAN); on the latent vector, before a mapping network (StyleGAN); in D it is not used
Beware: it removes length, only the direction of a place's features is left: a place cannot be "faint"; a map of one
    channel becomes its sign; e keeps a place of zeros at zero
Paper: Karras et al. 2018, "Progressive Growing of GANs for Improved Quality, Stability, and Variation"
See also: layer_norm, modulated_convolution, equalised
"""

from typing import Literal

from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, Shape


class PixelNorm(nn.Module):
    """Scales the channels of each place to a mean square of 1."""

    def __init__(self, epsilon: float = 1e-8) -> None:
        super().__init__()
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, F], [N, C, H, W] or [N, L, D] to the same shape."""
        channels = 2 if x.dim() == 3 else 1
        return x * (x.square().mean(channels, keepdim=True) + self.epsilon).rsqrt()


class Config(Layer):
    """The channels of each place at a mean square of 1."""

    layer: Literal["pixel_norm"] = Field(default="pixel_norm", description="channels of each place scaled alike")
    epsilon: float = Field(default=1e-8, gt=0, le=1, description="e, added to the mean square")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the same shape."""
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return PixelNorm(self.epsilon)
