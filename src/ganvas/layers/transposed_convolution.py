"""Transposed convolution ("deconvolution"): every value paints its window into a larger map, overlaps add up.

Formula: y[d, i, j] = b[d] + sum_c,u,v w[c, d, u, v] x[c, m, n] over all m, n with s m + u - p = i, s n + v - p = j:
    the gradient of a convolution with respect to its input
Shapes: padding p: [N, C, H, W] -> [N, D, (H - 1) s - 2p + k, (W - 1) s - 2p + k]; same: -> [N, D, s H, s W]
Parameters: C D k^2 + D
Use it when: in G, to double the map: kernel 4, stride 2, padding 1 (DCGAN), or kernel k with stride 1 and no padding
    on a 1x1 map, to start a k x k one; in D only where it decodes features back to an image
Beware: a kernel that the stride does not divide (3 or 5 with stride 2) paints some pixels by more windows than
    others: chequerboard artefacts, which training rarely removes; even 4 with 2 can learn them; if the pictures show a
    fine grid, take upsample_convolution or blur_pool
Paper: Zeiler et al. 2010, "Deconvolutional Networks"; Radford, Metz and Chintala 2016, "Unsupervised Representation
    Learning with Deep Convolutional Generative Adversarial Networks"; Odena, Dumoulin and Olah 2016, "Deconvolution
    and Checkerboard Artifacts"
See also: torch.nn.ConvTranspose2d; upsample_convolution, pixel_shuffle, convolution
"""

from typing import Literal

from pydantic import model_validator
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.convolution import Padding
from ganvas.layers.layer import Around, Layer, LayerError, Shape, expect_image


class SameConvTranspose2d(nn.ConvTranspose2d):
    """A transposed convolution whose output is exactly `stride` times its input, cropped as TensorFlow does."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, bias: bool = True
    ) -> None:
        begin = max(kernel_size - stride, 0) // 2
        super().__init__(in_channels, out_channels, kernel_size, stride, padding=begin, bias=bias)

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Map [N, C, H, W] to [N, D, H * stride, W * stride]."""
        height, width = (size * self.stride[0] for size in input.shape[2:])
        return super().forward(input, output_size)[:, :, :height, :width]


class Config(Layer):
    """A transposed convolution, torch.nn.ConvTranspose2d."""

    layer: Literal["transposed_convolution"] = Field(
        default="transposed_convolution", description="every value paints a window into a larger map"
    )
    channels: int = Field(ge=1, le=65_536, description="D, the number of maps that come out")
    kernel_size: int = Field(
        default=4, ge=1, le=1024, description="k, the side of the window; a multiple of the stride"
    )
    stride: int = Field(default=2, ge=1, le=1024, description="s, how many times larger the map becomes")
    padding: Padding = Field(
        default="same", description='rows cut off at each border, or "same": the size times stride'
    )
    bias: bool = Field(default=True, description="add b; off before a normalisation, which would remove it")

    @model_validator(mode="after")
    def _check_reach(self) -> "Config":
        if self.padding == "same" and self.kernel_size < self.stride:
            raise ValueError(
                f'a window of {self.kernel_size} leaves gaps at stride {self.stride}, so "same" cannot be: '
                f"give kernel_size = {2 * self.stride}"
            )
        return self

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (D, height, width)."""
        _, height, width = expect_image(given)
        if self.padding == "same":
            return self.channels, height * self.stride, width * self.stride
        more = self.kernel_size - self.stride - 2 * self.padding
        if min(height, width) * self.stride + more < 1:
            least = -(-(1 - more) // self.stride)
            raise LayerError(f"an image (C, H, W) of at least {least}x{least}", "Give a smaller `padding`.")
        return self.channels, height * self.stride + more, width * self.stride + more

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        if self.padding == "same":
            return SameConvTranspose2d(given[0], self.channels, self.kernel_size, self.stride, self.bias)
        return nn.ConvTranspose2d(given[0], self.channels, self.kernel_size, self.stride, self.padding, bias=self.bias)
