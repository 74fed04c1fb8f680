"""Instance normalisation: each channel of each image gets mean 0 and variance 1 over its own places.

Formula: y = g (x - m) / sqrt(v + e) + b; m and v over H, W of one channel of one image
Shapes: [N, C, H, W] -> the same, of more than one place
Parameters: 2 C (g, b)
Use it when: in G that turns one picture into another (CycleGAN, style transfer): it removes contrast and tint, which a
    style then sets anew; in D of such networks; it does the same in training and in use, for any batch
Beware: it wipes out the mean of every map, and with it what G has learnt there: never on a map spread out from z by a
    linear layer with few places, and at 1x1 it would leave zeros; in D it hides brightness and contrast, so G may get
    them wrong unpunished; it causes drop-shaped blobs in StyleGAN, which StyleGAN2 removed
Paper: Ulyanov, Vedaldi and Lempitsky 2016, "Instance Normalization: The Missing Ingredient for Fast Stylization"
See also: torch.nn.InstanceNorm2d; adaptive_instance_norm, batch_norm, group_norm, modulated_convolution
"""

from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, LayerError, Shape, expect_image


def instance_norm(channels: int, epsilon: float = 1e-5) -> nn.Module:
    """Return instance normalisation with gain and shift of [N, C, H, W].

    It is group normalisation with a group for each channel: the gradients that torch.nn.InstanceNorm2d (2.13, on a CPU)
    returns for a single image are wrong where the next layer's come in NHWC order (docs/log.md).
    """
    return nn.GroupNorm(channels, channels, epsilon)


class Config(Layer):
    """Instance normalisation with gain and shift."""

    layer: Literal["instance_norm"] = Field(
        default="instance_norm", description="each channel of each image normalised over its places"
    )
    epsilon: float = Field(default=1e-5, gt=0, le=1, description="e, added to the variance")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the same shape."""
        _, height, width = expect_image(given)
        if height * width < 2:
            raise LayerError("an image (C, H, W) of more than one place", 'Take `layer = "layer_norm"`.')
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return instance_norm(given[0], self.epsilon)
