"""Sigmoid: squeezes every value into 0 ... 1, a probability or a gate.

Formula: y = 1 / (1 + e^-x); gradient y (1 - y), at most 1/4, at x = 0
Shapes: any [N, ...] -> the same
Parameters: none
Use it when: as a gate that lets a part of other values through (recurrent cells, channel weights) in G and in D; in
    G, last, it gives [0, 1], where this project wants [-1, 1]: take tanh; D's score as a probability is its sigmoid,
    and that stands inside the loss
Beware: vanishing gradients: each such layer shrinks them at least four times, so not between hidden layers; do not
    end D with it here: scores are logits, the loss takes log(sigmoid) in one stable step, and Wasserstein or hinge
    losses need them unsqueezed; its mean is 1/2, not 0, which slows the layer after it
Paper: Rumelhart, Hinton and Williams 1986, "Learning representations by back-propagating errors"; for D, Goodfellow et
    al. 2014, "Generative Adversarial Nets"
See also: torch.nn.Sigmoid; tanh, silu
"""

from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, Shape


class Config(Layer):
    """The logistic function, torch.nn.Sigmoid."""

    layer: Literal["sigmoid"] = Field(default="sigmoid", description="squeezes into 0 ... 1")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the same shape."""
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return nn.Sigmoid()
