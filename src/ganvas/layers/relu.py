"""ReLU: negative values become zero, positive ones pass.

Formula: y = max(x, 0); gradient 1 for x > 0, 0 for x < 0
Shapes: any [N, ...] -> the same
Parameters: none
Use it when: in G, after every hidden layer (DCGAN); in D, only in residual blocks, where a shortcut passes around it
    (SNGAN, BigGAN); in a plain D take leaky_relu. Start with it, then try others: which is best, the data decides
Beware: dead neurons: a unit whose x is below zero for all images gets gradient 0 and never comes back (large learning
    rates, large negative biases); in D every dead unit is a gradient that G does not get; as G's last layer it could
    draw nothing below mid-grey; its second derivative is 0, so gradient penalties see straight pieces only
Paper: Nair and Hinton 2010, "Rectified Linear Units Improve Restricted Boltzmann Machines"; Glorot, Bordes and Bengio
    2011, "Deep Sparse Rectifier Neural Networks"
See also: torch.nn.ReLU; leaky_relu, gelu, silu
"""

from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, Shape


class Config(Layer):
    """The positive part, torch.nn.ReLU."""

    layer: Literal["relu"] = Field(default="relu", description="negative values become zero")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the same shape."""
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return nn.ReLU()
