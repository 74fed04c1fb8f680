"""Convolution: the same small weighted window slides over every place of the image.

Formula: y[d, i, j] = b[d] + sum_c,u,v w[d, c, u, v] x[c, s i + u - p, s j + v - p]; stride s, zeros p beyond the
    border; "same" pads max((ceil(H/s) - 1) s + k - H, 0) in all, the odd one at the end, as TensorFlow does
Shapes: same: [N, C, H, W] -> [N, D, ceil(H/s), ceil(W/s)]; padding p: -> [N, D, floor((H + 2p - k)/s) + 1, likewise W]
Parameters: C D k^2 + D
Use it when: in G, after each enlargement, 3x3 with stride 1, to draw the finer detail; last, to turn its maps into the
    image's channels; in D, all through: stride 2 halves the map while the channels double (64, 128, 256, 512), and
    1x1 mixes channels without looking around
Beware: a 3x3 window with stride 2 touches some pixels four times as often as others (chequered gradients into G);
    4x4 with stride 2 is even; zeros beyond the border tell where the border is, and features drift there; one 3x3
    layer sees 3x3 pixels, so a shallow D judges texture and not the whole; "same" and padding = 1 differ by one pixel
    where a 3x3 window has stride 2; leave the bias out before batch_norm
Paper: LeCun et al. 1989, "Backpropagation Applied to Handwritten Zip Code Recognition"; Dumoulin and Visin 2016,
    "A guide to convolution arithmetic for deep learning"
See also: torch.nn.Conv2d; transposed_convolution, upsample_convolution, average_pool, blur_pool, spectral_norm
"""

from typing import Annotated, Literal

import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, LayerError, Shape, expect_image

Padding = Annotated[int, Field(ge=0, le=512)] | Literal["same"]


class SameConv2d(nn.Conv2d):
    """A convolution that pads as TensorFlow's "same" does."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, bias: bool = True
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, D, ceil(H / stride), ceil(W / stride)]."""
        totals = [_total_padding(size, self.kernel_size[0], self.stride[0]) for size in input.shape[2:]]
        if all(total % 2 == 0 for total in totals):
            padding = [total // 2 for total in totals]
            return F.conv2d(input, self.weight, self.bias, self.stride, padding)
        edges = [edge for total in reversed(totals) for edge in (total // 2, total - total // 2)]
        return F.conv2d(F.pad(input, edges), self.weight, self.bias, self.stride)


def _total_padding(size: int, kernel_size: int, stride: int) -> int:
    return max((-(-size // stride) - 1) * stride + kernel_size - size, 0)


class Config(Layer):
    """A convolution, torch.nn.Conv2d."""

    layer: Literal["convolution"] = Field(default="convolution", description="weighted window over every place")
    channels: int = Field(ge=1, le=65_536, description="D, the number of maps that come out")
    kernel_size: int = Field(default=3, ge=1, le=1024, description="k, the side of the window")
    stride: int = Field(default=1, ge=1, le=1024, description="s, the step of the window; 2 halves the map")
    padding: Padding = Field(
        default="same", description='zeros beyond each border, or "same": the size over the stride'
    )
    bias: bool = Field(default=True, description="add b; off before a normalisation, which would remove it")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (D, height, width)."""
        _, height, width = expect_image(given)
        if self.padding == "same":
            return self.channels, -(-height // self.stride), -(-width // self.stride)
        lacking = self.kernel_size - 2 * self.padding
        if min(height, width) < lacking:
            raise LayerError(
                f"an image (C, H, W) of at least {lacking}x{lacking}",
                'Give `padding = "same"` or a smaller kernel_size.',
            )
        return (
            self.channels,
            (height - lacking) // self.stride + 1,
            (width - lacking) // self.stride + 1,
        )

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        if self.padding == "same":
            return SameConv2d(given[0], self.channels, self.kernel_size, self.stride, self.bias)
        return nn.Conv2d(given[0], self.channels, self.kernel_size, self.stride, self.padding, bias=self.bias)
