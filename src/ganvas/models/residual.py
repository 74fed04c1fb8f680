"""What the residual families share: their channels at each resolution, where attention stands, and D's features.

The published networks differ by size. Below 64 px every block has the same channels, 4 widths in G and 2 in D, and D
halves twice; from 64 px on, channels double at each halving, 1 to 16 widths, and D halves down to 4 to 7 px.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.images import ImageShape
from ganvas.layers.residual_block import DownBlock
from ganvas.layers.self_attention import SelfAttention
from ganvas.models.resolutions import level_widths, num_doublings

_EVEN_DOUBLINGS = 3  # up to so many doublings all blocks are equally wide: images below 64 px
_NUM_EVEN_BLOCKS, _EVEN_HALVINGS = 4, 2
_LARGEST_ATTENDED = 32  # px, side of the map that attention looks at (Zhang et al. 2019, table 1; Brock et al. 2019)


def generator_widths(width: int, image_shape: ImageShape) -> list[int]:
    """Return the channels before the first block and after each, the coarsest first."""
    num = num_doublings(image_shape) + 1
    return [4 * width] * num if num <= _EVEN_DOUBLINGS + 1 else level_widths(width, num)[::-1]


def discriminator_widths(width: int, image_shape: ImageShape) -> tuple[list[int], int]:
    """Return the channels after each block, the finest first, and how many of the first blocks halve the map."""
    doublings = num_doublings(image_shape)
    if doublings <= _EVEN_DOUBLINGS:
        return [2 * width] * _NUM_EVEN_BLOCKS, min(doublings, _EVEN_HALVINGS)
    return level_widths(width, doublings + 1), doublings


def attention_level(image_shape: ImageShape) -> int:
    """Return how often the image is halved where attention stands: once below 128 px, so 16x16 maps at 32 px."""
    level = 1
    while min(image_shape[1:]) >> level > _LARGEST_ATTENDED:
        level += 1
    return level


class ResidualFeatures(nn.Module):
    """Images [N, C, H, W] -> down blocks, attention after the block that reaches its level -> ReLU, sum -> [N, F]."""

    def __init__(self, image_shape: ImageShape, width: int, attention: bool) -> None:
        super().__init__()
        widths, num_halvings = discriminator_widths(width, image_shape)
        self.num_features = widths[-1]
        level, before, layers = attention_level(image_shape), image_shape.channels, []
        for index, after in enumerate(widths):
            layers.append(DownBlock(before, after, downsample=index < num_halvings, first=index == 0))
            before = after
            if attention and index + 1 == level:
                layers.append(SelfAttention(after))
        self.blocks = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Return features [N, F], summed over the map (Miyato et al. 2018, table 4)."""
        return F.relu(self.blocks(images)).sum(dim=(2, 3))
