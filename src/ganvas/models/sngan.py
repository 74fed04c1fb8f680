"""SNGAN: residual players, spectral normalisation in D (Miyato et al. 2018, "Spectral Normalization for Generative
Adversarial Networks"); with classes, conditional batch normalisation in G and projection in D (Miyato and Koyama 2018,
"cGANs with Projection Discriminator"). Without the normalisation these are the networks of WGAN-GP (Gulrajani et al.
2017, "Improved Training of Wasserstein GANs", appendix F).
"""

from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from ganvas import players
from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.layers.projection import ClassProjection
from ganvas.layers.residual_block import UpBlock
from ganvas.layers.self_attention import SelfAttention
from ganvas.layers.spectral_norm import spectral_normalised
from ganvas.models.family import FamilyConfig
from ganvas.models.residual import ResidualFeatures, attention_level, generator_widths
from ganvas.models.resolutions import centre_crop, coarse_size, refuse_size
from ganvas.players import Verdict


class Config(FamilyConfig):
    """Sizes of the SNGAN; width 64 gives the published networks: below 64 px G 256 and D 128 channels in all blocks."""

    family: Literal["sngan"] = Field(default="sngan", description="model family")
    latent_size: int = Field(default=128, ge=1, le=4096, description="length of the latent vector z")
    width: int = Field(
        default=64, ge=1, le=512, description="channels: below 64 px G 4 and D 2 times it, else 1 to 16 times from fine"
    )
    spectral_norm: bool = Field(default=True, description="spectral normalisation of every weight of D")
    conditional: bool = Field(default=True, description="draw wanted classes, where the dataset has any")

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse sizes outside 8 to 128 px."""
        return refuse_size(image_shape)

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator."""
        return Generator(image_shape, num_classes if self.conditional else 0, self.latent_size, self.width)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator."""
        num_classes = num_classes if self.conditional else 0
        return Discriminator(image_shape, num_classes, self.width, spectral=self.spectral_norm)


class Generator(players.Generator):
    """z -> coarse map -> residual blocks, each doubling it -> batch normalisation, ReLU, 3x3 convolution, crop, tanh.

    `attention` puts one attention layer among the blocks, `spectral` normalises all weights (SAGAN).
    """

    def __init__(
        self,
        image_shape: ImageShape,
        num_classes: int,
        latent_size: int,
        width: int,
        attention: bool = False,
        spectral: bool = False,
    ) -> None:
        super().__init__(image_shape, num_classes, latent_size)
        widths, (rows, columns) = generator_widths(width, image_shape), coarse_size(image_shape)
        self.start = nn.Sequential(
            nn.Linear(latent_size, widths[0] * rows * columns), nn.Unflatten(1, (widths[0], rows, columns))
        )
        self.blocks = nn.ModuleList(UpBlock(before, after, num_classes) for before, after in pairwise(widths))
        self.attention_after = len(self.blocks) - attention_level(image_shape)  # blocks
        self.attention = SelfAttention(widths[self.attention_after]) if attention else nn.Identity()
        last = widths[-1]
        self.finish = nn.Sequential(nn.BatchNorm2d(last), nn.ReLU(), nn.Conv2d(last, image_shape.channels, 3, 1, 1))
        _initialise(self.start[0])
        _initialise(self.finish[2])
        if spectral:
            spectral_normalised(self)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents [N, Z] and labels [N] to images [N, C, H, W]."""
        x = self.start(latents)
        for index, block in enumerate(self.blocks):
            x = self.attention(x) if index == self.attention_after else x
            x = block(x, labels)
        return centre_crop(self.finish(x), self.image_shape).tanh()


class Discriminator(players.Discriminator):
    """Residual blocks -> ReLU -> sum over the map -> score, with classes by projection."""

    def __init__(
        self, image_shape: ImageShape, num_classes: int, width: int, attention: bool = False, spectral: bool = True
    ) -> None:
        super().__init__()
        self.features = ResidualFeatures(image_shape, width, attention)
        self.realness = ClassProjection(self.features.num_features, num_classes)
        _initialise(self.realness.linear)
        if spectral:
            spectral_normalised(self)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Score images [N, C, H, W], told their labels [N] where there are classes."""
        return Verdict(self.realness(self.features(images), labels))


def _initialise(layer: nn.Module) -> None:
    """Glorot uniform weights, biases zero: what the blocks do themselves."""
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
