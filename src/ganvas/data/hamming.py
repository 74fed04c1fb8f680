"""Pairs of 64-bit hashes that differ in few bits: all of them, compared block by block in flat memory."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_BLOCK_ROWS, _BLOCK_COLUMNS = 64, 4096
"""A block of 64-bit words stays in the second cache of a core."""


class ClosePairs(NamedTuple):
    """Pairs first < second, and the bits in which they differ; [P] each."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    distance: NDArray[np.uint8]


def close_pairs(hashes: NDArray[np.uint64], max_distance: int, flip: int = 0) -> Iterator[ClosePairs]:
    """Yield the pairs of N hashes [N] that differ in at most `max_distance` bits, in batches, in order of `first`.

    `flip` are bits turned over in one of each pair before they are compared. Pairs are compared at hundreds of
    millions a second and core, whatever the distance.
    """
    num = len(hashes)
    words = np.empty((_BLOCK_ROWS, _BLOCK_COLUMNS), np.uint64)
    bits = np.empty((_BLOCK_ROWS, _BLOCK_COLUMNS), np.uint8)
    near = np.empty((_BLOCK_ROWS, _BLOCK_COLUMNS), np.bool_)
    turned = hashes ^ np.uint64(flip)
    for top in range(0, num, _BLOCK_ROWS):
        rows = turned[top : top + _BLOCK_ROWS, None]
        found = []
        for left in range(top, num, _BLOCK_COLUMNS):
            columns = hashes[None, left : left + _BLOCK_COLUMNS]
            part = np.s_[: rows.shape[0], : columns.shape[1]]
            np.bitwise_xor(rows, columns, out=words[part])
            np.bitwise_count(words[part], out=bits[part])
            np.less_equal(bits[part], max_distance, out=near[part])
            if near[part].any():
                row, column = np.divmod(np.flatnonzero(near[part]), columns.shape[1])
                found.append((row + top, column + left, bits[part][row, column]))
        if found:
            first, second, distance = (np.concatenate(part) for part in zip(*found, strict=True))
            kept = first < second
            yield ClosePairs(first[kept], second[kept], distance[kept])
