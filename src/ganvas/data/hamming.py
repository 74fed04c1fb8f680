"""Pairs of 64-bit hashes that differ in few bits: all of them, compared block by block in flat memory."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_BLOCK_ROWS, _BLOCK_COLUMNS = 64, 4096
"""A block of 64-bit words stays in the second cache of a core."""
_STRIPS = 256
"""Rows of blocks in flight: what they find is held until it is asked for."""


class ClosePairs(NamedTuple):
    """Pairs first < second, and the bits in which they differ; [P] each."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    distance: NDArray[np.uint8]


def close_pairs(hashes: NDArray[np.uint64], max_distance: int, flip: int = 0) -> Iterator[ClosePairs]:
    """Yield the pairs of N hashes [N] that differ in at most `max_distance` bits, in batches, in order of `first`.

    `flip` are bits turned over in one of each pair before they are compared. Pairs are compared at hundreds of
    millions a second and core, whatever the distance, on all cores.
    """
    turned = hashes ^ np.uint64(flip)
    tops = range(0, len(hashes), _BLOCK_ROWS)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy's loops leave the interpreter free
        for start in range(0, len(tops), _STRIPS):
            strips = tops[start : start + _STRIPS]
            for close in pool.map(lambda top: _close_to(top, turned, hashes, max_distance), strips):
                if len(close.first):
                    yield close


def _close_to(top: int, turned: NDArray[np.uint64], hashes: NDArray[np.uint64], max_distance: int) -> ClosePairs:
    """Return the pairs whose first member is among the rows from `top` on."""
    rows = turned[top : top + _BLOCK_ROWS, None]
    words = np.empty((len(rows), _BLOCK_COLUMNS), np.uint64)
    bits = np.empty(words.shape, np.uint8)
    near = np.empty(words.shape, np.bool_)
    found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8))]
    for left in range(top, len(hashes), _BLOCK_COLUMNS):
        columns = hashes[None, left : left + _BLOCK_COLUMNS]
        part = np.s_[:, : columns.shape[1]]
        np.bitwise_xor(rows, columns, out=words[part])
        np.bitwise_count(words[part], out=bits[part])
        np.less_equal(bits[part], max_distance, out=near[part])
        if near[part].any():
            row, column = np.divmod(np.flatnonzero(near[part]), columns.shape[1])
            found.append((row + top, column + left, bits[part][row, column]))
    first, second, distance = (np.concatenate(part) for part in zip(*found, strict=True))
    kept = first < second
    return ClosePairs(first[kept], second[kept], distance[kept])
