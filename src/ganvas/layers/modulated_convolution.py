"""Modulated convolution: a style scales the kernel's inputs, image by image, and the outputs are brought back to size.

Formula: w'[o,i,k] = s[i] w[o,i,k] (eq. 1), w'' = w' / sqrt(sum over i, k of w'^2 + 1e-8) (eq. 3), y = w'' * x + b;
    s = A w + a from the style w, a starts at 1; with upsample a transposed convolution of stride 2, then a blur
Shapes: [N, C, H, W] and styles [N, S] -> [N, D, H, W], with upsample [N, D, 2H, 2W]
Parameters: C D k^2 + D, and C (S + 1) for the style
Use it when: in G, in place of convolution and normalisation, with noise_injection and leaky_relu after it (StyleGAN 2);
    without demodulation for the last, 1x1, to colours; in D not
Beware: weights are equalised: use Adam near 2e-3; demodulation takes the inputs to be of deviation 1, so multiply by
    sqrt(2) after each leaky_relu; as a line of a network the latents are the style, without the mapping network that
    untangles them; a kernel that is demodulated has no strength of its own, only a direction
Paper: Karras, Laine, Aittala, Hellsten, Lehtinen and Aila 2020, "Analyzing and Improving the Image Quality of
    StyleGAN", equations 1 to 3
See also: adaptive_instance_norm, equalised, blur_pool, noise_injection
"""

import math
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.errors import ConfigurationError
from ganvas.layers.beside import expect_latents
from ganvas.layers.blur_pool import kernel_of
from ganvas.layers.equalised import EqualisedLinear
from ganvas.layers.layer import Around, Input, Layer, LayerError, Shape, expect_image


class ModulatedConv2d(nn.Module):
    """A convolution whose kernel is scaled by the style of each image; the bias starts at 0, the kernel's side is odd.

    Scaling inputs and outputs instead of the kernel gives the same, and needs no kernel of its own for each image.
    """

    blur: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        style_size: int,
        demodulate: bool = True,
        upsample: bool = False,
    ) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ConfigurationError(f"A modulated convolution's kernel is of odd side, not {kernel_size}: use 1 or 3.")
        self.style = EqualisedLinear(style_size, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.scale = 1 / math.sqrt(in_channels * kernel_size**2)
        self.demodulate, self.upsample = demodulate, upsample
        self.register_buffer("blur", kernel_of((1, 3, 3, 1), 4.0) if upsample else None)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Map [N, C, H, W] and styles [N, S] to [N, D, H, W], or [N, D, 2 H, 2 W] with `upsample`."""
        scales = self.style(style)  # [N, C]
        weight = self.weight * self.scale
        y = self._convolved(x * scales[:, :, None, None], weight)
        if self.demodulate:
            norms = scales.square() @ weight.square().sum(dim=(2, 3)).T  # [N, D], the sums of equation 3
            y = y * (norms + 1e-8).rsqrt()[:, :, None, None]
        return y + self.bias[:, None, None]

    def _convolved(self, x: Tensor, weight: Tensor) -> Tensor:
        size = weight.shape[2]
        if not self.upsample:
            return F.conv2d(x, weight, padding=size // 2)
        cut = max((size - 3) // 2, 0)
        y = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2, padding=cut)  # [N, D, 2 H + k - 2 - 2 cut, ...]
        blur = self.blur.to(x.dtype).expand(len(weight), 1, 4, 4)
        return F.conv2d(y, blur, padding=(5 - size + 2 * cut) // 2, groups=len(weight))


class Config(Layer):
    """A convolution whose kernel the latents scale."""

    inputs: ClassVar[tuple[Input, ...]] = ("latents",)
    layer: Literal["modulated_convolution"] = Field(
        default="modulated_convolution", description="convolution whose kernel is scaled by the latents"
    )
    channels: int = Field(ge=1, le=8192, description="D, the channels that come out")
    kernel_size: int = Field(default=3, ge=1, le=15, description="k, side of the window; odd")
    demodulate: bool = Field(default=True, description="bring each output back to size 1; off for the last, to colours")
    upsample: bool = Field(default=False, description="double height and width")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (D, H, W), or (D, 2 H, 2 W)."""
        _, height, width = expect_image(given)
        expect_latents(around)
        if self.kernel_size % 2 == 0:
            raise LayerError("an odd `kernel_size`", "Use 1 or 3.")
        factor = 2 if self.upsample else 1
        return self.channels, factor * height, factor * width

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        size, style_size = self.kernel_size, around.latent_size
        return ModulatedConv2d(given[0], self.channels, size, style_size, self.demodulate, self.upsample)
