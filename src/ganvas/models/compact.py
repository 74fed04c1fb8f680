"""A small convolutional GAN for a laptop: deconvolutions against a discriminator without normalisation, which is told
the class by projection (Miyato and Koyama 2018, "cGANs with Projection Discriminator") and can tell it (AC-GAN).

The plain shape of DCGAN (Radford et al. 2016), cut down until two CPU cores train it in minutes, without batch
normalisation in the discriminator, so that penalties on gradients hold sample by sample.
"""

from itertools import pairwise
from typing import Literal

from torch import Tensor, cat, nn

from ganvas import players
from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.layers.minibatch_standard_deviation import MinibatchStandardDeviation
from ganvas.layers.projection import ClassProjection
from ganvas.models.family import FamilyConfig
from ganvas.models.resolutions import centre_crop, coarse_size, level_widths, num_doublings, refuse_size
from ganvas.players import Verdict

LEAK = 0.2


class Config(FamilyConfig):
    """Sizes of the compact GAN."""

    family: Literal["compact"] = Field(default="compact", description="model family")
    conditional: bool = Field(default=True, description="draw wanted classes, where the dataset has any")
    latent_size: int = Field(default=64, ge=1, le=4096, description="length of the latent vector z")
    embedding_size: int = Field(default=32, ge=1, le=4096, description="length of the class embedding joined to z")
    generator_width: int = Field(default=32, ge=4, le=1024, description="channels of the generator's last hidden layer")
    discriminator_width: int = Field(
        default=32, ge=4, le=1024, description="channels of the discriminator's first layer"
    )
    max_width: int = Field(default=256, ge=4, le=2048, description="most channels of any layer")
    feature_size: int = Field(default=128, ge=1, le=4096, description="units of the discriminator's last hidden layer")
    batch_statistics: bool = Field(default=False, description="show the discriminator how much a batch varies")

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse sizes outside 8 to 128 px."""
        return refuse_size(image_shape)

    def offers(self) -> frozenset[str]:
        """Return that a conditional discriminator gives logits of the classes."""
        return frozenset({"classes"}) if self.conditional else frozenset()

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator."""
        sizes = (self.latent_size, self.embedding_size, self.generator_width, self.max_width)
        return Generator(image_shape, num_classes if self.conditional else 0, *sizes)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator."""
        return Discriminator(self, image_shape, num_classes if self.conditional else 0)


class Generator(players.Generator):
    """z and the class embedding -> a coarse map -> 4x4 deconvolutions of stride 2, each doubling it -> crop, tanh."""

    def __init__(
        self,
        image_shape: ImageShape,
        num_classes: int,
        latent_size: int,
        embedding_size: int,
        width: int,
        max_width: int,
        latent_distribution: players.LatentDistribution = "normal",
    ) -> None:
        super().__init__(image_shape, num_classes, latent_size, latent_distribution)
        widths = level_widths(width, num_doublings(image_shape), max_width)[::-1]
        coarse = coarse_size(image_shape)
        self.embedding = nn.Embedding(num_classes, embedding_size) if num_classes else None
        joined = latent_size + (embedding_size if num_classes else 0)
        self.start = nn.Sequential(
            nn.Linear(joined, widths[0] * coarse[0] * coarse[1], bias=False),
            nn.Unflatten(1, (widths[0], *coarse)),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
        )
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.grow = nn.Sequential(*layers, nn.ConvTranspose2d(widths[-1], image_shape.channels, 4, 2, 1))

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents [N, Z] and labels [N] to images [N, C, H, W]."""
        joined = latents if self.embedding is None else cat([latents, self.embedding(labels)], dim=1)
        return centre_crop(self.grow(self.start(joined)), self.image_shape).tanh()


class Discriminator(players.Discriminator):
    """4x4 convolutions of stride 2, a 3x3 convolution, a fully connected layer, then a score told the class."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__()
        widths = level_widths(config.discriminator_width, num_doublings(image_shape), config.max_width)
        self.features = nn.Sequential(*convolutions(widths, image_shape, config.feature_size, config.batch_statistics))
        self.score = ClassProjection(config.feature_size, num_classes)
        self.classes = nn.Linear(config.feature_size, num_classes) if num_classes else None

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Judge images [N, C, H, W] as pictures of their labels [N], and tell their classes."""
        features = self.features(images)
        return Verdict(self.score(features, labels), None if self.classes is None else self.classes(features))


def convolutions(
    widths: list[int], image_shape: ImageShape, feature_size: int, batch_statistics: bool = False
) -> list[nn.Module]:
    """Return the layers from images to features [N, F]: a halving for each width, then one layer at the coarsest."""
    height, width = image_shape[1:]
    layers: list[nn.Module] = []
    for before, after in zip((image_shape.channels, *widths), widths, strict=False):
        layers += [nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(LEAK)]
        height, width = height // 2, width // 2
    layers += [MinibatchStandardDeviation()] if batch_statistics else []
    layers += [nn.Conv2d(widths[-1] + batch_statistics, widths[-1], 3, 1, 1), nn.LeakyReLU(LEAK), nn.Flatten()]
    return [*layers, nn.Linear(widths[-1] * height * width, feature_size), nn.LeakyReLU(LEAK)]
