"""How alike two thumbnails are once one is moved and scaled onto the other: what tells duplicates from look-alikes.

Details are compared, not the rough layout that many photographs share: a thumbnail is freed of its broad shades, and
what is left correlated. Crops and added borders are undone first, by the method of Lucas and Kanade (1981, "An
iterative image registration technique").
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.data.measures import THUMBNAIL_SIZE

Floats = NDArray[np.floating]
"""Of 32 bits."""
_CENTRE = (THUMBNAIL_SIZE - 1) / 2
_PLACE = np.arange(THUMBNAIL_SIZE, dtype=np.float32) - np.float32(_CENTRE)
_EDGE = 2
NUM_DETAILS = (THUMBNAIL_SIZE - 2 * _EDGE) ** 2
_NUM_STEPS = 2
_MAX_SHIFT, _MAX_ZOOM = 1.5, 0.2
_NOISE = 20.0
"""Energy of the details of a whole thumbnail, in grey levels, that is taken for rounding."""


class Registration(NamedTuple):
    """How the first of each pair [P] lies on the second, and what is left between them."""

    difference: Floats
    """1 - correlation of the details, 0 (the same) to 2."""
    shift: Floats
    """[P, 2], across and down, in pixels of the thumbnail."""
    zoom: Floats
    """[P, 2], across and down; 0.1 shows 10 % more."""
    gain: Floats
    """Contrast of the second over that of the first."""


def details(thumbnails: NDArray[np.uint8]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the details of thumbnails [N, 256] as unit vectors [N, 144], and whether each has any [N].

    The product of two is their correlation. Flat images have no details, so nothing can be told of them.
    """
    planes = _details(_smooth(thumbnails, 0.5))
    energy = np.linalg.norm(planes, axis=1, keepdims=True)
    return planes / np.maximum(energy, np.float32(_NOISE)), energy[:, 0] > _NOISE


def register(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Registration:
    """Return how thumbnails [P, 256] lie on others [P, 256], each way tried, the better kept."""
    forward, back = _registered(first, second), _registered(second, first)
    better = back.difference < forward.difference
    return Registration(
        np.minimum(forward.difference, back.difference),
        np.where(better[:, None], -back.shift, forward.shift),
        np.where(better[:, None], -back.zoom, forward.zoom),
        np.where(better, 1 / np.maximum(back.gain, 1e-2), forward.gain),
    )


def mirrored(thumbnails: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return thumbnails [N, 256] with left and right exchanged."""
    return thumbnails.reshape(-1, THUMBNAIL_SIZE, THUMBNAIL_SIZE)[:, :, ::-1].reshape(thumbnails.shape)


def mirrored_details(planes: Floats) -> Floats:
    """Return the details [N, 144] that mirrored thumbnails would have."""
    side = THUMBNAIL_SIZE - 2 * _EDGE
    return planes.reshape(-1, side, side)[:, :, ::-1].reshape(planes.shape)


def _registered(moving: NDArray[np.uint8], fixed: NDArray[np.uint8]) -> Registration:
    planes, target = _smooth(moving, 0.6), _smooth(fixed, 0.6).reshape(len(fixed), -1, 1)
    place = np.zeros((len(moving), 4), np.float32)  # shift across, shift down, zoom across, zoom down
    gain = np.ones(len(moving), np.float32)
    limits = np.array([_MAX_SHIFT, _MAX_SHIFT, _MAX_ZOOM, _MAX_ZOOM], np.float32)
    for _ in range(_NUM_STEPS):
        step, gain = _step(_moved(planes, place), target, place)
        place = np.clip(place + step, -limits, limits)
    seen = _details(_moved(_smooth(moving, 0.5), place))
    wanted = _details(_smooth(fixed, 0.5))
    energy = np.linalg.norm(seen, axis=1) * np.linalg.norm(wanted, axis=1)
    correlation = (seen * wanted).sum(1) / np.maximum(energy, np.float32(_NOISE))
    return Registration(1 - correlation, place[:, :2], place[:, 2:], gain)


def _step(planes: Floats, target: Floats, place: Floats) -> tuple[Floats, Floats]:
    """Return the change of place [P, 4] that fits best to first order, and the gain [P], by least squares.

    target = offset + gain * (plane + shift . gradient + zoom * position . gradient), over what both images show.
    """
    down, across = np.gradient(planes, axis=1), np.gradient(planes, axis=2)
    terms = [np.ones_like(planes), planes, across, down, across * _PLACE, down * _PLACE[:, None]]
    shown = [np.abs(_PLACE * (1 + place[:, 2 + axis, None]) + place[:, axis, None]) <= _CENTRE for axis in (0, 1)]
    weight = (shown[0][:, None, :] & shown[1][:, :, None]).astype(np.float32)
    weight[:, [0, -1]] = weight[:, :, [0, -1]] = 0  # gradients are one-sided there
    weight = weight.reshape(len(planes), -1, 1)
    columns = np.stack(terms, -1).reshape(len(planes), -1, len(terms)) * weight  # [P, 256, 6]
    normal = columns.transpose(0, 2, 1) @ columns + 1e-2 * np.eye(len(terms), dtype=np.float32)
    found = np.linalg.solve(normal, columns.transpose(0, 2, 1) @ (target * weight))[:, :, 0]
    gain = found[:, 1]
    step = np.where(np.abs(gain)[:, None] > 0.2, found[:, 2:] / np.where(gain == 0, 1, gain)[:, None], 0)
    return step.astype(np.float32), gain


def _moved(planes: Floats, place: Floats) -> Floats:
    """Return planes [P, 16, 16] sampled at position * (1 + zoom) + shift, bilinearly, edges repeated."""
    rows, columns = (
        _interpolation(np.clip(_CENTRE + _PLACE * (1 + place[:, 2 + axis, None]) + place[:, axis, None], 0, 15))
        for axis in (1, 0)
    )
    return rows @ planes @ columns.transpose(0, 2, 1)


def _interpolation(positions: Floats) -> Floats:
    """Return matrices [P, 16, 16] whose rows mix the two samples around each position [P, 16]."""
    distance = np.abs(positions[:, :, None] - np.arange(THUMBNAIL_SIZE, dtype=np.float32))
    return np.maximum(1 - distance, 0).astype(np.float32)


def _smooth(thumbnails: NDArray[np.uint8], sigma: float) -> Floats:
    kernel = _gaussian(sigma)
    return kernel @ thumbnails.reshape(-1, THUMBNAIL_SIZE, THUMBNAIL_SIZE).astype(np.float32) @ kernel.T


def _details(planes: Floats) -> Floats:
    """Return planes [P, 16, 16] less their Gaussian blur, without the edge, as rows [P, 144]."""
    kernel = _gaussian(1.0)
    fine = planes - kernel @ planes @ kernel.T
    return fine[:, _EDGE:-_EDGE, _EDGE:-_EDGE].reshape(len(planes), NUM_DETAILS)


def _gaussian(sigma: float) -> Floats:
    """Return the matrix [16, 16] that blurs a column by `sigma` pixels, edges repeated."""
    padding = 4
    place = np.arange(-padding, THUMBNAIL_SIZE + padding)
    wide = np.exp(-0.5 * ((place[None] - np.arange(THUMBNAIL_SIZE)[:, None]) / sigma) ** 2)
    wide /= wide.sum(1, keepdims=True)
    kernel = wide[:, padding:-padding].copy()
    kernel[:, 0] += wide[:, :padding].sum(1)
    kernel[:, -1] += wide[:, -padding:].sum(1)
    return kernel.astype(np.float32)
