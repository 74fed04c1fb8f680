"""What is drawn moved to the centre of the frame, as in MNIST: by whole pixels, nothing resampled."""

from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from ganvas.config import Field
from ganvas.data.operations.operation import Operation
from ganvas.images import Pixels

Weights = NDArray[np.float64]
Background = Literal["border"] | Annotated[int, Field(ge=0, le=255)]
_BACKGROUND = "`border` (the median of the outermost pixels, per channel) or one value of 0 ... 255."


class CentreMass(Operation):
    """Move what is drawn so that its centre of mass lies in the middle of the frame, to the nearest pixel.

    d(p) = max over channels |p - background|, 0 where not above `tolerance`; row i moves by
    floor(floor(H / 2) - sum(d i) / sum(d) + 1/2), and columns likewise: of an even height the lower middle row counts,
    as MNIST has it, whose images stay as they are. The move is made smaller where a pixel with d > 0 would leave the
    frame, so a picture that fills it stays. What becomes free is background.
    With alpha, colours count multiplied by alpha, and alpha moves with them. Not invertible: the shift is forgotten.
    Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
    """

    moves_pixels = True
    name: Literal["centre_mass"] = "centre_mass"
    background: Background = Field(default="border", description=_BACKGROUND)
    tolerance: int = Field(default=8, ge=0, le=254, description="Levels a pixel may differ and still be background.")

    def _edit(self, pixels: Pixels) -> Pixels:
        return _centred(pixels, self.background, self.tolerance, _mass_move)


class CentreBox(Operation):
    """Move what is drawn so that the middle of its bounding box lies at the middle of the frame.

    The box holds the pixels with d(p) = max over channels |p - background| above `tolerance`; where it cannot stand
    in the middle by whole pixels, it stands half a pixel lower or further right. What becomes free is background.
    With alpha, colours count multiplied by alpha, and alpha moves with them. Not invertible: the shift is forgotten.
    Source: the special database of NIST that MNIST was made from centres its digits so.
    """

    moves_pixels = True
    name: Literal["centre_box"] = "centre_box"
    background: Background = Field(default="border", description=_BACKGROUND)
    tolerance: int = Field(default=8, ge=0, le=254, description="Levels a pixel may differ and still be background.")

    def _edit(self, pixels: Pixels) -> Pixels:
        return _centred(pixels, self.background, self.tolerance, _box_move)


def _centred(pixels: Pixels, background: Background, tolerance: int, wanted_move: Callable[[Weights], float]) -> Pixels:
    empty = _background_of(pixels, background)
    distance = _distance(pixels, empty)
    distance[distance <= tolerance] = 0
    if not distance.any():
        return pixels.copy()
    moved = np.empty_like(pixels)
    moved[:] = empty
    rows = _shift(distance.sum(axis=1), wanted_move)
    columns = _shift(distance.sum(axis=0), wanted_move)
    height, width = distance.shape
    top, left = max(rows, 0), max(columns, 0)
    part = pixels[max(-rows, 0) : height - top, max(-columns, 0) : width - left]
    moved[top : top + part.shape[0], left : left + part.shape[1]] = part
    return moved


def _shift(profile: Weights, wanted_move: Callable[[Weights], float]) -> int:
    """Return how far to move along one axis, so that nothing drawn leaves the frame; `profile` sums the other axis."""
    drawn = np.flatnonzero(profile)
    wanted = int(np.floor(wanted_move(profile) + 0.5))
    return int(np.clip(wanted, -drawn[0], len(profile) - 1 - drawn[-1]))


def _mass_move(profile: Weights) -> float:
    return len(profile) // 2 - float((profile * np.arange(len(profile))).sum() / profile.sum())


def _box_move(profile: Weights) -> float:
    drawn = np.flatnonzero(profile)
    return (len(profile) - 1 - float(drawn[0] + drawn[-1])) / 2


def _background_of(pixels: Pixels, background: Background) -> Pixels:
    """Return the background's value in each channel, [C]; a given one is opaque."""
    if background == "border":
        edges = [pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]]
        return np.floor(np.median(np.concatenate(edges), axis=0)).astype(np.uint8)
    values = np.full(pixels.shape[-1], background, np.uint8)
    values[3:] = 255
    return values


def _distance(pixels: Pixels, empty: Pixels) -> Weights:
    """Return how far each pixel is from the background, in levels of 255: [H, W]."""
    return np.abs(_premultiplied(pixels) - _premultiplied(empty)).max(axis=-1)


def _premultiplied(pixels: Pixels) -> Weights:
    values = pixels.astype(np.float64)
    if values.shape[-1] == 4:
        values[..., :3] *= values[..., 3:] / 255
    return values
