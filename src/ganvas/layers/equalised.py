"""Equalised learning rate: weights are stored at size 1 and scaled at each use, so that all learn at the same speed.

Formula: y = g W x / sqrt(n) + b, W ~ N(0, 1), n the inputs of one output: F, or C k^2 of a convolution; g = 1, with
    g = sqrt(2) it is He's factor for ReLU. With a multiplier l: W ~ N(0, 1/l^2), y = l g W x / sqrt(n) + l b
Shapes: image [N, C, H, W] -> [N, D, ceil(H/stride), ceil(W/stride)]; vector [N, F] -> [N, D]; sequence
    [N, L, F] -> [N, L, D]
Parameters: C D k^2 + D of a convolution, F D + D of a linear layer
Use it when: in G and D alike, on every weight, with Adam and no normalisation to even out scales (Progressive GAN,
    StyleGAN); a multiplier of 0.01 slows G's mapping network
Beware: it changes nothing without an optimiser that is blind to scale (Adam, RMSprop); all layers or none, learning
    rates of the two kinds differ (2e-3 here, 2e-4 elsewhere); mend the activation's loss of size with g = sqrt(2), or
    by sqrt(2) after each LeakyReLU
Paper: Karras, Aila, Laine and Lehtinen 2018, "Progressive Growing of GANs for Improved Quality, Stability, and
    Variation", section 4.1
See also: modulated_convolution, spectral_norm, linear, convolution, pixel_norm
"""

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, Shape
from ganvas.layers.spectral_norm import weighted_output


class EqualisedLinear(nn.Module):
    """A linear layer whose weights are scaled at use; the bias starts at `bias_init`."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        bias_init: float = 0.0,
        lr_multiplier: float = 1.0,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        nn.init.normal_(self.weight, std=1 / lr_multiplier)
        self.bias = nn.Parameter(torch.full((out_features,), bias_init / lr_multiplier)) if bias else None
        self.scale = gain * lr_multiplier / math.sqrt(in_features)
        self.lr_multiplier = lr_multiplier

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, ..., F] to [N, ..., D]."""
        bias = self.bias if self.bias is None or self.lr_multiplier == 1 else self.bias * self.lr_multiplier
        return F.linear(x, self.weight * self.scale, bias)


class EqualisedConv2d(nn.Module):
    """A convolution whose weights are scaled at use; the bias starts at 0."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.scale = gain / math.sqrt(in_channels * kernel_size**2)
        self.stride, self.padding = stride, padding

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, D, H', W'], H' = floor((H + 2 padding - k) / stride) + 1."""
        return F.conv2d(x, self.weight * self.scale, self.bias, self.stride, self.padding)


class Config(Layer):
    """A convolution (on images) or a linear layer (on vectors and sequences) of equalised learning rate."""

    layer: Literal["equalised"] = Field(
        default="equalised", description="convolution or linear layer whose weights all learn at the same speed"
    )
    units: int = Field(ge=1, le=65_536, description="D, the channels (of an image) or values that come out")
    kernel_size: int = Field(default=3, ge=1, le=15, description="k, side of the convolution's window; odd")
    stride: int = Field(default=1, ge=1, le=8, description="step of the convolution's window")
    bias: bool = Field(default=True, description="add b")
    gain: float = Field(default=1.0, gt=0, le=10, description="g; 1.414 before ReLU and LeakyReLU")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (D, H / stride, W / stride) for an image, (D,) for a vector, (L, D) for a sequence."""
        return weighted_output(given, self.units, self.kernel_size, self.stride)

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        if len(given) == 3:
            half = self.kernel_size // 2
            return EqualisedConv2d(given[0], self.units, self.kernel_size, self.stride, half, self.bias, self.gain)
        return EqualisedLinear(given[-1], self.units, self.bias, gain=self.gain)
