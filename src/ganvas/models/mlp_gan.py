"""The basic GAN of fully connected layers (Goodfellow et al. 2014, "Generative Adversarial Networks"; S1)."""

from itertools import pairwise
from math import prod
from typing import Annotated, Literal

from torch import Tensor, nn

from ganvas import players
from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.models.family import FamilyConfig
from ganvas.players import Verdict

Width = Annotated[int, Field(ge=1, le=65536)]
LEAK = 0.2
LARGEST = 64 * 64 * 4


class Config(FamilyConfig):
    """Sizes of the basic GAN."""

    family: Literal["mlp_gan"] = Field(default="mlp_gan", description="model family")
    latent_size: int = Field(default=100, ge=1, le=4096, description="length of the latent vector z")
    generator_widths: tuple[Width, ...] = Field(
        default=(128, 256, 512, 1024), min_length=1, max_length=16, description="units of the generator's hidden layers"
    )
    discriminator_widths: tuple[Width, ...] = Field(
        default=(512, 256), min_length=1, max_length=16, description="units of the discriminator's hidden layers"
    )

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse images of too many values for fully connected layers."""
        if prod(image_shape) > LARGEST:
            return f"fully connected layers do up to {LARGEST} values an image, such as 64x64 with 4 channels."
        return None

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator; classes are not used."""
        return Generator(self, image_shape)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator; classes are not used."""
        return Discriminator(self, image_shape)


class Generator(players.Generator):
    """z [N, Z] -> hidden layers with LeakyReLU, batch normalisation after all but the first -> tanh (S1.1)."""

    def __init__(self, config: Config, image_shape: ImageShape) -> None:
        super().__init__(image_shape, 0, config.latent_size)
        first, *_ = config.generator_widths
        layers: list[nn.Module] = [nn.Linear(config.latent_size, first), nn.LeakyReLU(LEAK)]
        for narrow, wide in pairwise(config.generator_widths):
            layers += [nn.Linear(narrow, wide), nn.BatchNorm1d(wide), nn.LeakyReLU(LEAK)]
        layers += [nn.Linear(config.generator_widths[-1], prod(image_shape)), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents [N, Z] to images [N, C, H, W]; labels are not used."""
        return self.layers(latents).view(-1, *self.image_shape)


class Discriminator(players.Discriminator):
    """Pixels -> hidden layers with LeakyReLU -> one score, the logit of the book's sigmoid (S1.2)."""

    def __init__(self, config: Config, image_shape: ImageShape) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        for wide, narrow in pairwise((prod(image_shape), *config.discriminator_widths)):
            layers += [nn.Linear(wide, narrow), nn.LeakyReLU(LEAK)]
        self.layers = nn.Sequential(*layers, nn.Linear(config.discriminator_widths[-1], 1))

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Score images [N, C, H, W]; labels are not used."""
        return Verdict(self.layers(images).squeeze(1))
