"""Projection: which latent gives a picture, or comes closest; found by gradient descent on the latent.

The loss is the squared difference of pixels at several sizes, a Laplacian-like pyramid of means, and of what the first
layers of the discriminator see, where there is one. A generator with styles is given one style for all layers (Karras
et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN", appendix D, without its noise maps).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import cos, pi, sqrt
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from ganvas.config import Config, Field
from ganvas.errors import UsageError
from ganvas.generation.drawing import CHUNK, resting
from ganvas.generation.truncation import style_shape
from ganvas.layers.equalised import EqualisedConv2d
from ganvas.players import NEEDS_SOURCES, Discriminator, Generator, StyledGenerator, Translator, give_stream
from ganvas.seeds import Stream

_LAYERS = 2  # of the discriminator
_SCALES = (1, 2, 4, 8)
_LARGEST_NORM = 1.25  # of a latent N(0, 1), over sqrt(Z)


class Settings(Config):
    """How a picture is projected."""

    steps: int = Field(default=200, ge=1, le=100_000, description="steps of Adam")
    learning_rate: float = Field(default=0.05, gt=0, le=1, description="at the start; it falls to 0 as a cosine")
    candidates: int = Field(default=256, ge=1, le=65_536, description="latents drawn to choose the start from")
    starts: int = Field(default=4, ge=1, le=CHUNK, description="best of them that are all followed")
    features: float = Field(default=0.3, ge=0, le=100, description="weight of the discriminator's features")


class Projected(NamedTuple):
    """Latents [1, Z] or styles [1, L, W] of a picture, its class, and how far its image is, and was at the start.

    Distances are root-mean-square differences of values in [-1, 1].
    """

    latents: Tensor | None
    styles: Tensor | None
    label: int | None
    distance: float
    distance_drawn: float


def project(
    generator: Generator,
    discriminator: Discriminator | None,
    picture: Tensor,
    label: int | None = None,
    settings: Settings | None = None,
) -> Projected:
    """Return what of a generator's latents comes closest to a picture [C, H, W] in [-1, 1].

    The class is tried out where none is given. The same arguments always give the same; no other picture matters.
    Raises `UsageError` for a translator, which has no latents.
    """
    if isinstance(generator, Translator):
        raise UsageError(NEEDS_SOURCES)
    settings = settings or Settings()
    device = next(generator.parameters()).device
    target = picture[None].to(device)
    frozen = [weight for player in (generator, discriminator) if player for weight in player.parameters()]
    with resting(generator), _without_gradients(frozen), _eyes(discriminator, settings) as see:
        latents, labels, drawn = _candidates(generator, target, label, settings, see)
        values = latents
        if isinstance(generator, StyledGenerator):
            with torch.no_grad():
                values = generator.styles(latents, labels)[:, 0]
        values = _descend(generator, values.clone(), labels, target, settings, see)
        with torch.no_grad():
            distances = (_image(generator, values, labels) - target).square().flatten(1).mean(1).sqrt()
    best = int(distances.argmin())
    found = values[best : best + 1].cpu()
    number = None if labels is None else int(labels[best])
    if isinstance(generator, StyledGenerator):
        styles = found[:, None].expand(-1, style_shape(generator)[0], -1).contiguous()
        return Projected(None, styles, number, float(distances[best]), drawn)
    return Projected(found, None, number, float(distances[best]), drawn)


class _Eyes:
    """Returns what a discriminator's first layers see of images, flattened."""

    def __init__(self, discriminator: Discriminator | None) -> None:
        self.discriminator = discriminator
        self.seen: list[Tensor] = []

    def __call__(self, images: Tensor, labels: Tensor | None) -> list[Tensor]:
        """Return features [N, F] of images [N, C, H, W], a tensor a layer; none without a discriminator."""
        if self.discriminator is None:
            return []
        self.seen.clear()
        give_stream(self.discriminator, Stream(0, "project/discriminator"))
        self.discriminator(images, labels)
        return [values.flatten(1) for values in self.seen[:_LAYERS]]


@contextmanager
def _eyes(discriminator: Discriminator | None, settings: Settings) -> Iterator[_Eyes]:
    eyes = _Eyes(discriminator if settings.features else None)
    modules = eyes.discriminator.modules() if eyes.discriminator else ()
    layers = [module for module in modules if isinstance(module, nn.Conv2d | EqualisedConv2d)][:_LAYERS]

    def see(_: nn.Module, __: object, output: Tensor) -> None:
        eyes.seen.append(output)

    hooks = [layer.register_forward_hook(see) for layer in layers]
    was_training = discriminator is not None and discriminator.training
    if discriminator is not None:
        discriminator.eval()
    try:
        yield eyes
    finally:
        for hook in hooks:
            hook.remove()
        if discriminator is not None:
            discriminator.train(was_training)


@contextmanager
def _without_gradients(weights: list[nn.Parameter]) -> Iterator[None]:
    before = [weight.requires_grad for weight in weights]
    for weight in weights:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight, wanted in zip(weights, before, strict=True):
            weight.requires_grad_(wanted)


@torch.no_grad()
def _candidates(
    generator: Generator, target: Tensor, label: int | None, settings: Settings, see: _Eyes
) -> tuple[Tensor, Tensor | None, float]:
    """Return the best latents drawn [S, Z], their classes [S], and how far the best image is."""
    latents: list[Tensor] = []
    numbers: list[Tensor] = []
    losses: list[Tensor] = []
    distances: list[Tensor] = []
    for start in range(0, settings.candidates, CHUNK):
        chunk = generator.draw_latents(Stream(0, "project/latents", first=start), CHUNK).to(target.device)
        classes = np.arange(start, start + CHUNK) % max(generator.num_classes, 1)
        labels = torch.from_numpy(classes if label is None else np.full(CHUNK, label)).to(target.device)
        asked = labels if generator.num_classes else None
        give_stream(generator, Stream(0, "project/generator"))
        images = generator(chunk, asked)
        latents.append(chunk)
        numbers.append(labels)
        losses.append(_losses(images, target, asked, settings, see))
        distances.append((images - target).square().flatten(1).mean(1).sqrt())
    order = torch.cat(losses)[: settings.candidates].argsort(stable=True)[: settings.starts]
    chosen = torch.cat(numbers)[order] if generator.num_classes else None
    return torch.cat(latents)[order], chosen, float(torch.cat(distances)[: settings.candidates].min())


def _descend(
    generator: Generator, values: Tensor, labels: Tensor | None, target: Tensor, settings: Settings, see: _Eyes
) -> Tensor:
    """Return values [S, Z] or [S, W] after all steps, each start followed by itself."""
    values.requires_grad_(True)
    optimiser = torch.optim.Adam([values], lr=settings.learning_rate)
    for step in range(settings.steps):
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * (1 + cos(pi * step / settings.steps)) / 2
        images = _image(generator, values, labels)
        loss = _losses(images, target, labels, settings, see).sum()
        values.grad = torch.autograd.grad(loss, values)[0]
        optimiser.step()
        if not isinstance(generator, StyledGenerator):
            _keep_likely(generator, values)
    return values.detach()


def _image(generator: Generator, values: Tensor, labels: Tensor | None) -> Tensor:
    give_stream(generator, Stream(0, "generate/generator", rows=((0, 0),) * len(values)))
    if not isinstance(generator, StyledGenerator):
        return generator(values, labels)
    return generator.synthesise(values[:, None].expand(-1, style_shape(generator)[0], -1))


@torch.no_grad()
def _keep_likely(generator: Generator, latents: Tensor) -> None:
    """Keep latents where images were learnt: within U(-1, 1), or not much longer than N(0, 1) is."""
    if generator.latent_distribution == "uniform":
        latents.clamp_(-1, 1)
        return
    longest = _LARGEST_NORM * sqrt(latents.shape[1])
    latents.mul_((longest / latents.norm(dim=1, keepdim=True).clamp_min(1e-12)).clamp_max(1))


def _losses(images: Tensor, target: Tensor, labels: Tensor | None, settings: Settings, see: _Eyes) -> Tensor:
    """Return how far images [N, C, H, W] are from the target [1, C, H, W], [N]."""
    scales = [scale for scale in _SCALES if scale == 1 or min(target.shape[2:]) >= 2 * scale]
    losses = torch.stack(
        [(avg_pool2d(images, s) - avg_pool2d(target, s)).square().flatten(1).mean(1) for s in scales]
    ).mean(0)
    for ours, theirs in zip(see(images, labels), _seen_of_target(target, labels, images, see), strict=True):
        size = theirs.square().mean().clamp_min(1e-8)
        losses = losses + settings.features / _LAYERS * (ours - theirs).square().mean(1) / size
    return losses


@torch.no_grad()
def _seen_of_target(target: Tensor, labels: Tensor | None, images: Tensor, see: _Eyes) -> list[Tensor]:
    """Return the features of the target beside each image, as a batch: a discriminator may look at several."""
    return see(target.expand_as(images), labels)
