"""What is measured of every image that is read: numbers for quality flags, and what duplicates are found by."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.data.colour import in_mode

THUMBNAIL_SIZE = 16
"""Width and height of a thumbnail, in pixels."""
COLOUR_SIZE = 4
"""Width and height of the two colour planes beside it, in pixels."""
_SMALLEST_REDUCED = 64
_HASH_SIZE, _HASH_WAVES = 32, 8
_NOISE = 1.0
"""Energy of the gradient that is taken for noise, so that a nearly flat image is not called sharp."""
_ROUNDING = 20 / 12
"""Energy of the Laplacian of rounding to whole levels: the squares of its weights times 1/12."""
_POWERS = np.stack([np.arange(256) / 255, (np.arange(256) / 255) ** 2])


class Measures(NamedTuple):
    """The measures of one image: plain values, cheap to send between processes and to store.

    `hash` is the 64-bit perceptual hash in the range of SQLite's signed integers; `thumbnail` is 16x16 luma,
    `colours` 4x4 of Cb, then of Cr, each a byte a value, row by row.
    """

    brightness: float
    """Mean luma, 0 (black) to 1 (white)."""
    contrast: float
    """Standard deviation of the luma, 0 to 0.5."""
    entropy: float
    """Of the luma's histogram, in bits, 0 to 8."""
    sharpness: float
    """Energy of the Laplacian over that of the gradient, 0 to about 4; 0 where it cannot be told (all one value)."""
    hash: int
    thumbnail: bytes
    colours: bytes


def measure(image: Image.Image) -> Measures:
    """Return the measures of an opaque sRGB image of mode L or RGB and any size.

    All is measured on the image reduced by a whole factor to 64 to 127 pixels on the longer side (smaller ones as
    they are), so that it costs little and images of different sizes compare. Luma is ITU-R BT.601.
    """
    factor = max(1, max(image.size) // _SMALLEST_REDUCED)
    reduced = image.reduce(factor) if factor > 1 else image
    luma = in_mode(reduced, "L")
    brightness, contrast, entropy = _statistics(luma)
    square = luma.resize((_HASH_SIZE, _HASH_SIZE), Image.Resampling.BOX)
    thumbnail = square.resize((THUMBNAIL_SIZE, THUMBNAIL_SIZE), Image.Resampling.BILINEAR)
    return Measures(
        brightness, contrast, entropy, _sharpness(luma), _hash(square), thumbnail.tobytes(), _colours(reduced)
    )


class Measured(NamedTuple):
    """The measures of N images by columns, in a few hundred bytes each."""

    brightness: NDArray[np.floating]
    contrast: NDArray[np.floating]
    entropy: NDArray[np.floating]
    sharpness: NDArray[np.floating]
    hashes: NDArray[np.uint64]
    thumbnails: NDArray[np.uint8]
    """[N, 256]."""
    colours: NDArray[np.uint8]
    """[N, 32]."""

    @classmethod
    def empty(cls, count: int) -> Self:
        """Return columns of `count` images to be filled."""
        return cls(
            brightness=np.zeros(count),
            contrast=np.zeros(count),
            entropy=np.zeros(count),
            sharpness=np.zeros(count),
            hashes=np.zeros(count, np.uint64),
            thumbnails=np.zeros((count, THUMBNAIL_SIZE**2), np.uint8),
            colours=np.zeros((count, 2 * COLOUR_SIZE**2), np.uint8),
        )

    @classmethod
    def of(cls, measures: Sequence[Measures]) -> Self:
        """Return the columns of measures in a sequence."""
        columns = cls.empty(len(measures))
        columns.fill(0, measures)
        return columns

    def fill(self, start: int, measures: Sequence[Measures]) -> None:
        """Put measures, or the like from a ledger, in the places from `start` on."""
        if not measures:
            return
        part = slice(start, start + len(measures))
        *numbers, hashes, thumbnails, colours = zip(*measures, strict=True)
        for column, values in zip(self, numbers, strict=False):
            column[part] = values
        self.hashes[part] = np.array(hashes, np.int64).view(np.uint64)
        self.thumbnails[part] = np.frombuffer(b"".join(thumbnails), np.uint8).reshape(len(measures), -1)
        self.colours[part] = np.frombuffer(b"".join(colours), np.uint8).reshape(len(measures), -1)


def _statistics(luma: Image.Image) -> tuple[float, float, float]:
    """Return mean and standard deviation, of values 0 to 1, and entropy in bits, all from the histogram."""
    share = np.array(luma.histogram(), np.float64) / (luma.width * luma.height)
    mean, square = (_POWERS @ share).tolist()
    variance = max(square - mean * mean, 0.0)
    present = share[share > 0]
    return mean, variance**0.5 if variance > 1e-12 else 0.0, abs(float(present @ np.log2(present)))


def _sharpness(luma: Image.Image) -> float:
    """Return the energy of the Laplacian over that of the gradient: blur lowers the first far more.

    Contrast cancels out. Blurring photographs by 3 % of the longer side moves it by 17 of their robust spreads, the
    variance of the Laplacian alone (Pech-Pacheco et al. 2000) by 11 (measured at 128 pixels).
    """
    if min(luma.size) < 3:
        return 0.0
    values = np.asarray(luma).astype(np.float32)
    across, down = values[:, 1:] - values[:, :-1], values[1:] - values[:-1]
    gradient = _energy(across) + _energy(down)
    if gradient == 0:
        return 0.0
    laplacian = across[1:-1, :-1] - across[1:-1, 1:]
    laplacian += down[:-1, 1:-1] - down[1:, 1:-1]
    return max(_energy(laplacian) - _ROUNDING, 0.01) / (gradient + _NOISE)


def _energy(values: NDArray[np.floating]) -> float:
    flat = values.ravel()
    return float(flat @ flat) / flat.size


def _hash(square: Image.Image) -> int:
    """Return the signs of the 8x8 lowest waves of the cosine transform of 32x32 luma, the mean left out.

    After pHash (Zauner 2010, "Implementation and benchmarking of perceptual image hash functions"), with the
    sign in place of the median: mirroring the image then flips just the bits of the odd columns.
    """
    basis = _cosines()
    waves = basis @ np.asarray(square).astype(np.float32) @ basis.T
    waves[0, 0] = 0.0
    bits = np.packbits(waves.ravel() > 0.5)  # what is flat has no sign: half a grey level is rounding
    return int.from_bytes(bits.tobytes(), "big", signed=True)


@cache
def _cosines() -> NDArray[np.floating]:
    """Return the first rows of the orthonormal DCT-II matrix [8, 32]."""
    wave, place = np.arange(_HASH_WAVES)[:, None], np.arange(_HASH_SIZE)[None]
    basis = np.cos(np.pi * wave * (2 * place + 1) / (2 * _HASH_SIZE)) * (2 / _HASH_SIZE) ** 0.5
    return basis.astype(np.float32)


def _colours(reduced: Image.Image) -> bytes:
    if reduced.mode == "L":
        return bytes([128]) * (2 * COLOUR_SIZE**2)
    small = reduced.resize((COLOUR_SIZE, COLOUR_SIZE), Image.Resampling.BOX).convert("YCbCr").tobytes()
    return small[1::3] + small[2::3]
