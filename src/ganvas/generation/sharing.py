"""Sharing: images of several requests go through the network in one chunk, and not a bit of them changes by it.

An image has its own row in a chunk, since a matrix product may sum up other rows in another order. Where a network
does not (`rows_alike`: tried out), any free row will do; else only images whose own rows differ share a chunk.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ganvas.generation.drawing import CHUNK, Request, draw_chunks
from ganvas.players import Generator
from ganvas.seeds import Stream


class Seat(NamedTuple):
    """Image `place` of a request."""

    request: Request
    place: int

    @property
    def row(self) -> int:
        """Its own row in a chunk."""
        return (self.request.first + self.place) % CHUNK


def free_row(taken: Iterable[int], own: int, any_row: bool) -> int | None:
    """Return the row that an image gets beside those taken, its own if it can be; None where there is none for it."""
    free = set(range(CHUNK)).difference(taken)
    if own in free:
        return own
    return min(free) if free and any_row else None


def shared(seats: Mapping[int, Seat]) -> Request:
    """Return the request of a whole chunk with an image in each row named, all of one kind, and nothing in others."""
    one = next(iter(seats.values())).request
    labels, weights = np.zeros(CHUNK, np.int64), None
    if one.class_weights is not None:
        weights = np.zeros((CHUNK, one.class_weights.shape[1]), np.float32)
    noise = [(0, 0)] * CHUNK
    for row, (request, place) in seats.items():
        if request.labels is not None:
            labels[row] = request.labels[place]
        if request.class_weights is not None and weights is not None:
            weights[row] = request.class_weights[place]
        noise[row] = request.noise[place] if request.noise else (0, 0)
    return Request(
        latents=None if one.latents is None else _rows(seats, [seat.request.latents for seat in seats.values()]),
        styles=None if one.styles is None else _rows(seats, [seat.request.styles for seat in seats.values()]),
        labels=labels if one.labels is not None else None,
        class_weights=weights,
        truncation=one.truncation,
        directions=one.directions,
        noise=tuple(noise),
    )


def rows_alike(generator: Generator) -> bool:
    """Return whether an image is the same, to the bit of the network's floats, in each row of a chunk: tried out."""
    latents = generator.draw_latents(Stream(0, "sharing/latents"), CHUNK)
    labels = np.arange(CHUNK) % max(generator.num_classes, 1)
    noise = tuple((0, row) for row in range(CHUNK))

    def drawn(shift: int) -> NDArray[np.float32]:
        rolled = {"latents": latents.roll(shift, 0), "labels": np.roll(labels, shift)}
        request = Request(**rolled, noise=noise[-shift:] + noise[:-shift])
        return np.roll(next(draw_chunks(generator, request, _floats)), -shift, 0)

    first = drawn(0)
    return all(np.array_equal(first, drawn(shift)) for shift in range(1, CHUNK))


def _rows(seats: Mapping[int, Seat], held: list[Tensor | None]) -> Tensor:
    """Return the values [CHUNK, ...] of the seats' images in their rows, zeros elsewhere."""
    whole = None
    for (row, seat), values in zip(seats.items(), held, strict=True):
        assert values is not None, "requests of one kind hold the same"
        whole = values.new_zeros(CHUNK, *values.shape[1:]) if whole is None else whole
        whole[row] = values[seat.place]
    assert whole is not None
    return whole


def _floats(images: Tensor) -> NDArray[np.float32]:
    return images.detach().float().cpu().numpy()
