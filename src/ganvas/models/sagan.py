"""SAGAN: the residual players of SNGAN with one layer of self-attention each, and spectral normalisation in both
(Zhang, Goodfellow, Metaxas and Odena 2019, "Self-Attention Generative Adversarial Networks").
"""

from typing import Literal

from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.models.family import FamilyConfig
from ganvas.models.resolutions import refuse_size
from ganvas.models.sngan import Discriminator, Generator


class Config(FamilyConfig):
    """Sizes of the SAGAN; width 64 gives the published networks: below 64 px G 256 and D 128 channels in all blocks."""

    family: Literal["sagan"] = Field(default="sagan", description="model family")
    latent_size: int = Field(default=128, ge=1, le=4096, description="length of the latent vector z")
    width: int = Field(
        default=64, ge=4, le=512, description="channels: below 64 px G 4 and D 2 times it, else 1 to 16 times from fine"
    )
    conditional: bool = Field(default=True, description="draw wanted classes, where the dataset has any")

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse sizes outside 8 to 128 px."""
        return refuse_size(image_shape)

    def generator(self, image_shape: ImageShape, num_classes: int) -> Generator:
        """Return a new generator; attention looks at the second finest map, 16x16 at 32 px."""
        num_classes = num_classes if self.conditional else 0
        return Generator(image_shape, num_classes, self.latent_size, self.width, attention=True, spectral=True)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> Discriminator:
        """Return a new discriminator; attention stands after its first block at 32 px."""
        return Discriminator(image_shape, num_classes if self.conditional else 0, self.width, attention=True)
