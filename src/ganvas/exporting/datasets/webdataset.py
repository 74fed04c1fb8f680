"""WebDataset shards: `train-000000.tar` and so on, for reading straight through in training.

Image 12 of a split is three members: `00000012.png`, `00000012.cls` (its class as a number, where there are
classes) and `00000012.json` (class name, facts, the dataset's content hash). Who streams shards sees a few of them at a
time, so the images lie in an order drawn at random, the same at every export. Reading back:

    import webdataset
    data = webdataset.WebDataset("FOLDER/train-{000000..000003}.tar", shardshuffle=False)
    for picture, label in data.decode("rgb8").to_tuple("png", "cls"): ...

`decode("l8")` keeps greyscale and `decode("rgba8")` alpha. The Hugging Face Hub and `load_dataset("webdataset",
data_files=...)` read the shards too, and by the index `shards.json` beside them `ganvas train` does.
"""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from ganvas.data.splitting import Split
from ganvas.data.store import Dataset
from ganvas.exporting.datasets.record import DatasetExport, Record, filled_splits, mixed, png_bytes, records
from ganvas.exporting.datasets.shard_index import write_index
from ganvas.progress import Progress

MAX_SHARD_BYTES = 256 * 2**20


def write(dataset: Dataset, folder: Path, progress: Progress, max_shard_bytes: int = MAX_SHARD_BYTES) -> None:
    """Write `SPLIT-NNNNNN.tar`, none above `max_shard_bytes` unless a single image is."""
    found: dict[Split, list[tuple[str, int]]] = {}
    for split in filled_splits(dataset):
        with _Shards(folder, split, max_shard_bytes) as shards:
            for record in records(dataset, split, progress, mixed(dataset, split)):
                shards.add(list(_members(record, dataset.content_hash)))
        found[split] = [(f"{split}-{number:06d}.tar", count) for number, count in enumerate(shards.counts)]
    write_index(dataset, folder, "webdataset", found, mixed)


def _members(record: Record, content_hash: str) -> Iterator[tuple[str, bytes]]:
    key = f"{record.number:08d}"
    label = {} if record.label is None else {"label": record.label, "class": record.class_name}
    yield f"{key}.png", png_bytes(record.pixels)
    if record.label is not None:
        yield f"{key}.cls", str(record.label).encode()
    facts = {**label, **record.texts, "dataset": content_hash}
    yield f"{key}.json", json.dumps(facts, ensure_ascii=False).encode()


class _Shards:
    """Tar files written one after the other; nothing of what was written stays in memory."""

    def __init__(self, folder: Path, split: Split, max_bytes: int) -> None:
        self.folder, self.split, self.max_bytes = folder, split, max_bytes
        self.counts: list[int] = []
        """Images of each shard."""
        self.file: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def add(self, members: list[tuple[str, bytes]]) -> None:
        """Write all members of one image into one shard."""
        blocks = b"".join(_header(name, content) + _padded(content, tarfile.BLOCKSIZE) for name, content in members)
        if self.file and self.file.tell() + len(blocks) + 2 * tarfile.BLOCKSIZE > self.max_bytes:
            self._close()
        if self.file is None:
            self.file = (self.folder / f"{self.split}-{len(self.counts):06d}.tar").open("wb")
            self.counts.append(0)
        self.file.write(blocks)
        self.counts[-1] += 1

    def _close(self) -> None:
        if self.file:
            self.file.write(bytes(2 * tarfile.BLOCKSIZE))  # the end of an archive
            self.file.close()
            self.file = None


def _header(name: str, content: bytes) -> bytes:
    """Return the header of a member that belongs to nobody and was made at no time."""
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(content), 0o644, 0
    return member.tobuf(tarfile.USTAR_FORMAT)


def _padded(content: bytes, block: int) -> bytes:
    return content + bytes(-len(content) % block)


def usage(dataset: Dataset) -> str:
    """Return how the shards are read back."""
    split = filled_splits(dataset)[0]
    decoded = {1: "l8", 3: "rgb8", 4: "rgba8"}[dataset.shape.channels]
    wanted, names = ('"png", "cls"', "picture, label") if dataset.classes else ('"png", "json"', "picture, facts")
    return f"""```python
import glob
import webdataset

shards = sorted(glob.glob("{split}-*.tar"))
data = webdataset.WebDataset(shards, shardshuffle=False).decode("{decoded}").to_tuple({wanted})
for {names} in data:  # uint8
    ...
```
"""


WEBDATASET = DatasetExport(write, usage, hub_files="{split}-*.tar")
