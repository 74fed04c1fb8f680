"""Leaky ReLU: positive values pass, negative ones shrink but stay alive.

Formula: y = x for x > 0, a x otherwise, a the slope; gradient 1 or a, never 0
Shapes: any [N, ...] -> the same
Parameters: none; the slope is set, not learnt
Use it when: in D, after every convolution, slope 0.2: G learns only through D's gradients, and here none is cut off
    (DCGAN, ACGAN, StyleGAN); in G it serves as well as relu, and better in deep ones (StyleGAN, R3GAN)
Beware: a slope near 1 leaves the network almost linear, a slope near 0 is relu with its dead neurons; torch's own
    default, 0.01, is often too little for D; half the signal's power is lost at each layer as with relu, so weights
    are drawn larger for it (He), or the result is multiplied by sqrt 2 (StyleGAN)
Paper: Maas, Hannun and Ng 2013, "Rectifier Nonlinearities Improve Neural Network Acoustic Models"
See also: torch.nn.LeakyReLU; relu, gelu
"""

from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, Shape


class Config(Layer):
    """ReLU with a slope below zero, torch.nn.LeakyReLU."""

    layer: Literal["leaky_relu"] = Field(default="leaky_relu", description="negative values shrink")
    slope: float = Field(default=0.2, ge=0, le=1, description="a, what negative values are multiplied by")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the same shape."""
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return nn.LeakyReLU(self.slope)
