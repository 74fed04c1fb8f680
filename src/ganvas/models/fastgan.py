"""FastGAN (Liu et al. 2021, "Towards Faster and Stabilized GAN Training for High-fidelity Few-shot Image Synthesis").

The generator's early maps weigh the channels of its late ones; the discriminator must also draw from its features the
images it sees, so that it learns what a picture is from a hundred of them. Both are spectrally normalised.
"""

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from ganvas import players
from ganvas.config import Field
from ganvas.errors import TrainingError
from ganvas.images import ImageShape
from ganvas.layers.noise_injection import NoiseInjection
from ganvas.layers.skip_layer_excitation import SkipLayerExcitation
from ganvas.layers.spectral_norm import spectral_normalised
from ganvas.models.family import FamilyConfig
from ganvas.models.padding import canvas_size, padded
from ganvas.models.resolutions import centre_crop, coarse_size, num_doublings
from ganvas.players import Verdict

LEAK = 0.2
SMALLEST, LARGEST = 16, 1024
MOST_HALVINGS = 5  # of the discriminator's maps, from 256 px; larger images are brought to 256 px first
LONGEST_SKIP = 4  # doublings that a skip-layer excitation of G spans: 4 -> 64, 8 -> 128 ... px
LAST_SKIP = 7  # doubling after which none follows: 32 -> 512 px


class Config(FamilyConfig):
    """Sizes of FastGAN."""

    family: Literal["fastgan"] = Field(default="fastgan", description="model family")
    latent_size: int = Field(default=256, ge=1, le=4096, description="length of the latent vector z")
    generator_width: int = Field(default=64, ge=4, le=512, description="channels of the generator's map of 128 px")
    discriminator_width: int = Field(
        default=64, ge=4, le=512, description="channels of D's map 3 halvings above its last"
    )

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse sizes outside 16 to 1024 px; classes are not used."""
        if all(SMALLEST <= side <= LARGEST for side in image_shape[1:]):
            return None
        return f"it does heights and widths from {SMALLEST} to {LARGEST} px. Prepare with a `--size` in that range."

    def offers(self) -> frozenset[str]:
        """Return what its players tell beside images and scores."""
        return frozenset({"reconstructions"})

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator; classes are not used."""
        return Generator(self, image_shape)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator; classes are not used."""
        return Discriminator(self, image_shape)


class Generator(players.Generator):
    """z -> a coarse map -> doubled by convolutions gated by GLUs, with skip-layer excitation -> tanh."""

    def __init__(self, config: Config, image_shape: ImageShape) -> None:
        super().__init__(image_shape, 0, config.latent_size)
        levels = num_doublings(image_shape)
        factors = (16, 8, 4, 2, 2, 1, 0.5, 0.25, 0.125)[: levels + 1]  # at 4, 8 ... 1024 px
        widths = [max(int(config.generator_width * factor), 1) for factor in factors]
        self.span = min(LONGEST_SKIP, levels)
        self.start = nn.Sequential(
            nn.ConvTranspose2d(config.latent_size, 2 * widths[0], coarse_size(image_shape), bias=False),
            nn.BatchNorm2d(2 * widths[0]),
            nn.GLU(dim=1),
        )
        self.stages = nn.ModuleList(
            [doubled(before, after, composed=level % 2 == 0) for level, (before, after) in enumerate(pairwise(widths))]
        )
        self.skips = _excitations(widths[: LAST_SKIP + 1], self.span)
        self.to_image = nn.Conv2d(widths[-1], image_shape.channels, 3, padding=1, bias=False)
        spectral_normalised(self)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents [N, Z] to images [N, C, H, W]; labels are not used."""
        maps = [self.start(latents[:, :, None, None])]
        for level, stage in enumerate(self.stages, start=1):
            x, source = stage(maps[-1]), level - self.span
            maps.append(self.skips[source](x, maps[source]) if 0 <= source < len(self.skips) else x)
        return centre_crop(self.to_image(maps[-1]), self.image_shape).tanh()


class Quadrant(players.RandomLayer):
    """Cuts one of the four quadrants, drawn for each sample, out of maps of different sizes."""

    def forward(self, *maps: Tensor) -> list[Tensor]:
        """Return the same quadrant of sample i of each of the maps [N, C, H, W], H and W even: [N, C, H/2, W/2].

        Raises `TrainingError` without a stream to draw from.
        """
        if self.stream is None:
            raise TrainingError("A quadrant has no stream to draw from: call `give_stream(player, stream)` first.")
        chosen = torch.from_numpy(self.stream.integers(len(maps[0]), 4)).to(maps[0].device)
        rows = torch.arange(len(chosen), device=chosen.device)
        return [_quadrants(x)[rows, chosen] for x in maps]


class Discriminator(players.Discriminator):
    """Halves the image down to 7 to 13 px and judges patches, at its size and at half of it; decodes what it saw.

    Reconstructions, made only while D learns: of the whole image from the last map, of the same from the last map of
    the half-size image, and of a random quadrant from the map before the last.
    """

    def __init__(self, config: Config, image_shape: ImageShape) -> None:
        super().__init__()
        self.image_shape = image_shape
        all_halvings = (min(canvas_size(image_shape)) // 7).bit_length() - 1
        halvings = min(all_halvings, MOST_HALVINGS)
        self.shrinking = 2 ** (all_halvings - halvings)
        """Side of the image over that of the first map."""
        widths = [config.discriminator_width * 8 >> level for level in range(halvings, -1, -1)]
        self.span = min(3, halvings)
        self.from_image = _entry(image_shape.channels, widths[0], all_halvings - halvings)
        self.stages = nn.ModuleList([Halved(before, after) for before, after in pairwise(widths)])
        self.skips = _excitations(widths, self.span)
        self.judge = nn.Sequential(
            nn.Conv2d(widths[-1], 2 * widths[-1], 1, bias=False),
            nn.BatchNorm2d(2 * widths[-1]),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(2 * widths[-1], 1, 4, bias=False),
        )
        self.half_size = _half_size_features(image_shape.channels, widths[:-1])
        self.judge_half_size = nn.Conv2d(widths[-2], 1, 4, bias=False)
        self.quadrant = Quadrant()
        decoded = (image_shape.channels, config.discriminator_width // 2, halvings - 1)
        self.decoders = nn.ModuleList([_decoder(width, *decoded) for width in (widths[-1], widths[-2], widths[-2])])
        spectral_normalised(self)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Judge images [N, C, H, W] by the patches of both sizes; labels are not used."""
        images = padded(images, self.image_shape)
        maps = [self.from_image(images)]
        for level, stage in enumerate(self.stages, start=1):
            x, source = stage(maps[-1]), level - self.span
            maps.append(self.skips[source](x, maps[source]) if source >= 0 else x)
        halved = avg_pool2d(images, 2 * self.shrinking)
        coarse = self.half_size(halved)
        scores = torch.cat([self.judge(maps[-1]).flatten(1), self.judge_half_size(coarse).flatten(1)], dim=1)
        if not any(weight.requires_grad for weight in self.decoders.parameters()):
            return Verdict(scores)
        part, wanted = self.quadrant(maps[-2], avg_pool2d(images, self.shrinking))
        pairs = zip(self.decoders, (maps[-1], coarse, part), (halved, halved, wanted), strict=True)
        return Verdict(scores, reconstructions=tuple((decode(x), image) for decode, x, image in pairs))


class Halved(nn.Module):
    """Two roads to half the size, averaged: two convolutions, and mean pooling with a 1x1 convolution."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        second = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.convolutions = nn.Sequential(*_strided(before, after), *_normalised(second))
        self.direct = nn.Sequential(nn.AvgPool2d(2), *_normalised(nn.Conv2d(before, after, 1, bias=False)))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, D, H / 2, W / 2]."""
        return (self.convolutions(x) + self.direct(x)) / 2


def doubled(before: int, after: int, composed: bool) -> nn.Sequential:
    """Return layers [N, before, H, W] -> [N, after, 2 H, 2 W]; composed ones have a second convolution, and noise."""
    layers: list[nn.Module] = [nn.Upsample(scale_factor=2, mode="nearest")]
    for channels in (before, after) if composed else (before,):
        layers += [nn.Conv2d(channels, 2 * after, 3, padding=1, bias=False)]
        layers += [NoiseInjection()] if composed else []
        layers += [nn.BatchNorm2d(2 * after), nn.GLU(dim=1)]
    return nn.Sequential(*layers)


def _excitations(widths: list[int], span: int) -> nn.ModuleList:
    """Return the skip-layer excitations from each map to the one `span` stages later, where there is one."""
    return nn.ModuleList([SkipLayerExcitation(low, high) for low, high in zip(widths, widths[span:], strict=False)])


def _entry(channels: int, width: int, num_halvings: int) -> nn.Sequential:
    """Return the first layers [N, channels, H, W] -> [N, width, H / 2^n, W / 2^n]."""
    if not num_halvings:
        return nn.Sequential(nn.Conv2d(channels, width, 3, 1, 1, bias=False), nn.LeakyReLU(LEAK))
    widths = [max(width >> level, 1) for level in range(num_halvings - 1, -1, -1)]
    layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 4, 2, 1, bias=False), nn.LeakyReLU(LEAK)]
    for before, after in pairwise(widths):
        layers += _strided(before, after)
    return nn.Sequential(*layers)


def _half_size_features(channels: int, widths: list[int]) -> nn.Sequential:
    """Return layers that bring the half-size image down to the last map's size; `widths` are those of finer maps."""
    if len(widths) == 1:
        return nn.Sequential(nn.Conv2d(channels, widths[0], 3, 1, 1, bias=False), nn.LeakyReLU(LEAK))
    layers: list[nn.Module] = [nn.Conv2d(channels, widths[1], 4, 2, 1, bias=False), nn.LeakyReLU(LEAK)]
    for before, after in pairwise(widths[1:]):
        layers += _strided(before, after)
    return nn.Sequential(*layers)


def _strided(before: int, after: int) -> list[nn.Module]:
    return _normalised(nn.Conv2d(before, after, 4, 2, 1, bias=False))


def _normalised(convolution: nn.Conv2d) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(convolution.out_channels), nn.LeakyReLU(LEAK)]


def _decoder(before: int, channels: int, width: int, num_doublings: int) -> nn.Sequential:
    """Return layers [N, before, h, w] -> images [N, channels, h 2^n, w 2^n]; `width` is that of the last map."""
    widths = [before, *(width * factor for factor in (4, 2, 2, 1)[4 - num_doublings :])]
    stages = [doubled(wide, narrow, composed=False) for wide, narrow in pairwise(widths)]
    return nn.Sequential(*stages, nn.Conv2d(widths[-1], channels, 3, padding=1, bias=False), nn.Tanh())


def _quadrants(x: Tensor) -> Tensor:
    """Return the four quadrants [N, 4, C, H / 2, W / 2] of maps [N, C, H, W]."""
    num, channels, height, width = x.shape
    cut = x.reshape(num, channels, 2, height // 2, 2, width // 2)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(num, 4, channels, height // 2, width // 2)
