"""BigGAN (Brock, Donahue and Simonyan 2019, "Large Scale GAN Training for High Fidelity Natural Image Synthesis"), and
the discriminator's head of ReACGAN (Kang, Shim, Cho and Park 2021, "Rebooting ACGAN").

z is cut into parts: the first makes the coarse map; each other one, joined to a class embedding that all blocks share,
scales and shifts the batch normalisations of one block.
"""

from itertools import pairwise
from typing import Literal

import torch.nn.functional as F
from torch import Tensor, cat, nn

from ganvas import players
from ganvas.config import Field
from ganvas.images import ImageShape
from ganvas.layers.projection import ClassProjection
from ganvas.layers.self_attention import SelfAttention
from ganvas.layers.spectral_norm import spectral_normalised
from ganvas.models.family import FamilyConfig
from ganvas.models.residual import ResidualFeatures, attention_level, generator_widths
from ganvas.models.resolutions import centre_crop, coarse_size, num_doublings, refuse_size
from ganvas.players import Verdict


class Config(FamilyConfig):
    """Sizes of the BigGAN; the defaults at 32 px give G 384 and D 192 channels in all blocks."""

    family: Literal["biggan"] = Field(default="biggan", description="model family")
    latent_size: int = Field(default=80, ge=2, le=4096, description="length of z, shared out over start and blocks")
    width: int = Field(
        default=96, ge=4, le=512, description="channels: below 64 px G 4 and D 2 times it, else 1 to 16 times from fine"
    )
    shared_size: int = Field(default=128, ge=1, le=4096, description="length of the class embedding that blocks share")
    head: Literal["projection", "embeddings"] = Field(
        default="projection", description="how D is told the class: projection, or unit vectors for `d2d_ce` (ReACGAN)"
    )
    embedding_size: int = Field(default=512, ge=1, le=4096, description="length of D's unit vectors, `head=embeddings`")
    conditional: bool = Field(default=True, description="draw wanted classes, where the dataset has any")

    def offers(self) -> frozenset[str]:
        """Return that D gives unit vectors of images and classes, where its head does."""
        return frozenset({"embeddings"} if self.head == "embeddings" else ())

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse sizes outside 8 to 128 px, a z too short to share out, and unit vectors of no classes."""
        if reason := refuse_size(image_shape):
            return reason
        if self.latent_size <= (num_blocks := num_doublings(image_shape)):
            return f"z is shared out over {num_blocks} blocks and the start. Set `latent_size` above {num_blocks}."
        if self.head == "embeddings" and (num_classes < 2 or not self.conditional):
            return "its head compares images of classes, and there are none here. Use `head=projection`."
        return None

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator."""
        return Generator(self, image_shape, num_classes if self.conditional else 0)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> players.Discriminator:
        """Return a new discriminator with the head asked for."""
        if self.head == "embeddings":
            return EmbeddingDiscriminator(self, image_shape, num_classes)
        return Discriminator(self, image_shape, num_classes if self.conditional else 0)


class Generator(players.Generator):
    """Part of z -> coarse map -> blocks told the rest of z and the class, with attention -> finish, crop, tanh."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__(image_shape, num_classes, config.latent_size)
        widths, (rows, columns) = generator_widths(config.width, image_shape), coarse_size(image_shape)
        part = config.latent_size // len(widths)  # as many parts as there are blocks and the start
        self.parts = [config.latent_size - part * (len(widths) - 1), *[part] * (len(widths) - 1)]
        told_size = part + (config.shared_size if num_classes else 0)
        self.shared = nn.Embedding(num_classes, config.shared_size) if num_classes else None
        self.start = nn.Sequential(
            nn.Linear(self.parts[0], widths[0] * rows * columns), nn.Unflatten(1, (widths[0], rows, columns))
        )
        self.blocks = nn.ModuleList(_Block(before, after, told_size) for before, after in pairwise(widths))
        self.attention_after = len(self.blocks) - attention_level(image_shape)  # blocks
        self.attention = SelfAttention(widths[self.attention_after])
        last = widths[-1]
        self.finish = nn.Sequential(nn.BatchNorm2d(last), nn.ReLU(), nn.Conv2d(last, image_shape.channels, 3, 1, 1))
        self.apply(_initialise)
        for layers in (self.start, self.blocks, self.attention, self.finish):
            spectral_normalised(layers)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents [N, Z] and labels [N] to images [N, C, H, W]."""
        first, *others = latents.split(self.parts, dim=1)
        if self.shared is not None:
            shared = self.shared(labels)  # [N, S]
            others = [cat([shared, part], dim=1) for part in others]
        x = self.start(first)
        for index, (block, told) in enumerate(zip(self.blocks, others, strict=True)):
            x = self.attention(x) if index == self.attention_after else x
            x = block(x, told)
        return centre_crop(self.finish(x), self.image_shape).tanh()


class _Norm(nn.Module):
    """Batch normalisation scaled and shifted by a vector: y = (1 + A t) (x - m) / s + B t."""

    def __init__(self, channels: int, told_size: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.scale = nn.Linear(told_size, channels, bias=False)
        self.shift = nn.Linear(told_size, channels, bias=False)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """Map [N, C, H, W], told a vector [N, T], to the same shape."""
        return self.norm(x) * (1 + self.scale(told)[:, :, None, None]) + self.shift(told)[:, :, None, None]


class _Block(nn.Module):
    """Norm, ReLU, doubling, 3x3 convolution, norm, ReLU, 3x3 convolution; plus a shortcut: Brock et al., figure 15a."""

    def __init__(self, before: int, after: int, told_size: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = _Norm(before, told_size), _Norm(after, told_size)
        self.conv1 = nn.Conv2d(before, after, 3, padding=1)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1)
        self.shortcut = nn.Conv2d(before, after, 1)

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """Map [N, C, H, W], told a vector [N, T], to [N, D, 2 H, 2 W]."""
        hidden = self.conv1(_doubled(self.norm1(x, told).relu()))
        hidden = self.conv2(self.norm2(hidden, told).relu())
        return hidden + _doubled(self.shortcut(x))  # a 1x1 convolution and doubling commute


class Discriminator(players.Discriminator):
    """Residual blocks with attention -> score, with classes by projection."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__()
        self.features = ResidualFeatures(image_shape, config.width, attention=True)
        self.realness = ClassProjection(self.features.num_features, num_classes)
        self.apply(_initialise)
        spectral_normalised(self)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Score images [N, C, H, W], told their labels [N] where there are classes."""
        return Verdict(self.realness(self.features(images), labels))


class EmbeddingDiscriminator(players.Discriminator):
    """Residual blocks with attention -> a score that knows no class, and a unit vector beside those of the classes."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__()
        self.features = ResidualFeatures(image_shape, config.width, attention=True)
        self.realness = nn.Linear(self.features.num_features, 1)
        self.embedding = nn.Linear(self.features.num_features, config.embedding_size)
        self.proxies = nn.Embedding(num_classes, config.embedding_size)
        self.apply(_initialise)
        spectral_normalised(self)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Judge images [N, C, H, W]: scores [N], embeddings [N, E] and proxies [K, E]; labels are not used."""
        features = self.features(images)  # [N, F]
        return Verdict(
            self.realness(features).squeeze(1),
            embeddings=F.normalize(self.embedding(features), dim=1),
            proxies=F.normalize(self.proxies.weight, dim=1),
        )


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def _initialise(layer: nn.Module) -> None:
    """Orthogonal weights (Saxe et al. 2014), biases zero: Brock et al. 2019, appendix C."""
    if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding):
        nn.init.orthogonal_(layer.weight)
    if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
        nn.init.zeros_(layer.bias)
