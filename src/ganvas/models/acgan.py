"""ACGAN for any size from 8 to 64 px (Odena, Olah and Shlens 2017, "Conditional Image Synthesis With Auxiliary
Classifier GANs"), with batch normalisation in the generator only and no dropout, so that penalties on gradients work.
"""

from itertools import pairwise
from typing import ClassVar, Literal

from torch import Tensor, cat, nn

from ganvas import players
from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.models.family import FamilyConfig
from ganvas.players import LatentDistribution, Verdict

LEAK = 0.2
SMALLEST, LARGEST = 8, 64


class Config(FamilyConfig):
    """Sizes of the ACGAN."""

    tells_classes: ClassVar[bool] = True
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
            return "it draws wanted classes, and this dataset has none. Use `mlp_gan`."
        return None

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator."""
        return Generator(self, image_shape, num_classes)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator."""
        return Discriminator(self, image_shape, num_classes)

    def widths(self, last: int, image_shape: ImageShape) -> list[int]:
        """Return the channels at each resolution, from the finest: doubled at each halving, down to 4 to 7 px."""
        halvings = max(min(image_shape.height, image_shape.width).bit_length() - 3, 1)
        return [min(last * 2**level, self.max_width) for level in range(halvings)]


class Generator(players.Generator):
    """z and the class embedding -> a coarse map -> 4x4 deconvolutions of stride 2, each doubling it -> crop, tanh."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__(image_shape, num_classes, config.latent_size, config.latent_distribution)
        widths = config.widths(config.generator_width, image_shape)[::-1]
        coarse = tuple(-(-size // 2 ** len(widths)) for size in image_shape[1:])
        self.embedding = nn.Embedding(num_classes, config.embedding_size)
        self.start = nn.Sequential(
            nn.Linear(config.latent_size + config.embedding_size, widths[0] * coarse[0] * coarse[1], bias=False),
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
        images = self.grow(self.start(cat([latents, self.embedding(labels)], dim=1)))
        _, height, width = self.image_shape
        top, left = (images.shape[2] - height) // 2, (images.shape[3] - width) // 2
        return images[:, :, top : top + height, left : left + width].tanh()


class Discriminator(players.Discriminator):
    """4x4 convolutions of stride 2, a 3x3 convolution, a fully connected layer, then score and class logits."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__()
        widths = config.widths(config.discriminator_width, image_shape)
        height, width = image_shape[1:]
        layers: list[nn.Module] = []
        for before, after in zip((image_shape.channels, *widths), widths, strict=False):
            layers += [nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(LEAK)]
            height, width = height // 2, width // 2
        layers += [nn.Conv2d(widths[-1], widths[-1], 3, 1, 1), nn.LeakyReLU(LEAK), nn.Flatten()]
        layers += [nn.Linear(widths[-1] * height * width, config.feature_size), nn.LeakyReLU(LEAK)]
        self.features = nn.Sequential(*layers)
        self.realness = nn.Linear(config.feature_size, 1)
        self.classes = nn.Linear(config.feature_size, num_classes)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Judge images [N, C, H, W]; labels are not used."""
        features = self.features(images)
        return Verdict(self.realness(features).squeeze(1), self.classes(features))
