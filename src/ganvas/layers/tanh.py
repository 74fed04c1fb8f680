"""Tanh: squeezes every value into -1 ... 1, symmetric about zero.

Formula: y = (e^x - e^-x) / (e^x + e^-x); gradient 1 - y^2, at most 1, at x = 0
Shapes: any [N, ...] -> the same
Parameters: none
Use it when: in G, last: images of this project live in [-1, 1], black to white; inside recurrent layers of G and D;
    as a hidden activation of convolutional networks relu and leaky_relu learn faster; never as D's last layer
Beware: vanishing gradients: at |x| = 3 the gradient is 0.01, and ten such layers multiply ten such factors; a G whose
    last values run far off draws only black and white and stops learning: lower the learning rate; real images must
    be scaled to [-1, 1] too, or D tells them apart by brightness alone
Paper: LeCun et al. 1998, "Efficient BackProp"; in a GAN, Radford, Metz and Chintala 2016, "Unsupervised Representation
    Learning with Deep Convolutional Generative Adversarial Networks"
See also: torch.nn.Tanh; sigmoid, relu
"""

from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, Shape


class Config(Layer):
    """The hyperbolic tangent, torch.nn.Tanh."""

    layer: Literal["tanh"] = Field(default="tanh", description="squeezes into -1 ... 1")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the same shape."""
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return nn.Tanh()
