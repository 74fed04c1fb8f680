"""The pixels of readable images as they come: a plain file of equal records, which outlives a kill."""

import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.images import Pixels

_CHUNK_BYTES = 1 << 24


class Spool:
    """Images of one shape [H, W, C], addressed by their place; memory stays flat."""

    def __init__(self, path: Path, shape: tuple[int, int, int], count: int) -> None:
        self.shape = shape
        self.image_bytes = math.prod(shape)
        self.file = path.open("r+b" if count else "w+b")
        self.file.truncate(count * self.image_bytes)
        self.file.seek(0, os.SEEK_END)

    def add(self, pixels: Pixels) -> None:
        """Append one image [H, W, C]."""
        assert pixels.shape == self.shape
        self.file.write(pixels.tobytes())

    def flush(self) -> None:
        """Bring everything to the disk."""
        self.file.flush()
        os.fsync(self.file.fileno())

    def read(self, places: Iterable[int]) -> Pixels:
        """Return the images at `places` [N, H, W, C]."""
        wanted = list(places)
        pixels = np.empty((len(wanted), *self.shape), np.uint8)
        for place, image in zip(wanted, pixels, strict=True):
            self.file.seek(place * self.image_bytes)
            self.file.readinto(image.reshape(-1).data)  # pyright: ignore[reportAttributeAccessIssue]
        self.file.seek(0, os.SEEK_END)
        return pixels

    def copy(self, path: Path, places: NDArray[np.int64]) -> Iterator[bytes]:
        """Write the images at `places` as an .npy file [N, H, W, C], yielding their bytes in pieces."""
        step = max(1, _CHUNK_BYTES // self.image_bytes)
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(places), *self.shape)}
        with path.open("wb") as target:
            np.lib.format.write_array_header_1_0(target, header)
            for start in range(0, len(places), step):
                chunk = self.read(places[start : start + step].tolist()).tobytes()
                target.write(chunk)
                yield chunk

    def close(self) -> None:
        """Close the file."""
        self.file.close()
