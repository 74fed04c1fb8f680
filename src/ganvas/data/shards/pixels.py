"""A sharded dataset, opened: its small files copied here, its images read shard by shard."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.data.card import CARD
from ganvas.data.published import cache_folder
from ganvas.data.reading import PixelReader
from ganvas.data.shards.address import Address
from ganvas.data.shards.index import INDEX, Index, IndexedFile, Shard, read_index, read_labels
from ganvas.data.shards.kept import KeptShards
from ganvas.data.splitting import Split
from ganvas.errors import GanvasError
from ganvas.images import Pixels
from ganvas.storage import json_bytes, on_disk, replace_file, sha256_of_file

_OPEN = 32
"""Shards whose files are open at once; each is a file handle, no memory."""
_FETCHING = 4
"""Shards that are fetched at once."""


class ShardedPixels:
    """The shards at an address, and `folder` with copies of what is small: card, labels, constants of the scaling."""

    def __init__(self, place: str) -> None:
        """Read the index and what it names; raises as `Address` and `read_index` do."""
        self.address = Address(place)
        self.index: Index = read_index(self.address.index(), f"{self.address.place}/{INDEX}")
        self.folder = cache_folder() / "sharded" / self.index.card.content_hash[:16]
        self.kept = KeptShards(self.address, self.index)
        on_disk(lambda: self.folder.mkdir(parents=True, exist_ok=True), self.folder)
        for file in self.index.scaling:
            self._copy(file)
        card = json_bytes(self.index.card.plain())
        if not (self.folder / CARD).is_file() or (self.folder / CARD).read_bytes() != card:
            replace_file(self.folder / CARD, card)

    def reader(self, split: Split) -> "ShardReader":
        """Return what reads a split's images."""
        return ShardReader(self.kept, self.index.splits[split].shards, self.index.card.shape)

    def labels(self, split: Split) -> NDArray[Any]:
        """Return the labels of a split [N], 1 byte each up to 256 classes."""
        file = self.index.splits[split].labels
        assert file is not None, "an unlabelled set has no labels to ask for"
        return read_labels(self._copy(file).read_bytes(), self.index, split)

    def _copy(self, file: IndexedFile) -> Path:
        """Return the path of a copy of a small file here."""
        path = self.folder / Path(file.name).name
        if not path.is_file() or path.stat().st_size != file.num_bytes or sha256_of_file(path) != file.sha256:
            unfinished = path.with_name(f"{path.name}.{file.sha256[:8]}.unfinished")
            self.address.fetch(file, unfinished)
            on_disk(lambda: unfinished.replace(path), path)
        return path


class ShardReader(PixelReader):
    """Images of one split by their rows: of shards that are here, or are fetched when they are read."""

    def __init__(self, kept: KeptShards, shards: Sequence[Shard], shape: tuple[int, int, int]) -> None:
        self.kept, self.shards, self.shape = kept, shards, shape
        self.sizes = [shard.count for shard in shards]
        self.ends = np.cumsum(self.sizes)
        self._lock, self._open, self._expected = Lock(), dict[int, PixelReader](), set[int]()
        self._pool: ThreadPoolExecutor | None = None
        self._stopped = Event()

    def __len__(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def read(self, rows: NDArray[Any]) -> Pixels:
        """Return the images of rows [N]; raises as `KeptShards.open` does."""
        pixels = np.empty((len(rows), *self.shape), np.uint8)
        numbers = np.searchsorted(self.ends, rows, side="right")
        wanted = np.unique(numbers).tolist()
        self.expect(wanted)
        for number in wanted:
            own = numbers == number
            first = self.ends[number] - self.shards[number].count
            pixels[own] = self._opened(number).read(rows[own] - first)
        return pixels

    def expect(self, shards: Sequence[int]) -> None:
        """Begin to fetch those shards that are not here; a failure shows when they are read."""
        with self._lock:
            missing = [number for number in shards if number not in self._expected and number not in self._open]
            missing = [number for number in missing if not self.kept.is_here(self.shards[number])]
            if not missing:
                return
            self._pool = self._pool or ThreadPoolExecutor(_FETCHING, "shards")
            for number in missing:
                self._expected.add(number)
                self._pool.submit(self._fetch, number, self._stopped)

    def close(self) -> None:
        """End the fetching; rows can still be read."""
        with self._lock:
            pool, self._pool = self._pool, None
            self._stopped.set()
            self._stopped = Event()  # of what is read later
        if pool is not None:
            pool.shutdown(cancel_futures=True)
        with self._lock:
            self._expected.clear()

    def _opened(self, number: int) -> PixelReader:
        """Return the reader of a shard; those used last stay open, also where their files are removed meanwhile."""
        with self._lock:
            reader = self._open.pop(number, None)
        reader = reader or self.kept.open(self.shards[number], self._stopped)
        with self._lock:
            self._open[number] = reader  # the last of all
            while len(self._open) > _OPEN:
                self._open.pop(next(iter(self._open)))
        return reader

    def _fetch(self, number: int, stopped: Event) -> None:
        try:
            self.kept.open(self.shards[number], stopped)
        except GanvasError:
            return  # told to whoever reads it
        finally:
            with self._lock:
                self._expected.discard(number)
