"""Fully connected layer: every output is a weighted sum of all inputs.

Formula: y = W x + b, W [D, F], x [F], b [D]; with an activation f after it, y = f(W x + b)
Shapes: vector [N, F] -> [N, D]; sequence [N, L, F] -> [N, L, D], each position apart
Parameters: F D + D
Use it when: in G, first, to spread the latent vector over a small map (z -> 4x4 pixels); in D, last, to turn
    features into one score; all through in the basic GAN of small images
Beware: weights grow with the square of the image's side: at 64x64 in colour one layer of 1024 units has 12.6 million;
    it knows nothing of neighbourhood, so for images convolutions do better with fewer weights
Paper: Rosenblatt 1958, "The Perceptron: A Probabilistic Model for Information Storage and Organization in the Brain"
See also: torch.nn.Linear; flatten, reshape, convolution, equalised
"""

from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, LayerError, Shape


class Config(Layer):
    """A fully connected layer, torch.nn.Linear."""

    layer: Literal["linear"] = Field(default="linear", description="fully connected layer")
    units: int = Field(ge=1, le=1_000_000, description="D, the number of outputs")
    bias: bool = Field(default=True, description="add b; off before a normalisation, which would remove it")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return (D,) for a vector, (L, D) for a sequence."""
        if len(given) not in (1, 2):
            raise LayerError("a vector (F,) or a sequence (L, F)", 'Put `layer = "flatten"` before it.')
        return (*given[:-1], self.units)

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return nn.Linear(given[-1], self.units, self.bias)
