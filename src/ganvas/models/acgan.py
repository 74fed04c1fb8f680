"""ACGAN for any size from 8 to 64 px (Odena, Olah and Shlens 2017, "Conditional Image Synthesis With Auxiliary
Classifier GANs"), with batch normalisation in the generator only and no dropout, so that penalties on gradients work.
"""

from typing import Literal

from torch import Tensor, nn

from ganvas import players
from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.models.compact import Generator, convolutions
from ganvas.models.family import FamilyConfig
from ganvas.models.resolutions import level_widths, num_doublings
from ganvas.players import LatentDistribution, Verdict

SMALLEST, LARGEST = 8, 64


class Config(FamilyConfig):
    """Sizes of the ACGAN."""

    family: Literal["acgan"] = Field(default="acgan", description="model family")
    latent_size: int = Field(default=64, ge=1, le=4096, description="length of the latent vector z")
    latent_distribution: LatentDistribution = Field(
        default="normal", description="distribution of z: N(0, 1) or U(-1, 1)"
    )
    embedding_size: int = Field(default=32, ge=1, le=4096, description="length of the class embedding joined to z")
    generator_width: int = Field(default=32, ge=4, le=1024, description="channels of the generator's last hidden layer")
    discriminator_width: int = Field(
        default=32, ge=4, le=1024, description="channels of the discriminator's first layer"
    )
    max_width: int = Field(default=256, ge=4, le=2048, description="most channels of any layer")
    feature_size: int = Field(
        default=128, ge=1, le=4096, description="units of the layer before the discriminator's heads"
    )

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse sizes outside 8 to 64 px, channel counts other than 1 and 3, and sets without classes."""
        if not all(SMALLEST <= size <= LARGEST for size in image_shape[1:]):
            return f"it does heights and widths from {SMALLEST} to {LARGEST} px. Prepare with `--size 64` or less."
        if image_shape.channels not in (1, 3):
            return "it does 1 or 3 channels. Prepare with `--channels 1` or `--channels 3`."
        if num_classes < 2:
            return "it draws wanted classes, and this dataset has none. Use `compact`."
        return None

    def offers(self) -> frozenset[str]:
        """Return that the discriminator gives logits of the classes."""
        return frozenset({"classes"})

    def generator(self, image_shape: ImageShape, num_classes: int) -> Generator:
        """Return a new generator."""
        sizes = (self.latent_size, self.embedding_size, self.generator_width, self.max_width)
        return Generator(image_shape, num_classes, *sizes, self.latent_distribution)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator."""
        return Discriminator(self, image_shape, num_classes)


class Discriminator(players.Discriminator):
    """4x4 convolutions of stride 2, a 3x3 convolution, a fully connected layer, then score and class logits."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__()
        widths = level_widths(config.discriminator_width, num_doublings(image_shape), config.max_width)
        self.features = nn.Sequential(*convolutions(widths, image_shape, config.feature_size))
        self.realness = nn.Linear(config.feature_size, 1)
        self.classes = nn.Linear(config.feature_size, num_classes)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Judge images [N, C, H, W]; labels are not used."""
        features = self.features(images)
        return Verdict(self.realness(features).squeeze(1), self.classes(features))
