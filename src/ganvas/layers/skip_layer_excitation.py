"""Skip-layer excitation: a small early map decides how loud each channel of a large late map is.

Formula: y = x g(z), g = sigmoid(conv1(leaky(conv4(pool(z))))), pool the mean down to 4x4, conv4 without padding to
    1x1, leaky a leaky ReLU of slope 0.1; one factor in (0, 1) for each channel of x
Shapes: x [N, C, H, W] and z [N, B, h, w] -> [N, C, H, W]
Parameters: 16 B C + C^2 + 2 C
Use it when: in G, from 8x8 to 128x128, from 16x16 to 256x256 and so on: gradients reach the early layers by a short
    road, and style and content part (FastGAN, a few hundred images); in D not
Beware: factors start near 1/2, so maps halve; it only weighs channels and can add nothing that x lacks; the map at z
    should be at least 4x4, a smaller one is repeated
Paper: Liu, Zhu, Song and Elgammal 2021, "Towards Faster and Stabilized GAN Training for High-Fidelity Few-Shot Image
    Synthesis", equation 1; after Hu, Shen and Sun 2018, "Squeeze-and-Excitation Networks"
See also: skip_connection, self_attention, up_block
"""

from typing import ClassVar, Literal

from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.beside import expect_source
from ganvas.layers.layer import Around, Input, Layer, LayerError, Shape, expect_image


class SkipLayerExcitation(nn.Module):
    """Scales each channel of the high map by a factor in (0, 1) made of the low map."""

    def __init__(self, low_channels: int, high_channels: int) -> None:
        super().__init__()
        self.factors = nn.Sequential(
            nn.AdaptiveAvgPool2d(4),
            nn.Conv2d(low_channels, high_channels, 4),
            nn.LeakyReLU(0.1),
            nn.Conv2d(high_channels, high_channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """Map the high map [N, C, H, W] and the low map [N, B, h, w] to [N, C, H, W]."""
        return high * self.factors(low)


class Config(Layer):
    """Channels scaled by what an earlier, smaller map says."""

    inputs: ClassVar[tuple[Input, ...]] = ("source",)
    layer: Literal["skip_layer_excitation"] = Field(
        default="skip_layer_excitation", description="an earlier, smaller map (`source`) scales the channels"
    )

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the shape given, an image; the source is an image too."""
        expect_image(given)
        if len(expect_source(around)) != 3:
            raise LayerError("an image (C, H, W) as its source", "Name an earlier line whose values are maps.")
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return SkipLayerExcitation(around.source[0], given[0])
