"""Drawing: latents or styles in, images out; each the same, to the pixel, whatever is drawn beside it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganvas.errors import UsageError
from ganvas.generation.classes import mixed_classes
from ganvas.generation.truncation import mean_style, truncated
from ganvas.images import Pixels
from ganvas.players import NEEDS_SOURCES, Generator, StyledGenerator, Translator, give_stream
from ganvas.seeds import Stream

CHUNK = 16
"""Images always go through the network in aligned chunks of this many: a matrix product of another shape may round
differently, and a pixel on the edge between two values would flip."""
BLOCK = 64 * CHUNK
"""Images whose latents are in memory at once."""
Decoder = Callable[[Tensor], Pixels]
"""Makes a generator's images [N, C, H, W] uint8 [N, H, W, C]."""
Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True)
class Request:
    """Images to draw.

    Of `latents` [N, Z], or `styles` [N, L, W] of a generator that has them. `labels` [N] are the classes, or
    `class_weights` [N, K] how much of each. `truncation` pulls towards the mean, 1 leaves all as drawn; `directions`
    adds vectors [Z] or [W], each with how far to go. `noise` is the seed and index of each image, for layers that draw
    as they go; `first` the place of the first image in its chunk.
    """

    latents: Tensor | None = None
    styles: Tensor | None = None
    labels: NDArray[np.int64] | None = None
    class_weights: NDArray[np.float32] | None = None
    truncation: float = 1.0
    directions: Mapping[str, tuple[Tensor, float]] = field(default_factory=dict)
    noise: tuple[tuple[int, int], ...] = ()
    first: int = 0

    @property
    def num(self) -> int:
        """How many images."""
        given = self.latents if self.styles is None else self.styles
        return 0 if given is None else len(given)

    def part(self, first: int, num: int) -> Self:
        """Return the request of so many of the images from `first` on, each at its place in a chunk."""
        rows = slice(first, first + num)
        return replace(
            self,
            latents=None if self.latents is None else self.latents[rows],
            styles=None if self.styles is None else self.styles[rows],
            labels=None if self.labels is None else self.labels[rows],
            class_weights=None if self.class_weights is None else self.class_weights[rows],
            noise=self.noise[rows],
            first=self.first + first,
        )


@torch.no_grad()
def draw_chunks(
    generator: Generator,
    request: Request,
    decode: Callable[[Tensor], NDArray[Value]],
    mean: Tensor | None = None,
) -> Iterator[NDArray[Value]]:
    """Yield the images of a request in pieces of at most `CHUNK`, so that memory stays flat.

    `decode` makes of images [CHUNK, C, H, W] in [-1, 1] what is wanted: bytes [CHUNK, H, W, C], say. `mean` is the mean
    style, found where it is needed and not given.
    """
    _check(generator, request)
    if mean is None and request.truncation != 1 and isinstance(generator, StyledGenerator):
        mean = mean_style(generator)
    with resting(generator):
        for chunk, wanted in _chunks(request):
            yield decode(_images(generator, request, chunk, wanted, mean))[wanted]


@torch.no_grad()
def styles_of(generator: StyledGenerator, request: Request) -> Tensor:
    """Return the styles [N, L, W] of a request's latents and classes, in memory, nothing done to them yet."""
    plain = replace(request, truncation=1.0, directions={})
    with resting(generator):
        parts = [_styles(generator, plain, chunk, wanted, None)[wanted] for chunk, wanted in _chunks(plain)]
    return torch.cat(parts).cpu()


@torch.no_grad()
def settled(generator: Generator, request: Request) -> Request:
    """Return the request of one image with truncation, directions and class already in its latents or styles.

    What a walk between images drawn in different ways leads by: it draws the same image.
    """
    _check(generator, request)
    if not isinstance(generator, StyledGenerator):
        latents = None if request.latents is None else truncated(request.latents, request.truncation)
        assert latents is not None
        return replace(request, latents=_moved(latents, request), truncation=1.0, directions={})
    wanted = slice(request.first % CHUNK, request.first % CHUNK + 1)
    mean = mean_style(generator) if request.truncation != 1 else None
    with resting(generator):
        styles = _styles(generator, request, slice(0, 1), wanted, mean)[wanted]
    return Request(styles=styles.cpu(), noise=request.noise, first=request.first)


@contextmanager
def resting(generator: Generator) -> Iterator[None]:
    """Let a generator be out of training inside the block."""
    was_training = generator.training
    generator.eval()
    try:
        yield
    finally:
        generator.train(was_training)


def _images(generator: Generator, request: Request, chunk: slice, wanted: slice, mean: Tensor | None) -> Tensor:
    """Return a whole chunk of images [CHUNK, C, H, W], those not asked for among them."""
    noise = [(0, 0)] * CHUNK
    noise[wanted] = request.noise[chunk] or [(0, 0)] * (chunk.stop - chunk.start)
    give_stream(generator, Stream(0, "generate/generator", rows=tuple(noise)))
    if isinstance(generator, StyledGenerator):
        return generator.synthesise(_styles(generator, request, chunk, wanted, mean))
    latents, asked, weights = _latents_and_classes(generator, request, chunk, wanted)
    with mixed_classes(generator, asked, weights):
        return generator(_moved(truncated(latents, request.truncation), request), asked)


def _styles(generator: StyledGenerator, request: Request, chunk: slice, wanted: slice, mean: Tensor | None) -> Tensor:
    """Return the styles [CHUNK, L, W] that a chunk is synthesised of."""
    if request.styles is not None:
        styles = _padded(request.styles[chunk], wanted).to(next(generator.parameters()).device)
    else:
        latents, asked, weights = _latents_and_classes(generator, request, chunk, wanted)
        with mixed_classes(generator, asked, weights):
            styles = generator.styles(latents, asked)
    return _moved(truncated(styles, request.truncation, mean), request)


def _latents_and_classes(
    generator: Generator, request: Request, chunk: slice, wanted: slice
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Return the latents [CHUNK, Z] of a whole chunk, its classes [CHUNK], and their weights [CHUNK, K], if any."""
    assert request.latents is not None
    device = next(generator.parameters()).device
    labels, weights = torch.zeros(CHUNK, dtype=torch.long), None
    if request.labels is not None:
        labels[wanted] = torch.from_numpy(request.labels[chunk])
    if request.class_weights is not None:
        weights = _padded(torch.from_numpy(request.class_weights[chunk]), wanted).to(device)
    asked = labels.to(device) if generator.num_classes else None
    return _padded(request.latents[chunk], wanted).to(device), asked, weights


def _chunks(request: Request) -> Iterator[tuple[slice, slice]]:
    """Yield the images of each chunk, and their places in it."""
    for start in range(-(request.first % CHUNK), request.num, CHUNK):
        chunk = slice(max(start, 0), min(start + CHUNK, request.num))
        yield chunk, slice(chunk.start - start, chunk.stop - start)


def _padded(values: Tensor, wanted: slice) -> Tensor:
    """Return a chunk that holds `values` at its places `wanted`, zeros elsewhere."""
    whole = values.new_zeros(CHUNK, *values.shape[1:])
    whole[wanted] = values
    return whole


def _moved(values: Tensor, request: Request) -> Tensor:
    for vector, strength in request.directions.values():
        values = values + strength * vector.to(values)
    return values


def _check(generator: Generator, request: Request) -> None:
    if isinstance(generator, Translator):
        raise UsageError(NEEDS_SOURCES)
    if (request.latents is None) == (request.styles is None):
        raise UsageError("A request to draw holds latents [N, Z] or styles [N, L, W], one of the two.")
    if request.styles is not None and not isinstance(generator, StyledGenerator):
        raise UsageError("This model has no styles: give latents [N, Z].")
    if request.latents is not None and request.latents.shape[1:] != (generator.latent_size,):
        raise UsageError(
            f"This model draws of latents [N, {generator.latent_size}]; these are {list(request.latents.shape)}."
        )
    if request.class_weights is not None and request.class_weights.shape != (request.num, generator.num_classes):
        raise UsageError(
            f"Class weights are [{request.num}, {generator.num_classes}], one row an image and one column a class; "
            f"these are {list(request.class_weights.shape)}."
        )
