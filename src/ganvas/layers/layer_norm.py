"""Layer normalisation: all features of one sample get mean 0 and variance 1 together.

Formula: y = g (x - m) / sqrt(v + e) + b; m and v over F of a vector, over D of each vector of a sequence, over
    C, H and W of an image
Shapes: vector [N, F], sequence [N, L, D] or image [N, C, H, W] -> the same
Parameters: 2 F, 2 D or 2 C (g, b; an image has one pair per channel)
Use it when: in G and in D built of transformer layers, before attention and before the linear layers; in D with a
    gradient penalty in place of batch_norm, as WGAN-GP advises: each image is judged alone
Beware: an image's channels share one mean and variance, so a loud channel makes all others quiet; it takes away the
    scale of the features, with which D could tell how sure it is; on images it needs one pass more over the whole map
Paper: Ba, Kiros and Hinton 2016, "Layer Normalization"; in D, Gulrajani et al. 2017, "Improved Training of Wasserstein
    GANs"
See also: torch.nn.LayerNorm, torch.nn.GroupNorm (one group, for images); group_norm, batch_norm, transformer_block
"""

from typing import Literal

from torch import nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, Shape


class Config(Layer):
    """Layer normalisation: torch.nn.LayerNorm, for images torch.nn.GroupNorm of one group."""

    layer: Literal["layer_norm"] = Field(default="layer_norm", description="all features of a sample normalised")
    epsilon: float = Field(default=1e-5, gt=0, le=1, description="e, added to the variance")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the same shape."""
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        if len(given) == 3:
            return nn.GroupNorm(1, given[0], self.epsilon)
        return nn.LayerNorm(given[-1], self.epsilon)
