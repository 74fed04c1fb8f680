"""Group normalisation: the channels of one image in groups, each with mean 0 and variance 1.

Formula: y = g (x - m) / sqrt(v + e) + b; m and v over H, W and the C/G channels of a group
Shapes: [N, C, H, W] -> the same; G must divide C
Parameters: 2 C (g, b), whatever the number of groups
Use it when: in G, where batches are too small for batch_norm (2 to 8 images of high resolution); in D, where a
    normalisation is wanted beside a gradient penalty: each image is judged alone; one group is layer_norm, a group
    for each channel instance_norm
Beware: the number of groups must divide the channels of every layer it stands after (the paper takes 32); the fewer
    channels a group has, the more of their means is lost, as with instance_norm; most recent discriminators do best
    with no normalisation of features at all
Paper: Wu and He 2018, "Group Normalization"
See also: torch.nn.GroupNorm; layer_norm, instance_norm, batch_norm
"""

from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, LayerError, Shape, expect_image


class Config(Layer):
    """Group normalisation, torch.nn.GroupNorm."""

    layer: Literal["group_norm"] = Field(default="group_norm", description="groups of channels normalised")
    num_groups: int = Field(default=8, ge=1, le=65_536, description="G, which divides the number of channels")
    epsilon: float = Field(default=1e-5, gt=0, le=1, description="e, added to the variance")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the same shape."""
        channels, height, width = expect_image(given)
        if channels % self.num_groups:
            raise LayerError(
                f"an image (C, H, W) whose C is a multiple of {self.num_groups}",
                f"Give a `num_groups` that divides {channels}.",
            )
        if channels // self.num_groups * height * width < 2:
            raise LayerError("more than one value in each group", "Give a smaller `num_groups`.")
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return nn.GroupNorm(self.num_groups, given[0], self.epsilon)
