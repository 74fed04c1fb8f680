"""Batch normalisation whose scale and shift belong to the class: the usual way to tell a generator what to draw.

Formula: y = s[c] (x - m) / sqrt(v + 1e-5) + b[c], c the label; m and v of each channel over the batch and the map in
    training, their running averages (momentum 0.1) in evaluation; s starts at 1, b at 0
Shapes: [N, C, H, W] and labels [N] -> [N, C, H, W]
Parameters: 2 K C for K classes; 2 C running averages and a counter beside (not learnt)
Use it when: in G, in place of each batch normalisation, when the dataset has classes (SNGAN, SAGAN, BigGAN); in D not:
    it is told the class by the projection, and batch statistics would tie its scores to their neighbours
Beware: a class of few images trains its row of s and b on those alone; batches under about 16 give noisy statistics;
    images made in training mode depend on one another; never put spectral normalisation on s and b, it would shrink
    every map (`spectral_normalised` leaves them alone); no labels, no layer: use batch_norm
Paper: Dumoulin, Shlens and Kudlur 2017, "A Learned Representation for Artistic Style"; in GANs Miyato and Koyama 2018,
    "cGANs with Projection Discriminator"
See also: batch_norm, adaptive_instance_norm, projection, up_block
"""

from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.beside import expect_classes
from ganvas.layers.layer import Around, Input, Layer, Shape, expect_image


class ConditionalBatchNorm2d(nn.Module):
    """Normalises each channel over the batch, then scales and shifts it by the class's own pair."""

    def __init__(self, channels: int, num_classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.scale = nn.Parameter(torch.ones(num_classes, channels))
        self.shift = nn.Parameter(torch.zeros(num_classes, channels))

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Map [N, C, H, W] and labels [N] to [N, C, H, W]."""
        scale = F.embedding(labels, self.scale)[:, :, None, None]
        shift = F.embedding(labels, self.shift)[:, :, None, None]
        return torch.addcmul(shift, self.norm(x), scale)


class Config(Layer):
    """A batch normalisation with a scale and a shift of each class."""

    inputs: ClassVar[tuple[Input, ...]] = ("labels",)
    layer: Literal["conditional_batch_norm"] = Field(
        default="conditional_batch_norm", description="batch normalisation with the class's scale and shift"
    )

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the shape given, an image."""
        expect_image(given)
        expect_classes(around)
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return ConditionalBatchNorm2d(given[0], around.num_classes)
