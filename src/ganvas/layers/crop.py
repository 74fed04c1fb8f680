"""Centre crop: the middle of a map, to a size that doubling does not reach.

Formula: y[c, i, j] = x[c, i + floor((H - h)/2), j + floor((W - w)/2)] for i < h, j < w
Shapes: [N, C, H, W] -> [N, C, h, w], h <= H, w <= W
Parameters: none
Use it when: in G, last or before the last convolution, for sizes that are no 4 x 2^n: 4 -> 8 -> 16 -> 32 and a crop to
    28x28; where two maps of different sizes are to be joined (U-Net); in D seldom: it would not see the border
Beware: what is cut off was computed for nothing and gets no gradient: a crop from 64 to 40 wastes 61 % of the layer
    before it (start from 5x5 instead: 5 -> 10 -> 20 -> 40)
Paper: Ronneberger, Fischer and Brox 2015, "U-Net: Convolutional Networks for Biomedical Image Segmentation"
See also: reshape, transposed_convolution, upsample_convolution
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, LayerError, Shape, expect_image

Side = Annotated[int, Field(ge=1, le=65_536)]


class CentreCrop(nn.Module):
    """Cuts the middle out of a map."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height = height
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C, height, width]."""
        top, left = (x.shape[2] - self.height) // 2, (x.shape[3] - self.width) // 2
        return x[:, :, top : top + self.height, left : left + self.width]


class Config(Layer):
    """The middle of a map."""

    layer: Literal["crop"] = Field(default="crop", description="the middle of a map")
    size: tuple[Side, Side] = Field(description="[height, width] of what stays")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (C, h, w)."""
        channels, height, width = expect_image(given)
        if height < self.size[0] or width < self.size[1]:
            raise LayerError(
                f"an image (C, H, W) of at least {self.size[0]}x{self.size[1]}",
                "Give a smaller `size`, or enlarge the image before it.",
            )
        return channels, *self.size

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return CentreCrop(*self.size)
