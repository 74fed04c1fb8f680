"""Flatten: an image or a sequence laid out as one long vector.

Formula: y[(c H + i) W + j] = x[c, i, j]
Shapes: image [N, C, H, W] -> [N, C H W]; sequence [N, L, D] -> [N, L D]; a vector stays
Parameters: none
Use it when: in D, once, between the last convolution and the linear layer that gives the score (DCGAN, ACGAN); in G
    hardly ever, since it goes the other way: reshape
Beware: no value is lost, but neighbourhood is: the next layer no longer knows which values lay side by side, and must
    learn it; that layer is tied to one image size and is often the largest of D (256x7x7 to 10 units: 125,450
    numbers); global_pool has none of this
Paper: LeCun et al. 1989, "Backpropagation Applied to Handwritten Zip Code Recognition"; in a GAN, Radford, Metz and
    Chintala 2016, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks"
See also: torch.nn.Flatten; reshape, global_pool, linear
"""

from math import prod
from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, Shape


class Config(Layer):
    """All values as one vector, torch.nn.Flatten."""

    layer: Literal["flatten"] = Field(default="flatten", description="all values as one vector")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (F,)."""
        return (prod(given),)

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return nn.Flatten()
