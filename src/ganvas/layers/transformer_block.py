"""Transformer block: each vector of a sequence attends to all, then passes through a small network of its own.

Formula: x' = x + O(heads), y = x' + B gelu(A n(x')), head = softmax(Q K^T / sqrt(D/h)) V of n(x), n a layer
    normalisation, h heads of D/h values each, A to expansion D values and B back
Shapes: [N, L, D] -> [N, L, D]
Parameters: 4 D^2 + 4 D for the attention, 2 e D^2 + (e + 1) D for the network (e the expansion), 4 D for the norms
Use it when: in G and in D, on a picture cut into patches or a small map laid out as a sequence (TransGAN, ViT), several
    blocks in a row; add positions to the sequence first, or the order of the vectors means nothing
Beware: time and memory grow with L^2: 1,024 places (32x32) and 4 heads are 16 MiB an image and block; it knows nothing
    of neighbourhood and needs more images, or strong augmentation, than convolutions; in D keep a gradient penalty or
    small learning rate, as attention can be arbitrarily steep
Paper: Vaswani et al. 2017, "Attention Is All You Need"; norm first as in Xiong et al. 2020, "On Layer Normalization in
    the Transformer Architecture"; in GANs Jiang, Chang and Wang 2021, "TransGAN: Two Pure Transformers Can Make One
    Strong GAN, and That Can Scale Up"
See also: self_attention, layer_norm, gelu, reshape
"""

import math
from typing import Literal

from torch import Tensor, nn

from ganvas.config import Field
from ganvas.errors import ConfigurationError
from ganvas.layers.layer import Around, Layer, LayerError, Shape, expect_sequence


class TransformerBlock(nn.Module):
    """Attention and a two-layer network, each after a layer normalisation and beside a shortcut."""

    def __init__(self, size: int, num_heads: int, expansion: int = 4) -> None:
        super().__init__()
        if size % num_heads:
            raise ConfigurationError(f"Width {size} cannot be shared by {num_heads} heads: choose a divisor of {size}.")
        self.num_heads = num_heads
        self.norm1, self.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)
        self.project = nn.Linear(size, 3 * size)
        self.out = nn.Linear(size, size)
        self.network = nn.Sequential(nn.Linear(size, expansion * size), nn.GELU(), nn.Linear(expansion * size, size))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, L, D] to [N, L, D]."""
        x = x + self._attend(self.norm1(x))
        return x + self.network(self.norm2(x))

    def _attend(self, x: Tensor) -> Tensor:
        """Written out: torch's fused attention cannot be differentiated twice, which gradient penalties do."""
        heads = self.project(x).unflatten(2, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        queries, keys, values = heads.unbind(0)  # each [N, heads, L, D / heads]
        similarity = queries @ keys.transpose(2, 3) / math.sqrt(queries.shape[3])  # [N, heads, L, L]
        return self.out((similarity.softmax(dim=3) @ values).transpose(1, 2).flatten(2))


class Config(Layer):
    """A transformer block on a sequence."""

    layer: Literal["transformer_block"] = Field(
        default="transformer_block", description="attention and a small network on each vector of a sequence"
    )
    num_heads: int = Field(default=4, ge=1, le=256, description="h, attention heads; a divisor of the vectors' length")
    expansion: int = Field(default=4, ge=1, le=64, description="e, how much wider the small network is inside")

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the shape given, a sequence whose width the heads divide."""
        _, width = expect_sequence(given)
        if width % self.num_heads:
            raise LayerError(
                f"a sequence (L, D) whose D is a multiple of its {self.num_heads} heads",
                f"Set `num_heads` to a divisor of {width}.",
            )
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return TransformerBlock(given[1], self.num_heads, self.expansion)
