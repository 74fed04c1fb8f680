"""Adaptive instance normalisation (AdaIN): each map is normalised by itself, then scaled and shifted by a style.

Formula: y = s (x - m) / sqrt(v + 1e-5) + b, m and v over the pixels of one channel of one image; [s, b] = A w + a,
    w the style; a starts at 1 for s and at 0 for b
Shapes: [N, C, H, W] and styles [N, S] -> [N, C, H, W]
Parameters: 2 C (S + 1)
Use it when: in G, to steer each resolution by a style (StyleGAN 1, style transfer); as a line of a network the latents
    are the style; in D not: it erases how strong a feature is, which is what D judges by
Beware: normalising each map apart loses the strength of maps against one another, and G hides it in a bright spot, the
    "droplets" of StyleGAN 1: use modulated_convolution in new networks; a map of one pixel comes out as b alone
Paper: Huang and Belongie 2017, "Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization"; in GANs
    Karras, Laine and Aila 2019, "A Style-Based Generator Architecture for Generative Adversarial Networks"
See also: modulated_convolution, conditional_batch_norm, instance_norm
"""

from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.beside import expect_latents
from ganvas.layers.layer import Around, Input, Layer, LayerError, Shape, expect_image


class AdaptiveInstanceNorm(nn.Module):
    """Normalises each channel of each image, then scales and shifts it by a linear function of the style."""

    def __init__(self, channels: int, style_size: int) -> None:
        super().__init__()
        self.affine = nn.Linear(style_size, 2 * channels)
        with torch.no_grad():
            self.affine.bias.zero_()[:channels] += 1

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Map [N, C, H, W] and styles [N, S] to [N, C, H, W]."""
        scale, shift = self.affine(style)[:, :, None, None].chunk(2, dim=1)
        normal = F.group_norm(x, x.shape[1])  # as F.instance_norm, whose gradients are not safe: see `instance_norm`
        return torch.addcmul(shift, normal, scale)


class Config(Layer):
    """An instance normalisation with a scale and a shift made of the latents."""

    inputs: ClassVar[tuple[Input, ...]] = ("latents",)
    layer: Literal["adaptive_instance_norm"] = Field(
        default="adaptive_instance_norm", description="instance normalisation, scaled and shifted by the latents"
    )

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the shape given, an image of more than one pixel."""
        _, height, width = expect_image(given)
        if height * width == 1:
            raise LayerError("an image (C, H, W) of more than one pixel", "Put it after the first enlargement.")
        expect_latents(around)
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return AdaptiveInstanceNorm(given[0], around.latent_size)
