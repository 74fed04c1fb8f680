"""GELU: a smooth ReLU that weighs each value by the chance that a normal one is smaller.

Formula: y = x Phi(x) = x/2 (1 + erf(x / sqrt 2)); lowest -0.17 at x = -0.75
Shapes: any [N, ...] -> the same
Parameters: none
Use it when: in G and in D built of transformer layers, between the two linear layers of each block; in convolutional
    networks relu and leaky_relu are cheaper and as good
Beware: flat for x below about -3: values pushed there get almost no gradient, so normalise before it (layer_norm);
    it dips below zero before it rises, so it does not keep order; several times dearer than relu on a CPU
Paper: Hendrycks and Gimpel 2016, "Gaussian Error Linear Units (GELUs)"
See also: torch.nn.GELU; silu, relu, transformer_block
"""

from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, Shape


class Config(Layer):
    """The exact GELU, torch.nn.GELU."""

    layer: Literal["gelu"] = Field(default="gelu", description="smooth ReLU of transformers")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the same shape."""
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return nn.GELU()
