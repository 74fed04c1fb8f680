"""CycleGAN: pictures of one class into pictures of the other and back, without pairs (Zhu, Park, Isola and Efros 2017,
"Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks").

The two classes of the dataset are the two domains. Both directions are one generator, chosen by the class wanted, and
both discriminators are one, chosen by the class of what they are shown.
"""

from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor, nn

from ganvas import players
from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.layers.instance_norm import instance_norm
from ganvas.models.family import FamilyConfig
from ganvas.models.patches import PatchScores, initialise, refuse_patches
from ganvas.players import Verdict

DIVISOR = 4  # G halves twice


class Config(FamilyConfig):
    """Sizes of the two generators and the two discriminators."""

    family: Literal["cyclegan"] = Field(default="cyclegan", description="model family")
    generator_width: int = Field(default=64, ge=4, le=512, description="channels of a generator's finest level")
    num_blocks: int = Field(default=6, ge=1, le=32, description="residual blocks of a generator, at a quarter the size")
    discriminator_width: int = Field(default=64, ge=4, le=512, description="channels of a discriminator's first layer")
    patch_halvings: int = Field(
        default=2, ge=1, le=5, description="D judges patches of 16 px with 1, 34 px with 2, 70 px with 3"
    )

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse sets of other than two classes, sizes outside 16 to 512 px and those that are no multiples of 4."""
        if num_classes != 2:
            found = f"has {num_classes}" if num_classes else "has none"
            return (
                f"it turns one of two classes into the other, and this dataset {found}. Put the two kinds of pictures "
                "into two folders, `both/cats` and `both/dogs` say, and prepare the folder that holds them."
            )
        return refuse_patches(image_shape, self.patch_halvings, DIVISOR)

    def offers(self) -> frozenset[str]:
        """Return that it turns one class into the other, and back."""
        return frozenset({"domains"})

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator of both directions."""
        return Generator(image_shape, num_classes, self.generator_width, self.num_blocks)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator of both classes."""
        return Discriminator(image_shape, num_classes, self.discriminator_width, self.patch_halvings)


class Generator(players.Translator):
    """For each class wanted a network: 7x7 convolution, two halvings, residual blocks, two doublings, 7x7, tanh."""

    def __init__(self, image_shape: ImageShape, num_classes: int, width: int, num_blocks: int) -> None:
        super().__init__(image_shape, num_classes, image_shape.channels)
        self.towards = nn.ModuleList(_direction(image_shape.channels, width, num_blocks) for _ in range(num_classes))
        initialise(self)

    def translate(self, sources: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map pictures [N, C, H, W] to pictures [N, C, H, W] of the classes `labels` [N]."""
        return _by_class(self.towards, sources, labels, apart=self.training)

    def view(self, images: Tensor) -> Tensor:
        """Return the images [N, C, H, W] themselves."""
        return images

    def wanted(self, labels: Tensor | None) -> Tensor | None:
        """Return the other class of each [N]."""
        return None if labels is None else 1 - labels

    def shown(self, images: Tensor, sources: Tensor) -> Tensor:
        """Return the images [N, C, H, W] alone: D does not know what they were made of."""
        return images


class Discriminator(players.Discriminator):
    """For each class a discriminator of patches: the score of each patch as part of a picture of the class."""

    def __init__(self, image_shape: ImageShape, num_classes: int, width: int, halvings: int) -> None:
        super().__init__()
        self.judges = nn.ModuleList(PatchScores(image_shape.channels, width, halvings) for _ in range(num_classes))

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Score the patches of images [N, C, H, W] as pictures of the classes `labels` [N]."""
        return Verdict(_by_class(self.judges, images, labels, apart=self.training))


class _Residual(nn.Module):
    """x + norm(conv3(relu(norm(conv3(x))))), with reflected borders."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_convolution(channels, channels, 3), nn.ReLU(), *_convolution(channels, channels, 3)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to the same shape."""
        return x + self.layers(x)


def _direction(channels: int, width: int, num_blocks: int) -> nn.Sequential:
    halved = [layer for times in (1, 2) for layer in _halved(times * width)]
    doubled = [layer for times in (2, 1) for layer in _doubled(times * width)]
    last = nn.Conv2d(width, channels, 7, padding=3, padding_mode="reflect")
    return nn.Sequential(
        *_convolution(channels, width, 7),
        nn.ReLU(),
        *halved,
        *(_Residual(4 * width) for _ in range(num_blocks)),
        *doubled,
        last,
        nn.Tanh(),
    )


def _convolution(before: int, after: int, kernel_size: int) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(before, after, kernel_size, padding=kernel_size // 2, padding_mode="reflect")
    return convolution, instance_norm(after)


def _halved(width: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(width, 2 * width, 3, 2, 1), instance_norm(2 * width), nn.ReLU()


def _doubled(width: int) -> tuple[nn.Module, ...]:
    return nn.ConvTranspose2d(2 * width, width, 3, 2, 1, output_padding=1), instance_norm(width), nn.ReLU()


def _by_class(networks: Iterable[nn.Module], images: Tensor, labels: Tensor | None, apart: bool) -> Tensor:
    """Return for each image what the network of its label says.

    Not `apart`, every network sees all images, which costs twice the time, but what an image gives then never depends
    on the labels of others, to the bit.
    """
    if labels is None:
        raise ValueError("CycleGAN's players need to be told the class of each picture.")
    if not apart:
        first, second = (network(images) for network in networks)
        return torch.where(labels.view(-1, *[1] * (first.dim() - 1)) == 0, first, second)
    rows = [(labels == label).nonzero()[:, 0] for label in range(2)]
    parts = [network(images[chosen]) for network, chosen in zip(networks, rows, strict=True) if len(chosen)]
    return torch.cat(parts)[torch.cat(rows).argsort()]
