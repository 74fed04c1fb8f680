"""DCGAN (Radford, Metz and Chintala 2016, "Unsupervised Representation Learning with Deep Convolutional GANs"), and
the conditional GAN on the same convolutions (Mirza and Osindero 2014, "Conditional Generative Adversarial Nets").

The discriminator is the plain CNN of Miyato et al. 2018, table 3: a 3x3 and a 4x4 convolution at each resolution.
"""

from itertools import pairwise
from typing import Literal

from torch import Tensor, cat, nn

from ganvas import players
from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.models.family import FamilyConfig
from ganvas.models.resolutions import centre_crop, coarse_size, level_widths, num_doublings, refuse_size
from ganvas.players import LatentDistribution, Verdict

LEAK = 0.2


class Config(FamilyConfig):
    """Sizes of the DCGAN; the defaults at 32 px are the published ones."""

    family: Literal["dcgan"] = Field(default="dcgan", description="model family")
    latent_size: int = Field(default=128, ge=1, le=4096, description="length of the latent vector z")
    latent_distribution: LatentDistribution = Field(
        default="normal", description="distribution of z: N(0, 1) or U(-1, 1)"
    )
    width: int = Field(default=64, ge=2, le=512, description="channels at the finest level; doubled at each halving")
    embedding_size: int = Field(default=64, ge=1, le=4096, description="length of the class embedding joined to z")
    discriminator_norm: Literal["none", "batch"] = Field(
        default="none", description="normalisation in D; with `batch`, real and generated images want batches apart"
    )
    conditional: bool = Field(default=True, description="draw wanted classes, where the dataset has any")

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse sizes outside 8 to 128 px."""
        return refuse_size(image_shape)

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator."""
        return Generator(self, image_shape, num_classes if self.conditional else 0)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator."""
        return Discriminator(self, image_shape, num_classes if self.conditional else 0)

    def widths(self, image_shape: ImageShape) -> list[int]:
        """Return the channels of each level, the finest first."""
        return level_widths(self.width, num_doublings(image_shape) + 1)


class Generator(players.Generator):
    """z (and a class embedding) -> coarse map -> 4x4 deconvolutions of stride 2 -> 3x3 convolution, crop, tanh."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__(image_shape, num_classes, config.latent_size, config.latent_distribution)
        widths, (height, width) = config.widths(image_shape)[::-1], coarse_size(image_shape)
        self.embedding = nn.Embedding(num_classes, config.embedding_size) if num_classes else None
        size = config.latent_size + (config.embedding_size if num_classes else 0)
        layers: list[nn.Module] = [
            nn.Linear(size, widths[0] * height * width, bias=False),
            nn.Unflatten(1, (widths[0], height, width)),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
        ]
        for coarse, fine in pairwise(widths):
            layers += [nn.ConvTranspose2d(coarse, fine, 4, 2, 1, bias=False), nn.BatchNorm2d(fine), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], image_shape.channels, 3, 1, 1))
        self.apply(_initialise)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents [N, Z] and labels [N] to images [N, C, H, W]."""
        given = latents if self.embedding is None else cat([latents, self.embedding(labels)], dim=1)
        return centre_crop(self.layers(given), self.image_shape).tanh()


class Discriminator(players.Discriminator):
    """At each level a 3x3 convolution and a 4x4 one of stride 2; a last 3x3 one; a fully connected score.

    A class comes in as one more plane of the image, learnt for each class.
    """

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__()
        channels, height, width = image_shape
        *widths, last = config.widths(image_shape)
        self.embedding = nn.Embedding(num_classes, height * width) if num_classes else None
        normalised = config.discriminator_norm == "batch"
        before, layers = channels + (1 if num_classes else 0), []
        for index, after in enumerate(widths):
            layers += _convolution(before, after, normalised and index > 0)
            layers += _convolution(after, after, normalised, halved=True)
            before, height, width = after, height // 2, width // 2
        layers += _convolution(before, last, normalised)
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(last * height * width, 1))
        self.apply(_initialise)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Score images [N, C, H, W], told their labels [N] where there are classes."""
        if self.embedding is not None:
            images = cat([images, self.embedding(labels).view(-1, 1, *images.shape[2:])], dim=1)  # [N, C + 1, H, W]
        return Verdict(self.layers(images).squeeze(1))


def _convolution(before: int, after: int, normalised: bool, halved: bool = False) -> list[nn.Module]:
    kernel_size, stride = (4, 2) if halved else (3, 1)
    convolution = nn.Conv2d(before, after, kernel_size, stride, 1, bias=not normalised)
    return [convolution, *([nn.BatchNorm2d(after)] if normalised else []), nn.LeakyReLU(LEAK)]


def _initialise(layer: nn.Module) -> None:
    """Weights N(0, 0.02), gains N(1, 0.02), biases zero (Radford et al. 2016, section 4); embeddings N(0, 1)."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) and layer.bias is not None:
        nn.init.zeros_(layer.bias)
