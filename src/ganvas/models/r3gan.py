"""R3GAN, configuration E (Huang et al. 2024, "The GAN is dead; long live the GAN! A Modern Baseline GAN", section 3).

Both players are stages of inverted ResNeXt bottlenecks without any normalisation; what keeps them stable is the scale
of their initial weights (Zhang et al. 2019, "Fixup Initialization").
"""

from itertools import pairwise
from math import sqrt
from typing import Literal

import torch
from torch import Tensor, nn

from ganvas import players
from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.layers.blur_pool import BlurDownsample, BlurUpsample
from ganvas.models.family import FamilyConfig
from ganvas.models.padding import padded
from ganvas.models.resolutions import centre_crop, coarse_size, num_doublings
from ganvas.players import Verdict

LEAK = 0.2
GAIN = sqrt(2 / (1 + LEAK**2))  # keeps the variance through a LeakyReLU (He et al. 2015, eq. 15)
SMALLEST, LARGEST = 8, 1024
TAPS = (1, 2, 1)  # bilinear interpolation


class Config(FamilyConfig):
    """Sizes of R3GAN; the defaults are those of 32 px (CIFAR-10), and with more stages of 64 px and above."""

    family: Literal["r3gan"] = Field(default="r3gan", description="model family")
    conditional: bool = Field(default=True, description="draw wanted classes, where the dataset has any")
    latent_size: int = Field(default=64, ge=1, le=4096, description="length of the latent vector z")
    embedding_size: int = Field(default=64, ge=1, le=4096, description="length of G's class embedding")
    width: int = Field(default=768, ge=4, le=4096, description="channels of the four coarsest stages; then halved")
    group_width: int = Field(default=16, ge=1, le=1024, description="channels of a group of the 3x3 convolutions")
    expansion: int = Field(default=2, ge=1, le=8, description="channels inside a block over those outside")
    num_blocks: int = Field(default=2, ge=1, le=16, description="blocks in a stage")

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse sizes outside 8 to 1024 px, and widths that groups do not divide."""
        if not all(SMALLEST <= size <= LARGEST for size in image_shape[1:]):
            return f"it does heights and widths from {SMALLEST} to {LARGEST} px. Prepare with another `--size`."
        if any(width * self.expansion % self.group_width for width in self.widths(image_shape)):
            return (
                f"{self.group_width} channels a group do not divide its stages of {self.widths(image_shape)} channels "
                f"times {self.expansion}. Choose a power of two for `--model.width`, or smaller groups."
            )
        return None

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator."""
        return Generator(self, image_shape, num_classes if self.conditional else 0)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator."""
        return Discriminator(self, image_shape, num_classes if self.conditional else 0)

    def widths(self, image_shape: ImageShape) -> list[int]:
        """Return the channels of each stage, from the coarsest, of 4 to 7 px, to that of the image's own size."""
        return [max(self.width >> max(level - 3, 0), 1) for level in range(num_doublings(image_shape) + 1)]


class Block(nn.Module):
    """x + W3 f(W2 f(W1 x)): 1x1 wider, 3x3 in groups, 1x1 back; f is a LeakyReLU after a bias. W3 starts at zero."""

    def __init__(self, width: int, expansion: int, group_width: int, num_blocks: int) -> None:
        super().__init__()
        inner = width * expansion
        gain = GAIN * num_blocks ** (-1 / 4)  # Fixup: L^(-1 / (2m - 2)), m = 3 layers in a block
        self.layers = nn.Sequential(
            convolution(width, inner, 1, gain, bias=True),
            nn.LeakyReLU(LEAK),
            convolution(inner, inner, 3, gain, groups=inner // group_width, bias=True),
            nn.LeakyReLU(LEAK),
            convolution(inner, width, 1, 0.0),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map [N, C, H, W] to the same shape."""
        return images + self.layers(images)


class Generator(players.Generator):
    """z and the class embedding weigh a learnt coarse map; stages of blocks, each twice as fine, bring it to size."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__(image_shape, num_classes, config.latent_size)
        widths = config.widths(image_shape)
        self.embedding = linear(num_classes, config.embedding_size) if num_classes else None
        joined = config.latent_size + (config.embedding_size if num_classes else 0)
        self.basis = nn.Parameter(torch.randn(widths[0], *coarse_size(image_shape)))
        self.weigh = linear(joined, widths[0])
        blocks = config.num_blocks * len(widths)
        layers: list[nn.Module] = []
        for before, after in pairwise((widths[0], *widths)):
            layers += [] if not layers else [*_resized(before, after, BlurUpsample(TAPS))]
            layers += [Block(after, config.expansion, config.group_width, blocks) for _ in range(config.num_blocks)]
        self.stages = nn.Sequential(*layers)
        self.to_image = convolution(widths[-1], image_shape.channels, 1, 1.0)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents [N, Z] and labels [N] to images [N, C, H, W]; in training they may leave [-1, 1]."""
        if self.embedding is not None and labels is not None:
            latents = torch.cat([latents, self.embedding(one_hot(labels, self.num_classes, latents))], dim=1)
        images = self.to_image(self.stages(self.basis * self.weigh(latents)[:, :, None, None]))
        images = centre_crop(images, self.image_shape)
        return images if self.training else images.clamp(-1, 1)


class Discriminator(players.Discriminator):
    """The generator's mirror: stages of blocks, each twice as coarse; a learnt map weighs what is left, per channel."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__()
        widths = config.widths(image_shape)[::-1]
        self.num_classes = num_classes
        self.image_shape = image_shape
        blocks = config.num_blocks * len(widths)
        layers: list[nn.Module] = [convolution(image_shape.channels, widths[0], 1, 1.0)]
        for number, (before, after) in enumerate(pairwise((*widths, widths[-1]))):
            layers += [Block(before, config.expansion, config.group_width, blocks) for _ in range(config.num_blocks)]
            if number < len(widths) - 1:
                layers += _resized(before, after, BlurDownsample(TAPS))
        self.stages = nn.Sequential(*layers)
        self.basis = nn.Conv2d(widths[-1], widths[-1], coarse_size(image_shape), groups=widths[-1], bias=False)
        _scaled(self.basis.weight, 1.0)
        self.score = linear(widths[-1], widths[-1] if num_classes else 1)
        self.embedding = linear(num_classes, widths[-1], widths[-1] ** -0.5) if num_classes else None

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Judge images [N, C, H, W]; a conditional one scores by <features, embedding of the class>."""
        features = self.score(self.basis(self.stages(padded(images, self.image_shape))).flatten(1))
        if self.embedding is not None and labels is not None:
            features = features * self.embedding(one_hot(labels, self.num_classes, features))
        return Verdict(features.sum(1))


def convolution(before: int, after: int, size: int, gain: float, groups: int = 1, bias: bool = False) -> nn.Conv2d:
    """Return a convolution that keeps the image's size, with weights N(0, gain^2 / fan in) and bias 0."""
    layer = nn.Conv2d(before, after, size, padding=size // 2, groups=groups, bias=bias)
    _scaled(layer.weight, gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def linear(before: int, after: int, gain: float = 1.0) -> nn.Linear:
    """Return a linear layer without bias, with weights N(0, gain^2 / fan in)."""
    layer = nn.Linear(before, after, bias=False)
    _scaled(layer.weight, gain)
    return layer


def one_hot(labels: Tensor, num_classes: int, like: Tensor) -> Tensor:
    """Return labels [N] as rows [N, K] of the dtype of `like`."""
    return nn.functional.one_hot(labels, num_classes).to(like.dtype)


def _resized(before: int, after: int, resample: nn.Module) -> list[nn.Module]:
    """Return the way from one stage to the next: a 1x1 convolution where the channels change, and the resampling."""
    change = [] if before == after else [convolution(before, after, 1, 1.0)]
    return [resample, *change] if before < after else [*change, resample]


def _scaled(weight: Tensor, gain: float) -> None:
    fan_in = weight[0].numel()
    nn.init.normal_(weight, std=gain / sqrt(fan_in)) if gain else nn.init.zeros_(weight)
