"""Residual blocks: two convolutions beside a shortcut; the up block doubles the size (G), the down block halves it (D).

Formula: up: y = conv3(relu(norm(conv3(up(relu(norm(x))))))) + up(conv1(x)), norm a batch normalisation (conditional
    with classes), up nearest; down: y = pool(conv3(relu(conv3(relu(x))))) + pool(conv1(x)), pool the 2x2 mean, the
    first relu left out where x is the image itself; without resampling and with D = C the shortcut is x itself
Shapes: up [N, C, H, W] (and labels [N]) -> [N, D, 2H, 2W]; down [N, C, H, W] -> [N, D, floor(H/2), floor(W/2)]
Parameters: up 9 C D + 9 D^2 + D, norms 2 C + 2 D (K classes: 2 K C + 2 K D), shortcut C D + D; down
    9 C E + E + 9 E D + D with E = C (E = D where first), shortcut C D + D
Use it when: in G up blocks, from a 4x4 map to the image, in D down blocks back to 4x4 or so, then one or two that keep
    the size; the usual build of WGAN-GP, SNGAN, SAGAN and BigGAN
Beware: an odd size loses its last row when halved; the last up block ends without norm and activation: add batch_norm,
    relu, a 3x3 convolution and tanh; after the last down block a relu belongs before the score; the block that sees
    the image needs `first`, or the relu throws its dark half away
Paper: He, Zhang, Ren and Sun 2016, "Identity Mappings in Deep Residual Networks"; in GANs Gulrajani et al. 2017,
    "Improved Training of Wasserstein GANs", and Miyato et al. 2018, "Spectral Normalization for Generative Adversarial
    Networks"
See also: batch_norm, conditional_batch_norm, spectral_norm, self_attention, skip_connection
"""

import math
from typing import ClassVar, Literal

import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.conditional_batch_norm import ConditionalBatchNorm2d
from ganvas.layers.layer import Around, Input, Layer, LayerError, Shape, expect_image


class UpBlock(nn.Module):
    """A generator's block: norm, ReLU, doubling, 3x3 convolution, norm, ReLU, 3x3 convolution; plus a shortcut.

    `num_classes` 0 means plain batch normalisation, and labels are not used.
    """

    def __init__(self, in_channels: int, out_channels: int, num_classes: int = 0, upsample: bool = True) -> None:
        super().__init__()
        self.upsample, self.conditional = upsample, num_classes > 0
        self.norm1, self.norm2 = _norm(in_channels, num_classes), _norm(out_channels, num_classes)
        self.conv1 = _convolution(in_channels, out_channels, 3, bias=False)
        self.conv2 = _convolution(out_channels, out_channels, 3)
        learnt = upsample or in_channels != out_channels
        self.shortcut = _convolution(in_channels, out_channels, 1) if learnt else nn.Identity()

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map [N, C, H, W] (and labels [N]) to [N, D, 2 H, 2 W], or [N, D, H, W] without `upsample`."""
        told = (labels,) if self.conditional else ()
        hidden = self.conv1(self._resized(self.norm1(x, *told).relu()))
        hidden = self.conv2(self.norm2(hidden, *told).relu())
        return hidden + self._resized(self.shortcut(x))  # 1x1 convolution and doubling commute: the small map first

    def _resized(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0, mode="nearest") if self.upsample else x


class DownBlock(nn.Module):
    """A discriminator's block: ReLU, 3x3 convolution, ReLU, 3x3 convolution, 2x2 mean; plus a shortcut; no norm.

    `first` is for the block that sees the image: no ReLU before it, and the wider channels from its first convolution.
    """

    def __init__(self, in_channels: int, out_channels: int, downsample: bool = True, first: bool = False) -> None:
        super().__init__()
        self.downsample, self.first = downsample, first
        hidden_channels = out_channels if first else in_channels
        self.conv1 = _convolution(in_channels, hidden_channels, 3)
        self.conv2 = _convolution(hidden_channels, out_channels, 3)
        learnt = downsample or in_channels != out_channels
        self.shortcut = _convolution(in_channels, out_channels, 1) if learnt else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, D, floor(H / 2), floor(W / 2)], or [N, D, H, W] without `downsample`."""
        hidden = self.conv1(x if self.first else x.relu())
        hidden = self.conv2(hidden.relu())
        return self._resized(hidden) + self.shortcut(self._resized(x))  # mean and 1x1 convolution commute

    def _resized(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 2) if self.downsample else x


class UpConfig(Layer):
    """A residual block of the generator."""

    inputs: ClassVar[tuple[Input, ...]] = ("labels",)
    layer: Literal["up_block"] = Field(default="up_block", description="residual block that doubles the size")
    channels: int = Field(ge=1, le=8192, description="D, the channels that come out")
    upsample: bool = Field(default=True, description="double height and width")
    conditional: bool = Field(default=True, description="normalise by the class, where the network has classes")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (D, 2 H, 2 W), or (D, H, W)."""
        _, height, width = expect_image(given)
        factor = 2 if self.upsample else 1
        return self.channels, factor * height, factor * width

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module; its `forward` takes labels, and needs none without classes."""
        return UpBlock(given[0], self.channels, around.num_classes if self.conditional else 0, self.upsample)


class DownConfig(Layer):
    """A residual block of the discriminator."""

    layer: Literal["down_block"] = Field(default="down_block", description="residual block that halves the size")
    channels: int = Field(ge=1, le=8192, description="D, the channels that come out")
    downsample: bool = Field(default=True, description="halve height and width by the 2x2 mean")
    first: bool = Field(default=False, description="it sees the image itself: leave the first ReLU out")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (D, H / 2, W / 2), or (D, H, W)."""
        _, height, width = expect_image(given)
        if not self.downsample:
            return self.channels, height, width
        if min(height, width) < 2:
            raise LayerError("an image (C, H, W) of at least 2x2 to halve", "Set `downsample = false`.")
        return self.channels, height // 2, width // 2

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return DownBlock(given[0], self.channels, self.downsample, self.first)


def _norm(channels: int, num_classes: int) -> nn.Module:
    return ConditionalBatchNorm2d(channels, num_classes) if num_classes else nn.BatchNorm2d(channels)


def _convolution(in_channels: int, out_channels: int, kernel_size: int, bias: bool = True) -> nn.Conv2d:
    """Return a convolution that keeps the size; Glorot's weights, times sqrt(2) where a ReLU stands before it."""
    layer = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=bias)
    nn.init.xavier_uniform_(layer.weight, math.sqrt(2) if kernel_size > 1 else 1.0)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
