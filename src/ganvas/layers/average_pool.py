"""Average pooling: every r x r block of a map becomes its mean.

Formula: y[c, i, j] = 1/r^2 sum_u,v x[c, r i + u, r j + v] for 0 <= u, v < r
Shapes: [N, C, H, W] -> [N, C, floor(H/r), floor(W/r)]; rows and columns that fill no block are left out
Parameters: none
Use it when: in D, to halve a map after convolutions of stride 1, as residual discriminators do (WGAN-GP, SNGAN,
    BigGAN): gradients reach all pixels alike; in G only inside attention or to make a small copy of a picture
Beware: it is a box blur: shifts by one pixel still show more than with blur_pool; what fills no block gets no
    gradient at all, so keep sides even; a maximum in its place sends gradients to one pixel of each block only
Paper: LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition"; Gulrajani et al. 2017, "Improved
    Training of Wasserstein GANs"
See also: torch.nn.AvgPool2d; blur_pool, global_pool, convolution with stride 2
"""

from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, LayerError, Shape, expect_image


class Config(Layer):
    """The mean of each block, torch.nn.AvgPool2d."""

    layer: Literal["average_pool"] = Field(default="average_pool", description="mean of every block")
    factor: int = Field(default=2, ge=1, le=1024, description="r, the side of a block")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (C, H / r, W / r)."""
        channels, height, width = expect_image(given)
        if min(height, width) < self.factor:
            raise LayerError(
                f"an image (C, H, W) of at least {self.factor}x{self.factor}",
                "Give a smaller `factor`, or leave it out.",
            )
        return channels, height // self.factor, width // self.factor

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return nn.AvgPool2d(self.factor)
