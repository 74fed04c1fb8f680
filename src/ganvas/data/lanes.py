"""The order of images that lie in shards: drawn shard by shard, so that few shards are read at a time.

An epoch lays the shards end to end in a random order, the images of each in a random order of their own. With batches
of B images and K lanes, this row of N images is cut at F s_0, F s_1 ... F s_K, where F = floor(N / B) and
s_k = floor(k B / K); places s_k to s_(k+1) - 1 of every batch of the epoch are filled from lane k, in its order. What
is left over, fewer than B images, ends the epoch. So each batch takes about B / K images from each of K places of the
row, every image is shown once, and a process whose share of each batch is places a to b - 1 reads the shards of their
lanes alone.

All is a function of seed, epoch, B, K and the sizes of the shards: of no process, thread or time.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.seeds import Stream

SHARDS_AT_ONCE = 8
"""Lanes where nothing else is asked for."""


class _Row(NamedTuple):
    """Shards in the order of an epoch [S], and where in it each ends [S]."""

    shards: NDArray[np.int64]
    ends: NDArray[np.int64]


class Lanes:
    """Which image is shown where, for shards of so many images each; nothing is kept of the images but some shards."""

    def __init__(
        self, sizes: Sequence[int], batch_size: int, num_lanes: int, seed: int = 0, shuffle: bool = True
    ) -> None:
        self.sizes = np.asarray(sizes, np.int64)
        self.starts = np.cumsum(self.sizes) - self.sizes  # the first row of each shard
        self.batch_size, self.seed, self.shuffle = batch_size, seed, shuffle
        num = min(num_lanes, batch_size)
        self._slots = np.arange(num + 1) * batch_size // num  # s_k
        self._num_batches = int(self.sizes.sum()) // batch_size  # F
        self._row = lru_cache(maxsize=2)(self._row_of)
        self._inside = lru_cache(maxsize=2 * num + 2)(self._inside_of)

    def rows(self, epoch: int, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of the images at places [B] of an epoch; without `shuffle` the natural order."""
        if not self.shuffle:
            return places
        shards, offsets = self._at(epoch, places)
        rows = np.empty_like(places)
        for shard in np.unique(shards).tolist():
            own = shards == shard
            rows[own] = self.starts[shard] + self._inside(epoch, shard)[offsets[own]]
        return rows

    def shards(self, epoch: int, places: NDArray[np.int64]) -> list[int]:
        """Return the shards that hold the images at places [B] of an epoch, in the order of the places."""
        if self.shuffle:
            shards, _ = self._at(epoch, places)
        else:
            shards = np.searchsorted(self.starts + self.sizes, places, side="right")
        return list(dict.fromkeys(shards.tolist()))

    def _at(self, epoch: int, places: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return the shard, and the place in its own order, of each of the places [B]."""
        batches, slots = np.divmod(places, self.batch_size)
        lanes = np.searchsorted(self._slots, slots, side="right") - 1
        first, width = self._slots[lanes], np.diff(self._slots)[lanes]
        along = self._num_batches * first + batches * width + slots - first
        along = np.where(batches < self._num_batches, along, places)
        row = self._row(epoch)
        turns = np.searchsorted(row.ends, along, side="right")
        shards = row.shards[turns]
        return shards, along - (row.ends[turns] - self.sizes[shards])

    def _row_of(self, epoch: int) -> _Row:
        shards = Stream(self.seed, "order/shards", epoch).permutation(len(self.sizes))
        return _Row(shards, np.cumsum(self.sizes[shards]))

    def _inside_of(self, epoch: int, shard: int) -> NDArray[np.uint32]:
        return Stream(self.seed, f"order/shard-{shard}", epoch).permutation(int(self.sizes[shard]), np.uint32)
