"""Channels by default: 1 where images are stored greyscale, else 3."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from ganvas.data.decoding import mode_of
from ganvas.data.sources.source import Item
from ganvas.errors import GanvasError

LOOKED_AT = 64
_GREYSCALE = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F"})  # Pillow's modes


def usual_channels(items: Iterable[Item]) -> int:
    """Return 1 where the first items that are images are all stored greyscale, else 3; only their headers are read."""
    modes = set()
    try:
        for item in islice(items, LOOKED_AT):
            if isinstance(item.content, Path | bytes) and item.refusal is None:
                modes.add(mode_of(item.content))
    except GanvasError:
        return 3  # the reading itself will say what is wrong
    modes.discard(None)
    return 1 if modes and modes <= _GREYSCALE else 3
