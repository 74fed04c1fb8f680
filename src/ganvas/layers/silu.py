"""SiLU (Swish): each value times its own sigmoid.

Formula: y = x sigmoid(x) = x / (1 + e^-x); lowest -0.28 at x = -1.28
Shapes: any [N, ...] -> the same
Parameters: none
Use it when: in G, where a smooth function suits (deep residual generators, implicit ones that map places to colours);
    in D, where gradient penalties should see curvature, for its second derivative is not zero as that of relu is
Beware: no great gain in GANs has been shown: compare it with relu on your data first; flat for x below about -6; it
    dips below zero before it rises, so it does not keep order; dearer than relu
Paper: Elfwing, Uchibe and Doya 2018, "Sigmoid-Weighted Linear Units for Neural Network Function Approximation in
    Reinforcement Learning"; Ramachandran, Zoph and Le 2017, "Searching for Activation Functions"
See also: torch.nn.SiLU; gelu, relu, sigmoid
"""

from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, Shape


class Config(Layer):
    """Each value times its sigmoid, torch.nn.SiLU."""

    layer: Literal["silu"] = Field(default="silu", description="each value times its sigmoid")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the same shape."""
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return nn.SiLU()
