"""Near duplicates: the same picture resized, encoded anew, brightened, cropped, bordered or mirrored.

Candidates are pairs with close perceptual hashes; their thumbnails decide. How strictly depends on the set: among
faces or digits, pairs of different pictures come closer than duplicates do elsewhere, so the limits are lowered to
where chance explains at most a set share of the pairs found.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.config import Config, Field
from ganvas.data import registration
from ganvas.data.hamming import ClosePairs, close_pairs
from ganvas.data.measures import COLOUR_SIZE
from ganvas.errors import DataError

_MIRROR_BITS = 0x5555_5555_5555_5555
"""The bits of a hash that mirroring turns over: waves with odd numbers across."""
_MAX_UNREGISTERED = 0.7
"""Thumbnails that differ more are not worth registering: crops of 90 % stay below."""
_BATCH = 1024
_BLOCK = 1024
_SAMPLE_IMAGES, _SAMPLE_PAIRS = 2000, 50_000
_TAIL, _POWER = 3.0, 3.0


class NearDuplicates(Config):
    """When two images count as the same picture. Differences are 1 - correlation of the details of thumbnails."""

    max_distance: int = Field(default=16, ge=0, le=24, description="Bits in which the hashes may differ.")
    max_difference: float = Field(default=0.03, gt=0, le=0.2, description="Difference of pictures in the same frame.")
    max_difference_reframed: float = Field(
        default=0.1, ge=0, le=0.2, description="Difference left when a crop or border is undone; 0 looks for none."
    )
    max_colour_difference: float = Field(
        default=24.0, ge=0, le=255, description="Root mean square difference of the colours, in levels of Cb and Cr."
    )
    mirrored: bool = Field(default=True, description="A mirrored picture is a duplicate.")
    max_chance: float = Field(
        default=0.1, gt=0, le=1, description="Share of the pairs found that chance may explain: limits are lowered."
    )
    max_candidates: int = Field(
        default=32, ge=1, le=10_000, description="Candidates checked per image: the distance is lowered."
    )


class NearPairs(NamedTuple):
    """Near duplicates, first < second, in their order: `pairs` [P, 2]; bits, difference and kind of each [P]."""

    pairs: NDArray[np.int64]
    distance: NDArray[np.int64]
    difference: NDArray[np.floating]
    mirrored: NDArray[np.bool_]
    reframed: NDArray[np.bool_]


class _Images(NamedTuple):
    hashes: NDArray[np.uint64]
    thumbnails: NDArray[np.uint8]
    details: NDArray[np.floating]
    """Of 16 bits: they are all of a large set that is held besides its measures."""
    colours: NDArray[np.uint8] | None

    def part(self, chosen: NDArray[np.int64]) -> "_Images":
        """Return the chosen images alone."""
        return _Images._make(None if values is None else values[chosen] for values in self)


def near_pairs(
    hashes: NDArray[np.uint64],
    thumbnails: NDArray[np.uint8],
    settings: NearDuplicates | None = None,
    colours: NDArray[np.uint8] | None = None,
) -> NearPairs:
    """Return the near duplicates among N images: hashes [N], thumbnails [N, 256] and colours [N, 32] of `measures`.

    Without `colours` they are not compared. Images without details (one colour, plain shades) have no duplicates:
    nothing tells them apart. Arrays of other shapes are a `DataError`.
    """
    settings = settings or NearDuplicates()
    _check(hashes, thumbnails, colours)
    details, told_apart = _details(thumbnails)
    images, chosen = _Images(hashes, thumbnails, details, colours), np.arange(len(hashes))
    if not told_apart.all():
        chosen = np.flatnonzero(told_apart)
        images = images.part(chosen)
    limits, chance = _limits(images, settings)
    found = _joined([_verified(images, close, flip, limits) for close, flip in _candidates(images.hashes, limits)])
    found = _once(_beyond_chance(found, chance, settings))
    return found._replace(pairs=chosen[found.pairs])


def _check(hashes: NDArray[np.uint64], thumbnails: NDArray[np.uint8], colours: NDArray[np.uint8] | None) -> None:
    expected = {"thumbnails": (thumbnails, (len(hashes), 256)), "colours": (colours, (len(hashes), 2 * COLOUR_SIZE**2))}
    for name, (values, shape) in expected.items():
        if values is not None and values.shape != shape:
            raise DataError(f"Near duplicates among {len(hashes)} hashes need {name} {shape}; found {values.shape}.")


def _candidates(hashes: NDArray[np.uint64], settings: NearDuplicates) -> Iterator[tuple[ClosePairs, int]]:
    for flip in (0, _MIRROR_BITS) if settings.mirrored else (0,):
        for close in close_pairs(hashes, settings.max_distance, flip):
            yield close, flip


def _verified(images: _Images, close: ClosePairs, flip: int, settings: NearDuplicates) -> NearPairs:
    """Return the candidates that are within the limits of `settings`."""
    same_colour = _colours_agree(images.colours, close, bool(flip), settings.max_colour_difference)
    first, second, distance = close.first[same_colour], close.second[same_colour], close.distance[same_colour]
    difference = 1 - _correlation(images.details, first, second, bool(flip))
    reframed = np.zeros(len(first), np.bool_)
    if settings.max_difference_reframed:
        unlike = np.flatnonzero((difference > settings.max_difference) & (difference <= _MAX_UNREGISTERED))
        for start in range(0, len(unlike), _BATCH):
            chosen = unlike[start : start + _BATCH]
            other = images.thumbnails[second[chosen]]
            other = registration.mirrored(other) if flip else other
            left, moved = _reframed(registration.register(images.thumbnails[first[chosen]], other))
            better = moved & (left <= settings.max_difference_reframed)
            difference[chosen[better]], reframed[chosen[better]] = left[better], True
    kept = reframed | (difference <= settings.max_difference)
    pairs = np.stack([first, second], 1)[kept]
    return NearPairs(
        pairs, distance[kept].astype(np.int64), difference[kept], np.full(len(pairs), bool(flip)), reframed[kept]
    )


def _details(thumbnails: NDArray[np.uint8]) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """Return `registration.details` of many thumbnails [N, 256], in 16 bits."""
    found = np.empty((len(thumbnails), registration.NUM_DETAILS), np.float16)
    told_apart = np.empty(len(thumbnails), np.bool_)
    for start in range(0, len(thumbnails), _BLOCK):
        part = slice(start, start + _BLOCK)
        found[part], told_apart[part] = registration.details(thumbnails[part])
    return found, told_apart


def _correlation(
    details: NDArray[np.floating], first: NDArray[np.int64], second: NDArray[np.int64], flip: bool
) -> NDArray[np.floating]:
    """Return the correlation of the details of pairs [P]; with `flip` the second are mirrored."""
    found = np.empty(len(first), np.float32)
    for start in range(0, len(first), _BLOCK):
        part = slice(start, start + _BLOCK)
        one, other = details[first[part]].astype(np.float32), details[second[part]].astype(np.float32)
        if flip:
            other = registration.mirrored_details(other)
        found[part] = np.einsum("pk,pk->p", one, other)
    return found


def _reframed(how: registration.Registration) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """Return what is left of the difference, and which pairs [P] are a believable crop or border of each other."""
    moved = (np.abs(how.zoom).max(1, initial=0) > 0.02) | (np.abs(how.shift).max(1, initial=0) > 0.15)
    undistorted = np.abs(how.zoom[:, 0] - how.zoom[:, 1]) < 0.08
    return how.difference, moved & undistorted & (how.gain > 0.6) & (how.gain < 1.6)


def _colours_agree(colours: NDArray[np.uint8] | None, close: ClosePairs, flip: bool, limit: float) -> NDArray[np.bool_]:
    """Return which pairs [P] have the same colours; a grey copy of a colourful image has not."""
    if colours is None:
        return np.ones(len(close.first), np.bool_)
    planes = colours.reshape(-1, 2, COLOUR_SIZE, COLOUR_SIZE)
    first = planes[close.first].astype(np.float32)
    second = planes[close.second].astype(np.float32)
    apart = first - (second[..., ::-1] if flip else second)
    return np.sqrt((apart**2).mean((1, 2, 3))) <= limit


def _limits(images: _Images, settings: NearDuplicates) -> tuple[NearDuplicates, tuple[float, float]]:
    """Return settings that this set can afford, and the pairs that chance puts within the limits of each kind.

    From at most 2,000 images: the tail of the differences just above a limit is of different pictures, and their
    number falls at least with the third power of the difference (the fourth to fifth among MNIST's digits).
    """
    num = len(images.hashes)
    sample = images.part(np.unique(np.linspace(0, num - 1, min(num, _SAMPLE_IMAGES)).astype(np.int64)))
    scale = (num / max(len(sample.hashes), 1)) ** 2
    wide = settings.model_copy(  # beyond the bounds of a user's settings
        update={name: getattr(settings, name) * _TAIL for name in ("max_difference", "max_difference_reframed")}
    )
    per_bit = np.zeros(settings.max_distance + 1)
    tails = np.zeros(2)
    for flip in (0, _MIRROR_BITS) if settings.mirrored else (0,):
        batches = list(close_pairs(sample.hashes, settings.max_distance, flip))
        if not batches:
            continue
        close = ClosePairs._make(np.concatenate(part) for part in zip(*batches, strict=True))
        per_bit += np.bincount(close.distance, minlength=len(per_bit))
        every = 1 + len(close.first) // _SAMPLE_PAIRS
        found = _verified(sample, ClosePairs._make(part[::every] for part in close), flip, wide)
        limit = np.where(found.reframed, settings.max_difference_reframed, settings.max_difference)
        tail = found.difference > limit
        tails += every * np.array([(tail & ~found.reframed).sum(), (tail & found.reframed).sum()])
    affordable = int((np.cumsum(per_bit) * scale <= settings.max_candidates * num + 4 * _SAMPLE_PAIRS).sum()) - 1
    still, reframed = (tails * scale / (_TAIL**_POWER - 1)).tolist()
    hopeless = reframed / 4**_POWER > num / 1000 + 1
    changes = {"max_difference_reframed": 0.0} if hopeless else {}
    return settings.override(max_distance=max(affordable, 0), **changes), (still, reframed)


def _beyond_chance(found: NearPairs, chance: tuple[float, float], settings: NearDuplicates) -> NearPairs:
    """Return the pairs of each kind up to the largest difference where chance explains few enough of them."""
    kept = np.zeros(len(found.pairs), np.bool_)
    limits = (settings.max_difference, settings.max_difference_reframed)
    for reframed, (limit, expected) in enumerate(zip(limits, chance, strict=True)):
        members = np.flatnonzero(found.reframed == bool(reframed))
        order = members[np.argsort(found.difference[members], kind="stable")]
        by_chance = expected * (np.maximum(found.difference[order], 0) / (limit or 1)) ** _POWER
        fine = np.flatnonzero(by_chance <= settings.max_chance * np.arange(1, len(order) + 1) + 0.5)
        kept[order[: fine[-1] + 1 if len(fine) else 0]] = True
    return NearPairs._make(part[kept] for part in found)


def _once(found: NearPairs) -> NearPairs:
    """Return each pair once, in order: a symmetric picture is found mirrored too."""
    order = np.lexsort((found.difference, found.pairs[:, 1], found.pairs[:, 0]))
    ordered = NearPairs._make(part[order] for part in found)
    _, first = np.unique(ordered.pairs, axis=0, return_index=True)
    return NearPairs._make(part[first] for part in ordered)


def _joined(batches: list[NearPairs]) -> NearPairs:
    nothing = NearPairs(
        np.zeros((0, 2), np.int64),
        np.zeros(0, np.int64),
        np.zeros(0, np.float32),
        np.zeros(0, np.bool_),
        np.zeros(0, np.bool_),
    )
    return NearPairs._make(np.concatenate(parts) for parts in zip(nothing, *batches, strict=True))
