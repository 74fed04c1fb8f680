"""Randomness without state: every draw is a function of (seed, purpose, step, sample).

The bits come from Philox4x64-10, a counter-based generator (Salmon et al. 2011, "Parallel Random Numbers: As
Easy as 1, 2, 3"): the key is a hash of seed, purpose and step, and sample i owns a fixed range of counters. So a
resumed run needs no generator state, and neither batch size, worker count nor number of processes changes a draw.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_WORDS_PER_BLOCK = 4  # one counter of Philox4x64 gives four 64-bit words
_TO_UNIT = 2.0**-53
_CHUNK = 1 << 20  # words at once; a multiple of those of a block
_PARTS = 16  # ranges of words that a long order is made of
_PART_SHIFT = np.uint64(64 - 4)


class Stream(NamedTuple):
    """All draws of one purpose in one step.

    `first` is the index of this process's first sample. The number of values asked for per sample is part of
    the address: ask for all of a sample's values of one purpose at once. `rows` are the seed and index of each sample,
    where they are not `first`, `first` + 1 ... of one seed; `pieces` are the first sample and the number of each of
    several runs of samples, laid end to end.
    """

    seed: int
    purpose: str
    step: int = 0
    first: int = 0
    rows: tuple[tuple[int, int], ...] = ()
    pieces: tuple[tuple[int, int], ...] = ()

    def child(self, name: str) -> "Stream":
        """Return the stream of a part of this purpose."""
        return self._replace(purpose=f"{self.purpose}/{name}")

    def words(self, num_samples: int, num_values: int) -> NDArray[np.uint64]:
        """Return uniform 64-bit words [num_samples, num_values]."""
        if self.rows:
            assert num_samples == len(self.rows), f"{num_samples} samples of {len(self.rows)} rows"
            own = (self._replace(seed=seed, first=index, rows=()) for seed, index in self.rows)
            return np.concatenate([stream.words(1, num_values) for stream in own])
        if self.pieces:
            assert num_samples == sum(num for _, num in self.pieces), f"{num_samples} samples of {self.pieces}"
            runs = ((self._replace(first=first, pieces=()), num) for first, num in self.pieces)
            return np.concatenate([stream.words(num, num_values) for stream, num in runs])
        blocks = -(-num_values // _WORDS_PER_BLOCK)
        generator = np.random.Philox(key=self._key(), counter=self.first * blocks)
        words = np.asarray(generator.random_raw(num_samples * blocks * _WORDS_PER_BLOCK))
        return words.reshape(num_samples, blocks * _WORDS_PER_BLOCK)[:, :num_values]

    def uniform(self, num_samples: int, num_values: int) -> NDArray[np.float64]:
        """Return values uniform in [0, 1), 53 bits each: [num_samples, num_values]."""
        return (self.words(num_samples, num_values) >> np.uint64(11)).astype(np.float64) * _TO_UNIT

    def normal(self, num_samples: int, num_values: int) -> NDArray[np.float64]:
        """Return standard normal values [num_samples, num_values] (Box and Muller 1958)."""
        pairs = -(-num_values // 2)
        unit = self.uniform(num_samples, 2 * pairs)
        radius = np.sqrt(-2.0 * np.log1p(-unit[:, :pairs]))
        angle = 2.0 * np.pi * unit[:, pairs:]
        values = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        return values[:, :num_values]

    def integers(self, num_samples: int, high: int) -> NDArray[np.int64]:
        """Return integers uniform in 0 ... high - 1: [num_samples]."""
        return (self.uniform(num_samples, 1)[:, 0] * high).astype(np.int64)

    def permutation(self, length: int, dtype: type[np.integer] = np.int64) -> NDArray[Any]:
        """Return 0 ... length - 1 in random order, [length]: by their words, of which never all are held at once."""
        if length <= _CHUNK:
            return np.argsort(self.words(1, length)[0], kind="stable").astype(dtype, copy=False)
        order, end = np.empty(length, dtype), 0
        for part in range(_PARTS):
            places, words = (np.concatenate(found) for found in zip(*self._words_of(part, length), strict=True))
            order[end : end + len(places)] = places[np.argsort(words, kind="stable")]
            end += len(places)
        return order

    def _words_of(self, part: int, length: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint64]]]:
        """Yield the places, and their words, of those of `words(1, length)` that lie in one of `_PARTS` ranges."""
        assert not self.rows, "an order has one seed"
        assert not self.pieces, "an order is one sample"
        first = self.first * -(-length // _WORDS_PER_BLOCK)
        for start in range(0, length, _CHUNK):
            generator = np.random.Philox(key=self._key(), counter=first + start // _WORDS_PER_BLOCK)
            words = np.asarray(generator.random_raw(min(_CHUNK, length - start)))
            places = np.flatnonzero(words >> _PART_SHIFT == part)
            yield places + start, words[places]

    def keep(self, num_samples: int, num_values: int, rate: float) -> NDArray[np.bool_]:
        """Return independent booleans [num_samples, num_values], true with probability 1 - rate (to 1/65536)."""
        words = self.words(num_samples, -(-num_values // 4))
        lanes = np.ascontiguousarray(words).view(np.uint16)[:, :num_values]
        return lanes >= np.uint16(round(rate * 65536))

    def _key(self) -> int:
        text = f"{self.seed}/{self.purpose}/{self.step}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "little")
