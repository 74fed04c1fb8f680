"""A GAN of two transformers and no convolution but the cutting of patches (Jiang, Chang and Wang 2021, "TransGAN: Two
Pure Transformers Can Make One Strong GAN, and That Can Scale Up").
"""

from math import ceil
from typing import Literal, Self

import torch
from pydantic import model_validator
from torch import Tensor, nn
from torch.nn.functional import pad, pixel_shuffle

from ganvas import players
from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.layers.projection import ClassProjection
from ganvas.layers.transformer_block import TransformerBlock
from ganvas.models.family import FamilyConfig
from ganvas.models.resolutions import centre_crop
from ganvas.players import Verdict

SMALLEST, LARGEST = 16, 64
LARGEST_START = 8
POSITION_DEVIATION = 0.02  # of learned positions at the start, as of vision transformers


class Config(FamilyConfig):
    """Sizes of the TransGAN."""

    family: Literal["transgan"] = Field(default="transgan", description="model family")
    latent_size: int = Field(default=64, ge=1, le=4096, description="length of the latent vector z")
    embedding_size: int = Field(default=32, ge=1, le=4096, description="length of the class embedding joined to z")
    generator_width: int = Field(
        default=128, ge=4, le=2048, description="values of a token of the coarse map; a quarter of it after each growth"
    )
    smallest_width: int = Field(default=32, ge=1, le=2048, description="values that a token keeps at least")
    generator_depth: int = Field(default=2, ge=1, le=16, description="transformer blocks at each resolution of G")
    colour_patch: int = Field(
        default=2, ge=1, le=4, description="side in pixels of what a token of G's finest map paints; 1 as published"
    )
    discriminator_width: int = Field(default=64, ge=4, le=2048, description="values of a token of the discriminator")
    discriminator_depth: int = Field(default=3, ge=1, le=16, description="transformer blocks of the discriminator")
    patch_size: int = Field(default=4, ge=2, le=16, description="side in pixels of a patch, a token of D")
    num_heads: int = Field(default=2, ge=1, le=64, description="heads of attention; they divide every width")
    expansion: int = Field(default=2, ge=1, le=8, description="hidden units of a block's perceptron, times its width")
    grid_size: int = Field(
        default=16, ge=8, le=64, description="G's maps of larger sides are cut in grids that attend within themselves"
    )
    conditional: bool = Field(default=True, description="draw wanted classes, where the dataset has any")

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = ("generator_width", "smallest_width", "discriminator_width")
        wrong = [name for name in names if getattr(self, name) % self.num_heads]
        if wrong:
            raise ValueError(f"`num_heads` ({self.num_heads}) must divide {', '.join(f'`{name}`' for name in wrong)}")
        return self

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse sizes outside 16 to 64 px, and more than 4 channels."""
        if not all(SMALLEST <= size <= LARGEST for size in image_shape[1:]):
            return (
                f"it does heights and widths from {SMALLEST} to {LARGEST} px. Prepare with `--size {SMALLEST}` to "
                f"`--size {LARGEST}`."
            )
        if image_shape.channels > 4:
            return "it does 1 to 4 channels. Prepare with `--channels 1` or `--channels 3`."
        return None

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator."""
        return Generator(self, image_shape, num_classes if self.conditional else 0)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator."""
        return Discriminator(self, image_shape, num_classes if self.conditional else 0)

    def widths(self, num_growths: int) -> list[int]:
        """Return the width of a token at each resolution, from the coarsest: a quarter after each growth, to a floor.

        The quarter is rounded down to what the heads divide.
        """
        widths = [self.generator_width]
        for _ in range(num_growths):
            quarter = widths[-1] // 4 // self.num_heads * self.num_heads
            widths.append(max(quarter, min(self.smallest_width, widths[-1])))
        return widths


class Grids(nn.Module):
    """Transformer blocks on a map of tokens with learned positions, in grids where it is large."""

    def __init__(self, config: Config, width: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size
        self.grid = tuple(_grid(side, config.grid_size) for side in size)
        self.positions = _learned(size[0] * size[1], width)
        self.blocks = nn.Sequential(*_blocks(config, width, config.generator_depth))

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens [N, h w, D] to tokens of the same shape."""
        count, _, width = tokens.shape
        down, across = (side // part for side, part in zip(self.size, self.grid, strict=True))
        cut = (tokens + self.positions).view(count, down, self.grid[0], across, self.grid[1], width).transpose(2, 3)
        attended = self.blocks(cut.reshape(-1, self.grid[0] * self.grid[1], width))  # [N grids, g g, D]
        return attended.view(count, down, across, *self.grid, width).transpose(2, 3).reshape(tokens.shape)


class Growth(nn.Module):
    """Doubles a map by pixel shuffle: a token of 4 D' values becomes 2x2 tokens of D'."""

    def __init__(self, width: int, next_width: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size
        self.widen = nn.Identity() if width == 4 * next_width else nn.Linear(width, 4 * next_width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens [N, h w, D] to [N, 4 h w, D']."""
        maps = self.widen(tokens).transpose(1, 2).unflatten(2, self.size)  # [N, 4 D', h, w]
        return pixel_shuffle(maps, 2).flatten(2).transpose(1, 2)


class Generator(players.Generator):
    """z and the class embedding -> a coarse map of tokens -> blocks, doubled and again -> patches of colour -> crop."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__(image_shape, num_classes, config.latent_size)
        num_growths = (ceil(min(image_shape[1:]) / config.colour_patch / LARGEST_START) - 1).bit_length()
        height, width = (ceil(side / config.colour_patch / 2**num_growths) for side in image_shape[1:])
        widths = config.widths(num_growths)
        self.embedding = nn.Embedding(num_classes, config.embedding_size) if num_classes else None
        given = config.latent_size + (config.embedding_size if num_classes else 0)
        self.start = nn.Linear(given, height * width * widths[0])
        self.size = (height * 2**num_growths, width * 2**num_growths)
        tokens = nn.Unflatten(1, (height * width, widths[0]))
        stages: list[nn.Module] = [tokens, Grids(config, widths[0], (height, width))]
        for level, next_width in enumerate(widths[1:]):
            now = (height * 2**level, width * 2**level)
            stages += [Growth(widths[level], next_width, now), Grids(config, next_width, (2 * now[0], 2 * now[1]))]
        self.stages = nn.Sequential(*stages)
        num_values = image_shape.channels * config.colour_patch**2
        self.colour = nn.Sequential(nn.LayerNorm(widths[-1]), nn.Linear(widths[-1], num_values))
        self.paint = nn.PixelShuffle(config.colour_patch)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents [N, Z] and labels [N] to images [N, C, H, W]."""
        if self.embedding is not None:
            latents = torch.cat([latents, self.embedding(labels)], dim=1)
        tokens = self.stages(self.start(latents))  # [N, h w, D]
        images = self.paint(self.colour(tokens).transpose(1, 2).unflatten(2, self.size))
        return centre_crop(images, self.image_shape).tanh()


class Discriminator(players.Discriminator):
    """Patches and a class token, with learned positions -> transformer blocks -> the score of the class token."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__()
        width, side = config.discriminator_width, config.patch_size
        down, across = (-(-size // side) for size in image_shape[1:])
        self.rim = (0, across * side - image_shape.width, 0, down * side - image_shape.height)
        self.patches = nn.Conv2d(image_shape.channels, width, side, side)
        self.summary = _learned(1, 1, width)
        self.positions = _learned(1 + down * across, width)
        self.blocks = nn.Sequential(*_blocks(config, width, config.discriminator_depth), nn.LayerNorm(width))
        self.judge = ClassProjection(width, num_classes)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Judge images [N, C, H, W], shown as labels [N] where there are classes."""
        patches = self.patches(pad(images, self.rim)).flatten(2).transpose(1, 2)  # [N, L, D]
        tokens = torch.cat([self.summary.expand(len(patches), -1, -1), patches], dim=1) + self.positions
        return Verdict(self.judge(self.blocks(tokens)[:, 0], labels))


def _blocks(config: Config, width: int, num: int) -> list[TransformerBlock]:
    return [TransformerBlock(width, config.num_heads, config.expansion) for _ in range(num)]


def _learned(*shape: int) -> nn.Parameter:
    return nn.Parameter(nn.init.normal_(torch.empty(shape), std=POSITION_DEVIATION))


def _grid(side: int, largest: int) -> int:
    """Return the side of the grids of a map: halved while it is larger and even."""
    while side > largest and side % 2 == 0:
        side //= 2
    return side
