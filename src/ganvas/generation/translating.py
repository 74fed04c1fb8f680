"""Translating: pictures in, as many pictures out; each the same, to the pixel, whatever others there are."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ganvas.errors import UsageError
from ganvas.generation.drawing import CHUNK, Decoder, resting
from ganvas.images import Pixels
from ganvas.players import Translator, from_pixels, give_stream, to_pixels
from ganvas.seeds import Stream


class Translated(NamedTuple):
    """Sources uint8 [N, H, W, C'], their translations uint8 [N, H, W, C], and the classes [N] these should show."""

    sources: Pixels
    images: Pixels
    labels: NDArray[np.int64] | None


def translate(
    translator: Translator, sources: Pixels, labels: NDArray[np.int64] | None = None, decode: Decoder = to_pixels
) -> Pixels:
    """Return the translations uint8 [N, H, W, C] of sources uint8 [N, H, W, C'], of the classes wanted `labels` [N].

    Raises `UsageError` where the sources do not fit, or the translator has classes and none are wanted.
    """
    return np.concatenate(list(translate_chunks(translator, sources, labels, decode)))


def translate_chunks(
    translator: Translator, sources: Pixels, labels: NDArray[np.int64] | None = None, decode: Decoder = to_pixels
) -> Iterator[Pixels]:
    """Yield the same translations in pieces [n, H, W, C], so that memory stays flat; what does not fit is refused."""
    _check(translator, sources, labels)
    return _chunks(translator, sources, labels, decode)


@torch.no_grad()
def _chunks(
    translator: Translator, sources: Pixels, labels: NDArray[np.int64] | None, decode: Decoder
) -> Iterator[Pixels]:
    device = next(translator.parameters()).device
    with resting(translator):
        for start in range(0, len(sources), CHUNK):
            chosen = sources[start : start + CHUNK]
            given = np.zeros((CHUNK, *chosen.shape[1:]), np.uint8)
            given[: len(chosen)] = chosen
            wanted = torch.zeros(CHUNK, dtype=torch.long)
            if labels is not None:
                wanted[: len(chosen)] = torch.from_numpy(labels[start : start + CHUNK])
            give_stream(translator, Stream(0, "translate/generator", first=start))
            asked = wanted.to(device) if translator.num_classes else None
            images = translator.translate(from_pixels(torch.from_numpy(given)).to(device), asked)
            yield decode(images)[: len(chosen)]


@torch.no_grad()
def view(translator: Translator, pixels: Pixels) -> Pixels:
    """Return what a translator is given of finished pictures uint8 [N, H, W, C], as sources uint8 [N, H, W, C']."""
    chunks = (pixels[start : start + CHUNK] for start in range(0, len(pixels), CHUNK))
    return np.concatenate(
        [to_pixels(translator.view(from_pixels(torch.from_numpy(np.array(chunk))))) for chunk in chunks]
    )


def translate_real(
    translator: Translator, pixels: Pixels, labels: NDArray[np.int64] | None, decode: Decoder = to_pixels
) -> Translated:
    """Return real pictures uint8 [N, H, W, C] of classes `labels` [N] translated as in training: of a view of each."""
    wanted = None if labels is None else translator.wanted(torch.from_numpy(labels))
    asked = None if wanted is None else wanted.numpy()
    sources = view(translator, pixels)
    return Translated(sources, translate(translator, sources, asked, decode), asked)


def _check(translator: Translator, sources: Pixels, labels: NDArray[np.int64] | None) -> None:
    channels, height, width = translator.source_shape
    if sources.dtype != np.uint8 or sources.shape[1:] != (height, width, channels) or not len(sources):
        raise UsageError(
            f"The pictures to translate are uint8 [N, {height}, {width}, {channels}], at least one; these are "
            f"{sources.dtype} {list(sources.shape)}."
        )
    if translator.num_classes and labels is None:
        raise UsageError("Which class should the pictures be turned into? Name it: --label, `labels=` in Python.")
