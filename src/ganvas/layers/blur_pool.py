"""Blur, and doubling or halving with a blur: resampling that adds no staircase and no chequerboard.

Formula: with the kernel k = t t^T / (sum t)^2 of the taps t, * a convolution of each channel apart with zeros beyond
    the border: none y = k * x; down y = every second row and column of k * x; up y = 4 k * (x with zeros between)
Shapes: none [N, C, H, W] -> the same; down -> [N, C, floor(H/2), floor(W/2)]; up -> [N, C, 2H, 2W]
Parameters: none learnt; the kernel of T x T numbers is stored
Use it when: in G, to enlarge maps smoothly (taps 1, 3, 3, 1 double by linear interpolation, as StyleGAN2 does); in D,
    before a map is halved, so that a shift of the picture by one pixel hardly changes the score
Beware: it softens; high frequencies must come back from convolutions and noise after it; zeros beyond the border
    pull the outermost values towards zero; longer taps blur more and cost more; where a map is
    smaller than the taps, most of what is averaged is padding
Paper: Zhang 2019, "Making Convolutional Networks Shift-Invariant Again"; Karras et al. 2020, "Analyzing and Improving
    the Image Quality of StyleGAN"
See also: average_pool, upsample_convolution, modulated_convolution, pixel_shuffle
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, LayerError, Shape, expect_image

Tap = Annotated[float, Field(gt=0, le=1e6)]


class Blur2d(nn.Module):
    """Blurs every channel by the taps along both axes; the size stays."""

    kernel: Tensor

    def __init__(self, taps: Sequence[float] = (1, 3, 3, 1)) -> None:
        super().__init__()
        self.register_buffer("kernel", kernel_of(taps))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to the same; of an even number of taps the one more lies before the pixel."""
        before, after = len(self.kernel) // 2, (len(self.kernel) - 1) // 2
        return _filtered(F.pad(x, (before, after, before, after)), self.kernel, stride=1)


class BlurDownsample(nn.Module):
    """Blurs, then keeps every second row and column."""

    kernel: Tensor

    def __init__(self, taps: Sequence[float] = (1, 3, 3, 1)) -> None:
        super().__init__()
        self.register_buffer("kernel", kernel_of(taps))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C, floor(H / 2), floor(W / 2)]."""
        before, after = (len(self.kernel) - 1) // 2, (len(self.kernel) - 2) // 2
        return _filtered(F.pad(x, (before, after, before, after)), self.kernel, stride=2)


class BlurUpsample(nn.Module):
    """Puts zeros between the pixels and blurs; four times the kernel keeps the brightness."""

    kernel: Tensor

    def __init__(self, taps: Sequence[float] = (1, 3, 3, 1)) -> None:
        super().__init__()
        self.register_buffer("kernel", kernel_of(taps, 4.0))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C, 2 H, 2 W]."""
        size, channels = len(self.kernel), x.shape[1]
        weight = self.kernel.to(x.dtype).expand(channels, 1, size, size)
        return F.conv_transpose2d(
            x, weight, stride=2, padding=(size - 1) // 2, output_padding=size % 2, groups=channels
        )


def kernel_of(taps: Sequence[float], total: float = 1.0) -> Tensor:
    """Return the kernel [T, T] of taps [T], whose values sum to `total`."""
    row = [tap / sum(taps) for tap in taps]
    return torch.tensor([[total * down * across for across in row] for down in row], dtype=torch.float32)


def _filtered(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """Return x [N, C, H, W] filtered by a kernel [T, T], each channel apart, without padding."""
    channels = x.shape[1]
    weight = kernel.to(x.dtype).expand(channels, 1, *kernel.shape)
    return F.conv2d(x, weight, stride=stride, groups=channels)


class Config(Layer):
    """A blur that keeps, halves or doubles the size."""

    layer: Literal["blur_pool"] = Field(default="blur_pool", description="blur, with or without resampling by 2")
    resample: Literal["down", "up", "none"] = Field(default="down", description="halve, double or keep the size")
    taps: tuple[Tap, ...] = Field(
        default=(1.0, 3.0, 3.0, 1.0), min_length=2, max_length=16, description="weights of the blur along each axis"
    )

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (C, H / 2, W / 2), (C, 2 H, 2 W) or (C, H, W)."""
        channels, height, width = expect_image(given)
        if self.resample == "none":
            return given
        if self.resample == "up":
            return channels, 2 * height, 2 * width
        if min(height, width) < 2:
            raise LayerError("an image (C, H, W) of at least 2x2 to halve", "Halve fewer times before it.")
        return channels, height // 2, width // 2

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        kinds = {"down": BlurDownsample, "up": BlurUpsample, "none": Blur2d}
        return kinds[self.resample](self.taps)
