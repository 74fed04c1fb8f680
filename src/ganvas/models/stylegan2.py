"""StyleGAN2 (Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN") at any size of 8 to 1024 px.

A mapping network makes styles of latents; the styles scale the weights of each convolution of the synthesis network.
Classes join as in StyleGAN2-ADA (Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data").
"""

from itertools import pairwise
from math import sqrt
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, one_hot

from ganvas import players
from ganvas.config import Field
from ganvas.errors import TrainingError
from ganvas.images import ImageShape
from ganvas.layers.blur_pool import Blur2d, BlurDownsample, BlurUpsample
from ganvas.layers.equalised import EqualisedConv2d, EqualisedLinear
from ganvas.layers.minibatch_standard_deviation import MinibatchStandardDeviation
from ganvas.layers.modulated_convolution import ModulatedConv2d
from ganvas.layers.noise_injection import NoiseInjection
from ganvas.models.family import FamilyConfig
from ganvas.models.padding import padded
from ganvas.models.resolutions import centre_crop, coarse_size, num_doublings
from ganvas.players import Verdict

LEAK = 0.2
SMALLEST, LARGEST = 8, 1024
MAPPING_RATE = 0.01  # learning rate of the mapping networks over that of the rest
STYLE_DECAY = 0.995  # of the running mean of styles, per batch


class Config(FamilyConfig):
    """Sizes of StyleGAN2; the defaults are those of 256 px and above."""

    family: Literal["stylegan2"] = Field(default="stylegan2", description="model family")
    conditional: bool = Field(default=True, description="draw wanted classes, where the dataset has any")
    latent_size: int = Field(default=512, ge=1, le=4096, description="length of the latent vector z")
    style_size: int = Field(default=512, ge=1, le=4096, description="length of a style w")
    mapping_layers: int = Field(default=8, ge=1, le=16, description="layers from z to w; 2 at 32 px")
    label_layers: int = Field(default=8, ge=1, le=16, description="layers that map the class in D")
    channel_base: int = Field(default=32_768, ge=4, le=1 << 20, description="channels times side of a map, at most")
    channel_max: int = Field(default=512, ge=1, le=4096, description="most channels of any map")
    style_mixing: float = Field(
        default=0.0, ge=0, le=1, description="share of images made of two latents in training; 0.9 above 32 px"
    )
    residual: bool = Field(default=True, description="shortcuts around D's blocks")
    deviation_group: int = Field(default=4, ge=1, le=1024, description="images whose spread D is told together")

    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Refuse sizes outside 8 to 1024 px."""
        if all(SMALLEST <= side <= LARGEST for side in image_shape[1:]):
            return None
        return f"it does heights and widths from {SMALLEST} to {LARGEST} px. Prepare with a `--size` in that range."

    def offers(self) -> frozenset[str]:
        """Return what its players tell beside images and scores."""
        return frozenset({"styles"})

    def generator(self, image_shape: ImageShape, num_classes: int) -> "Generator":
        """Return a new generator."""
        return Generator(self, image_shape, num_classes if self.conditional else 0)

    def discriminator(self, image_shape: ImageShape, num_classes: int) -> "Discriminator":
        """Return a new discriminator."""
        return Discriminator(self, image_shape, num_classes if self.conditional else 0)

    def widths(self, image_shape: ImageShape) -> list[int]:
        """Return the channels of each map, the coarsest first, which counts as 4 px whatever its side."""
        sides = [4 << level for level in range(num_doublings(image_shape) + 1)]
        return [max(min(self.channel_base // side, self.channel_max), 1) for side in sides]


class ScaledLeakyReLU(nn.Module):
    """LeakyReLU that keeps the size of its values: sqrt(2) max(x, 0.2 x)."""

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, ...] to the same shape."""
        return leaky_relu(x, LEAK) * sqrt(2)


class Mapping(nn.Module):
    """Latents and classes -> styles: both normalised, joined, then fully connected layers that learn slowly."""

    def __init__(self, latent_size: int, num_classes: int, style_size: int, num_layers: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.embedding = EqualisedLinear(num_classes, style_size) if num_classes else None
        joined = latent_size + (style_size if num_classes else 0)
        layers: list[nn.Module] = []
        for before, after in pairwise([joined] + [style_size] * num_layers):
            layers += [EqualisedLinear(before, after, lr_multiplier=MAPPING_RATE), ScaledLeakyReLU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map latents [N, Z] (Z may be 0) and labels [N] to styles [N, W]."""
        joined = _normalised(latents) if latents.shape[1] else latents
        if self.embedding is not None and labels is not None:
            classes = self.embedding(one_hot(labels, self.num_classes).to(latents.dtype))
            joined = torch.cat([joined, _normalised(classes)], dim=1)
        return self.layers(joined)


class StyleMixing(players.RandomLayer):
    """Second latents, and the layer from which an image takes their style: Karras et al. 2019, section 3.1."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, latents: Tensor, num_layers: int) -> tuple[Tensor, Tensor]:
        """Return other latents [N, Z], and which layers [N, L] are theirs: from a random one on, or none.

        Raises `TrainingError` without a stream to draw from.
        """
        if self.stream is None:
            raise TrainingError("Style mixing has no stream to draw from: call `give_stream(player, stream)` first.")
        num, size = latents.shape
        others = torch.from_numpy(self.stream.child("latents").normal(num, size).astype(np.float32))
        chance, place = self.stream.child("layers").uniform(num, 2).T
        first = np.where(chance < self.probability, 1 + (place * (num_layers - 1)).astype(np.int64), num_layers)
        theirs = torch.from_numpy(np.arange(num_layers) >= first[:, None])
        return others.to(latents.device, latents.dtype), theirs.to(latents.device)


class MeanStyle(players.BatchLayer):
    """The mean style of a batch."""

    def forward(self, styles: Tensor) -> Tensor:
        """Map styles [N, W] to [W]."""
        mean = styles.mean(0)
        return mean if self.batch is None else self.batch.mean(mean)


class StyledConvolution(nn.Module):
    """Modulated 3x3 convolution, noise, activation."""

    def __init__(self, before: int, after: int, style_size: int, upsample: bool) -> None:
        super().__init__()
        self.convolution = ModulatedConv2d(before, after, 3, style_size, upsample=upsample)
        self.noise = NoiseInjection()
        self.activation = ScaledLeakyReLU()

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Map [N, C, H, W] and a style [N, W] to [N, D, H, W], twice as large where it upsamples."""
        return self.activation(self.noise(self.convolution(x, style)))


class Generator(players.StyledGenerator):
    """Mapping, then synthesis: a learnt map, doubled by styled convolutions; each size adds to the image (skips)."""

    w_avg: Tensor
    """Running mean [W] of styles in training, towards which truncation pulls."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__(image_shape, num_classes, config.latent_size)
        widths, size = config.widths(image_shape), config.style_size
        self.num_layers = 2 * len(widths)
        self.mapping = Mapping(config.latent_size, num_classes, size, config.mapping_layers)
        self.mixing = StyleMixing(config.style_mixing)
        self.mean_style = MeanStyle()
        self.register_buffer("w_avg", torch.zeros(size))
        self.start = nn.Parameter(torch.randn(widths[0], *coarse_size(image_shape)))
        self.convolutions = nn.ModuleList([StyledConvolution(widths[0], widths[0], size, upsample=False)])
        for before, after in pairwise(widths):
            self.convolutions.append(StyledConvolution(before, after, size, upsample=True))
            self.convolutions.append(StyledConvolution(after, after, size, upsample=False))
        self.to_images = nn.ModuleList(
            [ModulatedConv2d(width, image_shape.channels, 1, size, demodulate=False) for width in widths]
        )
        self.enlarge = BlurUpsample()

    def styles(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return styles [N, L, W], the same for all layers but where training mixes two; training moves `w_avg`."""
        styles = self.mapping(latents, labels)
        if self.training:
            with torch.no_grad():
                self.w_avg.lerp_(self.mean_style(styles.to(self.w_avg.dtype)), 1 - STYLE_DECAY)
        layers = styles[:, None].expand(-1, self.num_layers, -1)
        if not self.training or self.mixing.probability == 0:
            return layers
        others, theirs = self.mixing(latents, self.num_layers)
        return torch.where(theirs[:, :, None], self.mapping(others, labels)[:, None], layers)

    def synthesise(self, styles: Tensor) -> Tensor:
        """Return images [N, C, H, W] of styles [N, L, W]; values beyond [-1, 1] are cut off outside training.

        The image of each size shares its style with the first convolution of the next, so L = 2 x number of sizes.
        """
        x = self.start.expand(styles.shape[0], -1, -1, -1)
        x = self.convolutions[0](x, styles[:, 0])
        images = self.to_images[0](x, styles[:, 1])
        for level in range(1, len(self.to_images)):
            x = self.convolutions[2 * level - 1](x, styles[:, 2 * level - 1])
            x = self.convolutions[2 * level](x, styles[:, 2 * level])
            images = self.enlarge(images) + self.to_images[level](x, styles[:, 2 * level + 1])
        images = centre_crop(images, self.image_shape)
        return images if self.training else images.clamp(-1, 1)


class DownBlock(nn.Module):
    """Two 3x3 convolutions, the second of stride 2 after a blur; beside them, where residual, a 1x1 shortcut.

    A pixel of both lies in the middle of four before it. The shortcut halves first: a 1x1 convolution of stride 2
    writes beyond its memory when gradients of gradients are taken (torch 2.13 on a CPU, NHWC, 4 channels).
    """

    def __init__(self, before: int, after: int, residual: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            EqualisedConv2d(before, before, 3, padding=1),
            ScaledLeakyReLU(),
            Blur2d(),
            nn.ZeroPad2d((0, 1, 0, 1)),
            EqualisedConv2d(before, after, 3, stride=2),
            ScaledLeakyReLU(),
        )
        self.shortcut = (
            nn.Sequential(BlurDownsample(), EqualisedConv2d(before, after, 1, bias=False)) if residual else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, C, H, W] to [N, D, H / 2, W / 2]."""
        return self.layers(x) if self.shortcut is None else (self.layers(x) + self.shortcut(x)) * sqrt(0.5)


class Discriminator(players.Discriminator):
    """Blocks down to 4 to 7 px, the batch's spread as one more map, two layers; <features, mapped class> or a score."""

    def __init__(self, config: Config, image_shape: ImageShape, num_classes: int) -> None:
        super().__init__()
        self.image_shape = image_shape
        *finer, width = config.widths(image_shape)[::-1]
        height, breadth = coarse_size(image_shape)
        blocks = [DownBlock(before, after, config.residual) for before, after in pairwise([*finer, width])]
        self.features = nn.Sequential(
            EqualisedConv2d(image_shape.channels, finer[0], 1),
            ScaledLeakyReLU(),
            *blocks,
            MinibatchStandardDeviation(config.deviation_group),
            EqualisedConv2d(width + 1, width, 3, padding=1),
            ScaledLeakyReLU(),
            nn.Flatten(),
            EqualisedLinear(width * height * breadth, width),
            ScaledLeakyReLU(),
        )
        self.score = EqualisedLinear(width, width if num_classes else 1)
        self.mapping = Mapping(0, num_classes, width, config.label_layers) if num_classes else None

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Judge images [N, C, H, W]; a conditional one scores by <features, mapped class> / sqrt(size)."""
        scores = self.score(self.features(padded(images, self.image_shape)))  # [N, D] or [N, 1]
        if self.mapping is None:
            return Verdict(scores.squeeze(1))
        return Verdict((scores * self.mapping(scores[:, :0], labels)).sum(1) / sqrt(scores.shape[1]))


def _normalised(x: Tensor) -> Tensor:
    """Return x [N, F] with a mean square of 1 in each row."""
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()
