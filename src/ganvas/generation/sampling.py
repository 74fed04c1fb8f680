"""Sampling: image i of seed s is the same, to the pixel, however many are made at once."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import UsageError
from ganvas.generation.drawing import BLOCK, CHUNK, Decoder, Request, draw_chunks
from ganvas.generation.latents import latents_of
from ganvas.images import Pixels
from ganvas.players import NEEDS_SOURCES, Generator, Translator, to_pixels
from ganvas.seeds import Stream


def draw_labels(generator: Generator, num: int, seed: int, first: int = 0) -> NDArray[np.int64]:
    """Return the classes [num] that images `first` ... of `seed` show when none is asked for: uniform."""
    return Stream(seed, "generate/labels", first=first).integers(num, generator.num_classes)


def sample(
    generator: Generator,
    num: int,
    labels: NDArray[np.int64] | None = None,
    seed: int = 0,
    first: int = 0,
    decode: Decoder = to_pixels,
) -> Pixels:
    """Return images `first` ... `first + num - 1` of `seed` as uint8 [num, H, W, C].

    `labels` [num] are the classes asked for; a conditional generator draws them when None. `decode` makes bytes of
    the generator's values (`decoder_of`).
    """
    return np.concatenate(list(sample_chunks(generator, num, labels, seed, first, decode)))


def sample_chunks(
    generator: Generator,
    num: int,
    labels: NDArray[np.int64] | None = None,
    seed: int = 0,
    first: int = 0,
    decode: Decoder = to_pixels,
) -> Iterator[Pixels]:
    """Yield the same images in pieces [n, H, W, C], so that memory stays flat; labels [N].

    Raises `UsageError` where the generator needs pictures to begin with.
    """
    if isinstance(generator, Translator):
        raise UsageError(NEEDS_SOURCES)
    if generator.num_classes and labels is None:
        labels = draw_labels(generator, num, seed, first)
    for start in range(first // CHUNK * CHUNK, first + num, BLOCK):
        begin, end = max(first, start), min(first + num, start + BLOCK)
        request = Request(
            latents=latents_of(generator, seed, begin, end - begin),
            labels=labels[begin - first : end - first] if labels is not None and generator.num_classes else None,
            noise=tuple((seed, index) for index in range(begin, end)),
            first=begin,
        )
        yield from draw_chunks(generator, request, decode)
