"""Self-attention on maps: every place looks at all others, so that far parts of a picture fit together.

Formula: y = x + g O(V A^T), A = softmax over places j of f_i . k_j; f = conv1(x) [C/8], k = pool(conv1(x)) [C/8],
    V = pool(conv1(x)) [C/2], O = conv1 [C]; pool the 2x2 maximum; g starts at 0
Shapes: [N, C, H, W] -> [N, C, H, W]
Parameters: 2 C (C/8) + 2 C (C/2) + 1 (no biases; C/8 and C/2 rounded down, at least 1)
Use it when: in G and in D, once each, at 32x32 or so (of 128x128 pictures), where parts far apart must agree: limbs,
    symmetric faces, buildings; below 8x8 the convolutions see everything anyway
Beware: (H W)^2 / 4 numbers an image are kept for the backward pass: 1 MiB at 32x32, 16 MiB at 64x64, 256 MiB at
    128x128; the similarities are not divided by a root, so in D keep its weights spectrally normalised; as g starts at
    0 it does nothing at first; an odd last row or column is seen by no one, but sees
Paper: Zhang, Goodfellow, Metaxas and Odena 2019, "Self-Attention Generative Adversarial Networks"; pooled keys and
    values as in Brock, Donahue and Simonyan 2019, "Large Scale GAN Training for High Fidelity Natural Image Synthesis"
See also: transformer_block, up_block, down_block, spectral_norm
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.config import Field
from ganvas.layers.layer import Around, Layer, LayerError, Shape, expect_image


class SelfAttention(nn.Module):
    """Adds to every place a learnt share of what it attends to; nothing at the start of training."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow, half = max(channels // 8, 1), max(channels // 2, 1)
        self.queries = nn.Conv2d(channels, narrow, 1, bias=False)
        self.keys = nn.Conv2d(channels, narrow, 1, bias=False)
        self.values = nn.Conv2d(channels, half, 1, bias=False)
        self.out = nn.Conv2d(half, channels, 1, bias=False)
        self.strength = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to the same shape."""
        queries = self.queries(x).flatten(2)  # [N, C/8, H W]
        keys = F.max_pool2d(self.keys(x), 2).flatten(2)  # [N, C/8, H W / 4]
        values = F.max_pool2d(self.values(x), 2).flatten(2)  # [N, C/2, H W / 4]
        attention = (queries.transpose(1, 2) @ keys).softmax(dim=2)  # [N, H W, H W / 4]
        seen = (values @ attention.transpose(1, 2)).unflatten(2, x.shape[2:])  # [N, C/2, H, W]
        return x + self.strength * self.out(seen)


class Config(Layer):
    """Attention of every place of a map to all others."""

    layer: Literal["self_attention"] = Field(
        default="self_attention", description="every place of a map looks at all others"
    )

    def output(self, given: Shape, around: Around) -> Shape:
        """Return the shape given, an image of at least 2x2."""
        _, height, width = expect_image(given)
        if min(height, width) < 2:
            raise LayerError("an image (C, H, W) of at least 2x2", "Put it where the map is larger.")
        return given

    def build(self, given: Shape, around: Around) -> nn.Module:
        """Return the module."""
        return SelfAttention(given[0])
