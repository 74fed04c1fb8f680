"""The two players of the game, and what both sides of it share.

A generator maps latents (and labels) to images in [-1, 1]; a discriminator maps images to a `Verdict`. Players know
nothing of losses, optimisers, devices or checkpoints.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from ganvas.errors import UsageError
from ganvas.images import ImageShape, Pixels
from ganvas.seeds import Stream

LatentDistribution = Literal["normal", "uniform"]


class Verdict(NamedTuple):
    """What a discriminator says: `scores` are logits of "real", [N], or [N, P] where P patches are judged apart.

    Some families tell more: `class_logits` [N, K], logits of the class; `embeddings` [N, E], unit vectors of images,
    and `proxies` [K, E], those of the classes (ReACGAN); `reconstructions`, pairs of an image decoded from D's features
    and what it should be, both [N, C, h, w] (FastGAN).
    """

    scores: Tensor
    class_logits: Tensor | None = None
    embeddings: Tensor | None = None
    proxies: Tensor | None = None
    reconstructions: tuple[tuple[Tensor, Tensor], ...] = ()

    def split(self, num: int) -> tuple["Verdict", "Verdict"]:
        """Return the verdicts on the first `num` images and on the others."""
        return self._part(slice(num)), self._part(slice(num, None))

    def map(self, change: Callable[[Tensor], Tensor]) -> "Verdict":
        """Return the verdict with every tensor changed."""
        return Verdict(
            change(self.scores),
            None if self.class_logits is None else change(self.class_logits),
            None if self.embeddings is None else change(self.embeddings),
            None if self.proxies is None else change(self.proxies),
            tuple((change(decoded), change(wanted)) for decoded, wanted in self.reconstructions),
        )

    def _part(self, rows: slice) -> "Verdict":
        return self.map(lambda values: values[rows])._replace(proxies=self.proxies)


class Generator(nn.Module, ABC):
    """Maps latents [N, Z] and labels [N] (None when unconditional) to images [N, C, H, W] in [-1, 1]."""

    def __init__(
        self,
        image_shape: ImageShape,
        num_classes: int,
        latent_size: int,
        latent_distribution: LatentDistribution = "normal",
    ) -> None:
        super().__init__()
        self.image_shape = image_shape
        self.num_classes = num_classes
        self.latent_size = latent_size
        self.latent_distribution: LatentDistribution = latent_distribution

    @abstractmethod
    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return images [N, C, H, W] in [-1, 1]."""

    def draw_latents(self, stream: Stream, num: int) -> Tensor:
        """Return latents [num, Z]: z ~ N(0, 1), or z ~ U(-1, 1) where the family asks for it."""
        if self.latent_distribution == "normal":
            values = stream.normal(num, self.latent_size)
        else:
            values = 2.0 * stream.uniform(num, self.latent_size) - 1.0
        return torch.from_numpy(values.astype(np.float32))

    def draw_labels(self, stream: Stream, num: int) -> Tensor | None:
        """Return labels [num], uniform over the classes; None when unconditional."""
        return torch.from_numpy(stream.integers(num, self.num_classes)) if self.num_classes else None


class StyledGenerator(Generator, ABC):
    """A generator in two halves: latents and labels -> styles [N, L, W], one for each layer -> images."""

    @abstractmethod
    def styles(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the styles [N, L, W] of the L layers."""

    @abstractmethod
    def synthesise(self, styles: Tensor) -> Tensor:
        """Return images [N, C, H, W] in [-1, 1] of styles [N, L, W]."""

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return images [N, C, H, W] in [-1, 1]."""
        return self.synthesise(self.styles(latents, labels))


class Translator(Generator, ABC):
    """A generator that makes its image of another picture, the source [N, C', H, W], and draws no latents.

    In training the sources are made of real images: `view` of each, and asked is the class `wanted` of its own.
    """

    def __init__(self, image_shape: ImageShape, num_classes: int, source_channels: int) -> None:
        super().__init__(image_shape, num_classes, latent_size=0)
        self.source_shape = image_shape._replace(channels=source_channels)

    @abstractmethod
    def translate(self, sources: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return images [N, C, H, W] in [-1, 1] of sources [N, C', H, W] in [-1, 1]."""

    @abstractmethod
    def view(self, images: Tensor) -> Tensor:
        """Return what is given of images [N, C, H, W] as sources [N, C', H, W]."""

    @abstractmethod
    def wanted(self, labels: Tensor | None) -> Tensor | None:
        """Return the classes [N] that pictures of classes `labels` [N] are turned into."""

    @abstractmethod
    def shown(self, images: Tensor, sources: Tensor) -> Tensor:
        """Return what the discriminator sees of images, real or made, beside their sources: [N, C'', H, W]."""

    def forward(self, latents: Tensor, labels: Tensor | None = None, sources: Tensor | None = None) -> Tensor:
        """Return images [N, C, H, W] in [-1, 1]; raise `UsageError` without sources."""
        if sources is None:
            raise UsageError(NEEDS_SOURCES)
        return self.translate(sources, labels)


NEEDS_SOURCES = (
    "This model turns pictures into others, and draws none without: give pictures, by `ganvas generate MODEL "
    "--sources FOLDER --out DIR`, or in Python `model.translate(pixels)`."
)


class Discriminator(nn.Module, ABC):
    """Maps images [N, C, H, W] (and labels [N], where it is told them) to a `Verdict`."""

    @abstractmethod
    def forward(self, images: Tensor, labels: Tensor | None = None) -> Verdict:
        """Return the verdict on each of the images [N, C, H, W], told their labels [N] or none."""


class Gan(nn.Module):
    """Both players as one composed model: the discriminator's verdict on the generator's images (S1.5)."""

    def __init__(self, generator: Generator, discriminator: Discriminator) -> None:
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator

    def forward(self, latents: Tensor, labels: Tensor | None = None, sources: Tensor | None = None) -> Verdict:
        """Return the discriminator's verdict on the images of `latents` [N, Z], or of a translator's `sources`."""
        if isinstance(self.generator, Translator):
            images = self.generator(latents, labels, sources)
            return self.discriminator(images if sources is None else self.generator.shown(images, sources), labels)
        return self.discriminator(self.generator(latents, labels), labels)


class RandomLayer(nn.Module):
    """Base of layers that draw random numbers in training: they take them from the `stream` they were given."""

    def __init__(self) -> None:
        super().__init__()
        self.stream: Stream | None = None


def give_stream(player: nn.Module, stream: Stream) -> None:
    """Hand every random layer of `player` its own part of `stream`, by its name in the network."""
    for name, layer in player.named_modules():
        if isinstance(layer, RandomLayer):
            layer.stream = stream.child(name)


class WholeBatch(Protocol):
    """A batch that several processes share, each some of its rows."""

    def count(self, rows: Tensor) -> int:
        """Return how many rows the batch has, of which `rows` [N, ...] are this process's."""
        ...

    def keeps(self, group_size: int) -> bool:
        """Return whether groups of so many rows, one after the other, each lie in one process."""
        ...

    def mean(self, mean: Tensor) -> Tensor:
        """Return the mean over all rows [...], of that over this process's; without a history."""
        ...

    def gather(self, rows: Tensor) -> Tensor:
        """Return all rows [A, ...], of this process's [N, ...]; can be differentiated any number of times."""
        ...

    def own(self, rows: Tensor) -> Tensor:
        """Return this process's rows [N, ...] of all [A, ...]."""
        ...


class BatchLayer(nn.Module):
    """Base of layers that compare the rows of a batch: they look at all of the `batch` they were told of."""

    def __init__(self) -> None:
        super().__init__()
        self.batch: WholeBatch | None = None


def give_batch(player: nn.Module, batch: WholeBatch) -> None:
    """Tell every layer of `player` that compares rows which batch the next ones are of."""
    for layer in player.modules():
        if isinstance(layer, BatchLayer):
            layer.batch = batch


def to_pixels(images: Tensor) -> Pixels:
    """Return images [N, C, H, W] in [-1, 1] as uint8 [N, H, W, C]; inverts `from_pixels` exactly."""
    rounded = images.detach().float().add(1).mul(127.5).round().clamp(0, 255)
    return np.ascontiguousarray(rounded.to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy())


def from_pixels(pixels: Tensor) -> Tensor:
    """Return images [N, H, W, C] as float32 [N, C, H, W]: uint8 in [-1, 1], x / 127.5 - 1; real values as they are.

    Real values come from a dataset's scaling, which has done this already.
    """
    images = pixels.permute(0, 3, 1, 2)
    return images.float() if pixels.is_floating_point() else images.float().div(127.5).sub(1)


def num_parameters(module: nn.Module, trainable_only: bool = False) -> int:
    """Return how many numbers a network holds: parameters, and running statistics unless `trainable_only`."""
    count = sum(parameter.numel() for parameter in module.parameters())
    if trainable_only:
        return count
    return count + sum(buffer.numel() for buffer in module.buffers() if buffer.is_floating_point())
