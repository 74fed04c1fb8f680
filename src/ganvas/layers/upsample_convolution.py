"""Resize, then convolve: an enlargement that paints every pixel equally often.

Formula: y = conv(resize(x)), resize to r times the size by nearest neighbour or bilinear interpolation, then a
    convolution with stride 1 that keeps the size
Shapes: [N, C, H, W] -> [N, D, r H, r W]
Parameters: C D k^2 + D
Use it when: in G, in place of a transposed convolution where pictures show a chequerboard: nearest and 3x3 is what
    SAGAN, BigGAN and FastGAN build on; in D rarely, only in decoders of features (FastGAN)
Beware: at r = 2 it computes 4 times what the convolution would cost on the small map; nearest still leaves stairs for
    the convolution to smooth, bilinear softens edges; neither blocks all aliasing (blur_pool does it by design)
Paper: Odena, Dumoulin and Olah 2016, "Deconvolution and Checkerboard Artifacts"
See also: torch.nn.Upsample; transposed_convolution, pixel_shuffle, blur_pool, up_block
"""

from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.convolution import SameConv2d
from ganvas.layers.layer import Around, Layer, Shape, expect_image


class Config(Layer):
    """An enlargement by interpolation, then a convolution."""

    layer: Literal["upsample_convolution"] = Field(default="upsample_convolution", description="resize, then convolve")
    channels: int = Field(ge=1, le=65_536, description="D, the number of maps that come out")
    kernel_size: int = Field(default=3, ge=1, le=1024, description="k, the side of the window")
    factor: int = Field(default=2, ge=1, le=64, description="r, how many times larger the map becomes")
    mode: Literal["nearest", "bilinear"] = Field(default="nearest", description="how new pixels are filled in")
    bias: bool = Field(default=True, description="add b; off before a normalisation, which would remove it")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (D, r H, r W)."""
        _, height, width = expect_image(given)
        return self.channels, height * self.factor, width * self.factor

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return nn.Sequential(
            nn.Upsample(scale_factor=self.factor, mode=self.mode),
            SameConv2d(given[0], self.channels, self.kernel_size, bias=self.bias),
        )
