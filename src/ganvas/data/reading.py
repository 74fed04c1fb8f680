"""Rows of a split's images for training: from memory, or from a file of which nothing stays in this process's memory.

A mapped file counts as resident memory page by page as it is read, up to all of it. `FileReader` asks the system for
the bytes of each row instead: the same pixels, some microseconds an image later, and memory that does not grow.
"""

import math
import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import DamagedError
from ganvas.images import Pixels
from ganvas.storage import reading

LARGEST_MAPPED = 1 << 30
"""Bytes of the largest pixel file that is mapped: that much of it may come to be resident."""


class PixelReader(ABC):
    """Images of one split, read by their rows; several threads may read at once."""

    sizes: Sequence[int] | None = None
    """Images of each shard [S], where those of one are best read together."""

    @abstractmethod
    def __len__(self) -> int:
        """Return how many images there are."""

    @abstractmethod
    def read(self, rows: NDArray[Any]) -> Pixels:
        """Return the images of rows [N], a copy, uint8 [N, H, W, C]."""

    def expect(self, shards: Sequence[int]) -> None:  # noqa: B027  (only shards are fetched)
        """Begin to fetch shards that will be read soon."""

    def close(self) -> None:  # noqa: B027  (only a fetch goes on by itself)
        """End what was begun; rows can still be read."""


class ArrayReader(PixelReader):
    """Images of an array [N, H, W, C], in memory or mapped."""

    def __init__(self, images: Pixels, sizes: Sequence[int] | None = None) -> None:
        """Take images, and how many of them are those of each shard, where they are to be dealt as those of shards."""
        self.images, self.sizes = np.asarray(images), sizes

    def __len__(self) -> int:
        return len(self.images)

    def read(self, rows: NDArray[Any]) -> Pixels:
        """Return the images of rows [N]."""
        return self.images[rows]


class FileReader(PixelReader):
    """Images of an .npy file, `shape` [N, H, W, C] and `offset` the place of its first byte of pixels."""

    def __init__(self, path: Path, shape: tuple[int, ...], offset: int) -> None:
        self.path, self.count, self.shape, self.offset = path, shape[0], shape[1:], offset
        with reading(path):
            self.file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self.file)

    def __len__(self) -> int:
        return self.count

    def read(self, rows: NDArray[Any]) -> Pixels:
        """Return the images of rows [N]; those that follow each other in the file are read at once.

        Raises `DamagedError` where the file has become shorter, `StorageError` where it cannot be read.
        """
        pixels = np.empty((len(rows), *self.shape), np.uint8)
        lines = pixels.reshape(len(rows), math.prod(self.shape))
        begins = np.flatnonzero(np.diff(rows.astype(np.int64), prepend=-2) != 1).tolist()
        with reading(self.path):
            for begin, end in pairwise([*begins, len(rows)]):
                self._fill(lines[begin:end].reshape(-1), self.offset + int(rows[begin]) * lines.shape[1])
        return pixels

    def _fill(self, target: NDArray[np.uint8], place: int) -> None:
        filled = 0
        while filled < len(target):
            found = os.pread(self.file, len(target) - filled, place + filled)
            if not found:
                raise DamagedError(f"`{self.path}` ends too early. Restore it from a copy, or prepare it again.")
            target[filled : filled + len(found)] = np.frombuffer(found, np.uint8)
            filled += len(found)


def reader_of(pixels: Pixels, largest_mapped: int | None = None) -> PixelReader:
    """Return what reads rows of images [N, H, W, C]; of a large mapped file, so that what was read is not kept."""
    largest = LARGEST_MAPPED if largest_mapped is None else largest_mapped
    if not isinstance(pixels, np.memmap) or pixels.nbytes <= largest or os.name == "nt":  # Windows has no pread
        return ArrayReader(pixels)
    return FileReader(Path(str(pixels.filename)), pixels.shape, pixels.offset)
