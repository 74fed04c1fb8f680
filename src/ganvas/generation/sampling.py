"""Sampling: image i of seed s is the same, to the pixel, however many are made at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganvas.data.scalings.contract import Scaling
from ganvas.errors import UsageError
from ganvas.images import Pixels
from ganvas.players import NEEDS_SOURCES, Generator, Translator, give_stream, to_pixels
from ganvas.seeds import Stream

CHUNK = 16
"""Images always go through the network in aligned chunks of this many: a matrix product of another shape may round
differently, and a pixel on the edge between two values would flip."""
Decoder = Callable[[Tensor], Pixels]
"""Makes a generator's images [N, C, H, W] uint8 [N, H, W, C]."""


def draw_labels(generator: Generator, num: int, seed: int, first: int = 0) -> NDArray[np.int64]:
    """Return the classes [num] that images `first` ... of `seed` show when none is asked for: uniform."""
    return Stream(seed, "generate/labels", first=first).integers(num, generator.num_classes)


def decoder_of(scaling: Scaling | None) -> Decoder:
    """Return how a generator that learnt scaled images gives bytes: the scaling inverted, `to_pixels` without one."""
    if scaling is None:
        return to_pixels

    def decode(images: Tensor) -> Pixels:
        return scaling.invert(images.detach().float().permute(0, 2, 3, 1).cpu().numpy())

    return decode


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


@torch.no_grad()
def sample_chunks(
    generator: Generator,
    num: int,
    labels: NDArray[np.int64] | None = None,
    seed: int = 0,
    first: int = 0,
    decode: Decoder = to_pixels,
) -> Iterator[Pixels]:
    """Yield the same images in pieces, so that memory stays flat."""
    if isinstance(generator, Translator):
        raise UsageError(NEEDS_SOURCES)
    if generator.num_classes and labels is None:
        labels = draw_labels(generator, num, seed, first)
    device = next(generator.parameters()).device
    with resting(generator):
        for start in range(first // CHUNK * CHUNK, first + num, CHUNK):
            latents = generator.draw_latents(Stream(seed, "generate/latents", first=start), CHUNK).to(device)
            wanted = slice(max(first - start, 0), min(first + num - start, CHUNK))
            asked = None
            if labels is not None and generator.num_classes:
                asked = torch.zeros(CHUNK, dtype=torch.long)
                asked[wanted] = torch.from_numpy(labels[start + wanted.start - first : start + wanted.stop - first])
                asked = asked.to(device)
            give_stream(generator, Stream(seed, "generate/generator", first=start))
            yield decode(generator(latents, asked))[wanted]


@contextmanager
def resting(generator: Generator) -> Iterator[None]:
    """Let a generator be out of training inside the block."""
    was_training = generator.training
    generator.eval()
    try:
        yield
    finally:
        generator.train(was_training)
