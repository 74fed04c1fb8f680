"""What the numbers of an array of images mean, and how they become 0 ... 255."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import DataError
from ganvas.images import Pixels

_SLACK = 1e-4  # float32 arithmetic leaves values a little outside their range


class ValueRange(NamedTuple):
    """A range that values lie in, the formula to bytes in words, and as a function of a float64 array."""

    name: str
    formula: str
    convert: Callable[[NDArray[np.float64]], NDArray[np.float64]]

    def pixels(self, values: NDArray[Any]) -> Pixels:
        """Return values [...] as bytes [...], rounded to the nearest and clipped."""
        if values.dtype == np.uint8 and self is BYTES:
            return values
        return np.clip(np.rint(self.convert(values.astype(np.float64))), 0, 255).astype(np.uint8)


BYTES = ValueRange("[0, 255]", "unchanged", lambda x: x)
BOOLEAN = ValueRange("false and true", "x * 255", lambda x: x * 255)
UNIT = ValueRange("[0, 1]", "x * 255", lambda x: x * 255)
SIGNED_UNIT = ValueRange("[-1, 1]", "(x + 1) * 127.5", lambda x: (x + 1) * 127.5)
SIXTEEN_BITS = ValueRange("[0, 65535]", "x / 257", lambda x: x / 257)


def range_of(dtype: np.dtype[Any], pieces: Callable[[], Iterable[NDArray[Any]]]) -> tuple[ValueRange, str]:
    """Return the range that values lie in and a sentence on it ("" for bytes).

    Bytes are taken as they are and truth values as 0 and 255. Of other whole numbers and of real numbers the least
    and the greatest decide, found by one pass over `pieces()`: the first of [0, 1] (real numbers), [-1, 1] (real
    numbers), [0, 255] and [0, 65535] (whole numbers) that holds both. Raises `DataError` where none does.
    """
    if dtype == np.uint8:
        return BYTES, ""
    if dtype.kind == "b":
        return BOOLEAN, "Truth values became 0 and 255."
    if dtype.kind not in "iuf":
        raise DataError(f"its values are of the type {dtype}, expected numbers")
    least, greatest = _extremes(pieces())
    chosen = next((known for known, low, high in _candidates(dtype) if low <= least and greatest <= high), None)
    if chosen is None:
        raise DataError(
            f"its values go from {least:g} to {greatest:g}; expected [0, 1], [-1, 1] or [0, 255], or [0, 65535] of "
            "whole numbers. Rescale them to 0 ... 255 and save them as uint8"
        )
    found = f"Its {dtype} values go from {least:g} to {greatest:g}"
    return chosen, f"{found}: taken as {chosen.name}, to bytes by {chosen.formula}."


def _candidates(dtype: np.dtype[Any]) -> Iterator[tuple[ValueRange, float, float]]:
    if dtype.kind == "f":
        yield UNIT, -_SLACK, 1 + _SLACK
        yield SIGNED_UNIT, -1 - _SLACK, 1 + _SLACK
        yield BYTES, -255 * _SLACK, 255 * (1 + _SLACK)
    else:
        yield BYTES, 0, 255
        yield SIXTEEN_BITS, 0, 65535


def _extremes(pieces: Iterable[NDArray[Any]]) -> tuple[float, float]:
    """Return the least and greatest finite value."""
    least, greatest = np.inf, -np.inf
    for piece in pieces:
        finite = piece[np.isfinite(piece)] if piece.dtype.kind == "f" else piece
        if finite.size:
            least, greatest = min(least, float(finite.min())), max(greatest, float(finite.max()))
    if least > greatest:
        raise DataError("it holds no finite value")
    return least, greatest
