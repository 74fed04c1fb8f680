"""Minibatch standard deviation: one more map tells the discriminator how much the images of a group differ.

Formula: m[f] = mean over the f-th part of the channels and all places of sqrt(var + 1e-8), var over the g images of a
    group, divided by g; m is joined to the channels of every image of the group
Shapes: [N, C, H, W] -> [N, C + F, H, W]
Parameters: none
Use it when: in D, once, before its last convolution (at 4x4): a generator that draws the same image again and again is
    found out (Progressive GAN, StyleGAN 2); in G never
Beware: by design an image's score depends on its neighbours, so scores of single images mean less, and in a group of
    one m is 1e-4; a group is g images in a row, g the largest divisor of N up to group_size: where real and generated
    images share a batch, keep each half a multiple of group_size or they mix
Paper: Karras, Aila, Laine and Lehtinen 2018, "Progressive Growing of GANs for Improved Quality, Stability, and
    Variation", section 3; the idea from Salimans et al. 2016, "Improved Techniques for Training GANs"
See also: batch_norm, convolution
"""

from typing import Literal

import torch
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.errors import ConfigurationError
from ganvas.layers.layer import Around, Layer, LayerError, Shape, expect_image
from ganvas.players import BatchLayer


class MinibatchStandardDeviation(BatchLayer):
    """Joins to each image `num_channels` constant maps: the mean standard deviation within its group."""

    def __init__(self, group_size: int = 4, num_channels: int = 1) -> None:
        super().__init__()
        self.group_size, self.num_channels = group_size, num_channels

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, C + num_channels, H, W]; C must be a multiple of `num_channels`.

        Raises `ConfigurationError` where it is not.
        """
        _, channels, height, width = x.shape
        if channels % self.num_channels:
            raise ConfigurationError(
                f"{channels} channels cannot be cut into {self.num_channels} equal parts: "
                f"choose `num_channels` a divisor of {channels}."
            )
        batch = self.batch if self.training else None
        num = len(x) if batch is None else batch.count(x)
        size = next(size for size in range(min(self.group_size, num), 0, -1) if num % size == 0)
        whole = None if batch is None or batch.keeps(size) else batch
        rows, places = x if whole is None else whole.gather(x), channels * height * width // self.num_channels
        groups = rows.reshape(-1, size, self.num_channels, places)  # [groups, g, F, C/F H W]
        deviations = (groups.var(dim=1, correction=0) + 1e-8).sqrt().mean(dim=2)  # [groups, F]
        values = deviations.repeat_interleave(size, dim=0)
        values = values if whole is None else whole.own(values)  # [N, F]
        return torch.cat([x, values[:, :, None, None].expand(-1, -1, height, width)], dim=1)


class Config(Layer):
    """Maps that tell how much the images of a group differ."""

    layer: Literal["minibatch_standard_deviation"] = Field(
        default="minibatch_standard_deviation", description="tells the discriminator how much the images differ"
    )
    group_size: int = Field(default=4, ge=2, le=1024, description="g, images compared with each other")
    num_channels: int = Field(default=1, ge=1, le=64, description="F, maps added; a divisor of the channels given")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (C + F, H, W)."""
        channels, height, width = expect_image(given)
        if channels % self.num_channels:
            raise LayerError(
                f"an image (C, H, W) whose C is a multiple of {self.num_channels}", "Set `num_channels = 1`."
            )
        return channels + self.num_channels, height, width

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return MinibatchStandardDeviation(self.group_size, self.num_channels)
