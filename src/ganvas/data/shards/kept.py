"""Shards kept here: fetched once, their images unpacked to a file each, the least recently used removed first."""

import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event

import numpy as np
from filelock import FileLock
from PIL import Image

from ganvas.catalogue import find
from ganvas.data.published import cache_folder
from ganvas.data.reading import PixelReader, reader_of
from ganvas.data.shards import SHARD_KINDS
from ganvas.data.shards.address import Address
from ganvas.data.shards.index import Index, Shard
from ganvas.errors import DamagedError, UsageError
from ganvas.images import Pixels
from ganvas.storage import on_disk

LIMIT = "GANVAS_SHARD_CACHE"
"""Environment variable: gigabytes of unpacked shards that are kept."""
_GIGABYTES = 20.0
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_LEFT = 86_400  # seconds after which an unfinished file is nobody's
_ATTEMPTS = 5  # of opening a file that other processes may remove


class KeptShards:
    """Unpacked shards of a dataset in a folder that several processes may share, together up to `limit` bytes."""

    def __init__(self, address: Address, index: Index, folder: Path | None = None, limit: int | None = None) -> None:
        self.address, self.shape = address, index.card.shape
        self.images: Callable[[Path], Iterator[tuple[str, bytes]]] = find(SHARD_KINDS, "kind of shards", index.kind)
        self.folder = folder or cache_folder() / "shards"
        self.limit = _limit() if limit is None else limit

    def open(self, shard: Shard, stopped: Event | None = None) -> PixelReader:
        """Return a reader of a shard's images; it is fetched where it is not here. Raises as `Address.fetch` does."""
        path = self.folder / f"{shard.sha256}.npy"
        for attempt in range(_ATTEMPTS):
            if not self._is_whole(path, shard):
                self._fetch(shard, path, stopped)
            try:
                os.utime(path)  # the most recently used
                return reader_of(np.load(path, mmap_mode="r"), largest_mapped=0)
            except (OSError, ValueError, DamagedError):  # removed or replaced by another process just now
                if attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError

    def is_here(self, shard: Shard) -> bool:
        """Return whether a shard need not be fetched."""
        return self._is_whole(self.folder / f"{shard.sha256}.npy", shard)

    def _fetch(self, shard: Shard, path: Path, stopped: Event | None) -> None:
        on_disk(lambda: self.folder.mkdir(parents=True, exist_ok=True), self.folder)
        with FileLock(path.with_suffix(".lock")):
            if self._is_whole(path, shard):  # another process fetched it meanwhile
                return
            packed = path.with_name(f"{shard.sha256}-{Path(shard.name).name}")
            unpacked = path.with_suffix(".unfinished")
            try:
                self.address.fetch(shard, packed, stopped)
                on_disk(lambda: self._unpack(shard, packed, unpacked), unpacked)
                on_disk(lambda: unpacked.replace(path), path)
            finally:
                packed.unlink(missing_ok=True)
                unpacked.unlink(missing_ok=True)
        self._make_room(path)

    def _unpack(self, shard: Shard, packed: Path, unpacked: Path) -> None:
        header = {"descr": "|u1", "fortran_order": False, "shape": (shard.count, *self.shape)}
        num = 0
        with unpacked.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for name, content in self.images(packed):
                file.write(_pixels(content, self.shape, f"`{name}` of shard `{shard.name}`").tobytes())
                num += 1
        if num != shard.count:
            raise DamagedError(f"Shard `{shard.name}` holds {num} images; its index says {shard.count}.")

    def _is_whole(self, path: Path, shard: Shard) -> bool:
        try:
            return path.stat().st_size > shard.count * int(np.prod(self.shape))  # and a header
        except FileNotFoundError:
            return False

    def _make_room(self, newest: Path) -> None:
        """Remove the least recently used; a reader that is open keeps what it reads."""
        found: list[tuple[int, int, Path]] = []
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):
                status = path.stat()
                is_left = status.st_size and time.time() - status.st_mtime > _LEFT  # of a killed process
                if path.suffix == ".npy" or is_left:
                    found.append((status.st_mtime_ns, status.st_size, path))
        room = self.limit - sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if room >= 0:
                return
            if path != newest:
                with suppress(OSError):  # another process removed it, or Windows reads it
                    path.unlink()
                room += size


def _pixels(content: bytes, shape: tuple[int, int, int], name: str) -> Pixels:
    """Return the image of a PNG file [H, W, C], which must be of just that shape."""
    height, width, channels = shape
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            if image.size == (width, height) and image.mode == _MODES[channels]:
                return np.asarray(image).reshape(shape)
            found = f"{image.size[0]}x{image.size[1]} {image.mode}"
    except (OSError, ValueError, SyntaxError, TypeError) as error:
        raise DamagedError(f"{name} is no whole PNG file ({error}). Export the dataset again.") from error
    expected = f"{width}x{height} {_MODES[channels]}"
    raise DamagedError(f"{name} is {found}; the index says {expected}. Export the dataset again.")


def _limit() -> int:
    text = os.environ.get(LIMIT) or str(_GIGABYTES)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise UsageError(f"{LIMIT} is `{text}`; give the gigabytes of shards to keep, such as {_GIGABYTES:g}.")
    return int(value * 1e9)
