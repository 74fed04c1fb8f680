"""Pixel shuffle: channels become pixels of a larger map, or pixels become channels of a smaller one.

Formula: up: y[c, r i + u, r j + v] = x[c r^2 + r u + v, i, j] for 0 <= u, v < r; down is the inverse
Shapes: up [N, C r^2, H, W] -> [N, C, r H, r W]; down [N, C, r H, r W] -> [N, C r^2, H, W]
Parameters: none
Use it when: in G, after a convolution to r^2 times the channels wanted: all the computing is done on the small map,
    and transformers double their maps so (TransGAN); in D, down halves the map and loses nothing, unlike a stride
Beware: the r^2 groups of channels start out unrelated, so each 2x2 block of pixels disagrees: a chequerboard until
    training evens it out; transformers keep only a quarter of their channels at each doubling
Paper: Shi et al. 2016, "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
    Neural Network"; Aitken et al. 2017, "Checkerboard artifact free sub-pixel convolution"
See also: torch.nn.PixelShuffle, torch.nn.PixelUnshuffle; upsample_convolution, transposed_convolution
"""

from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, LayerError, Shape, expect_image


class Config(Layer):
    """Channels to pixels, torch.nn.PixelShuffle, or pixels to channels."""

    layer: Literal["pixel_shuffle"] = Field(default="pixel_shuffle", description="channels to pixels, or back")
    factor: int = Field(default=2, ge=2, le=64, description="r, how many times larger or smaller the map becomes")
    direction: Literal["up", "down"] = Field(default="up", description="channels to pixels, or pixels to channels")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (C / r^2, r H, r W) upwards, (C r^2, H / r, W / r) downwards."""
        channels, height, width = expect_image(given)
        factor, square = self.factor, self.factor**2
        if self.direction == "up":
            if channels % square:
                raise LayerError(
                    f"an image (C, H, W) whose C is a multiple of {square}",
                    f'Put `layer = "convolution"` with {square} times the channels wanted before it.',
                )
            return channels // square, height * factor, width * factor
        if height % factor or width % factor:
            raise LayerError(
                f"an image (C, H, W) whose H and W are multiples of {factor}", 'Put `layer = "crop"` before it.'
            )
        return channels * square, height // factor, width // factor

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return nn.PixelShuffle(self.factor) if self.direction == "up" else nn.PixelUnshuffle(self.factor)
