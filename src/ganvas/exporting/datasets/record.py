"""One image of a dataset folder on its way out: its pixels, its class, and what is known of its origin."""

import io
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.data.ledger import Row
from ganvas.data.splitting import SPLITS, Split
from ganvas.data.store import Dataset
from ganvas.images import Pixels
from ganvas.progress import Progress
from ganvas.seeds import Stream

FACTS: dict[str, Literal["string", "bool"]] = {
    "origin": "string",
    "source_path": "string",
    "sha256": "string",
    "licence": "string",
    "creator": "string",
    "title": "string",
    "url": "string",
    "evidence": "string",
    "opt_out": "string",
    "synthetic": "bool",
}
"""The columns that say where an image is from, and their types; `sha256` is that of the original file."""

PNG_LEVEL = 1
"""Of zlib, 0 to 9. Photographs of 256x256 at 1: three times as fast as at Pillow's 6, for 7 % more bytes."""

_CHUNK_BYTES = 1 << 24
_CHUNK_ROWS = 4096


Facts = dict[str, str | bool | None]


class DatasetExport(NamedTuple):
    """One row of `DATASET_EXPORTS`.

    `write` fills a new folder. `usage` returns the commands that read it back, as Markdown. `hub_files` is the
    pattern of a split's files where the Hub can load them, and `has_columns` says that they give the columns image,
    label and `FACTS`.
    """

    write: Callable[[Dataset, Path, Progress], None]
    usage: Callable[[Dataset], str]
    hub_files: str | None = None
    has_columns: bool = False


class Record(NamedTuple):
    """Image [H, W, C] uint8 in row `number` of its split; `label` is None where the dataset has no classes."""

    number: int
    pixels: Pixels
    label: int | None
    class_name: str | None
    facts: Facts

    @property
    def texts(self) -> Facts:
        """The facts, "" where one is not known: readers of JSON take a column's type from its first values."""
        return {name: "" if value is None else value for name, value in self.facts.items()}


def filled_splits(dataset: Dataset) -> list[Split]:
    """Return the splits that hold images."""
    return [split for split in SPLITS if dataset.count(split)]


def by_row(dataset: Dataset, split: Split) -> NDArray[np.int64]:
    """Return the rows [N] as they lie in the folder."""
    return np.arange(dataset.count(split))


def mixed(dataset: Dataset, split: Split) -> NDArray[np.int64]:
    """Return all rows [N] of a split in an order drawn at random, always the same for as many images."""
    return Stream(0, f"export/{split}").permutation(dataset.count(split))


def records(
    dataset: Dataset, split: Split, progress: Progress, order: NDArray[np.int64] | None = None
) -> Iterator[Record]:
    """Yield the images of a split by their rows, or in the `order` [N] of rows, reading some megabytes at a time.

    Raises `DamagedError` where the ledger does not list the images that the pixel file has.
    """
    labels = dataset.labels(split)
    origins = {source.name: source.origin for source in dataset.card.sources}
    order = by_row(dataset, split) if order is None else order
    step = max(1, min(_CHUNK_ROWS, _CHUNK_BYTES // math.prod(dataset.shape)))
    progress.begin(f"Writing {split}", len(order))
    try:
        for start in range(0, len(order), step):
            chosen = order[start : start + step]
            pixels = dataset.pixels(split)[chosen]  # mapped anew, so that its pages never pile up in memory
            for index, image, row in zip(chosen.tolist(), pixels, dataset.rows_at(split, chosen), strict=True):
                label = None if labels is None else int(labels[index])
                name = None if label is None else dataset.classes[label]
                yield Record(index, image, label, name, _facts(row, origins))
                progress.advance()
    finally:
        progress.end()


def png_bytes(pixels: Pixels, level: int = PNG_LEVEL) -> bytes:
    """Return one image [H, W, C] (C = 1, 3 or 4) as a PNG file; the same bytes for the same Pillow."""
    buffer = io.BytesIO()
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    image.save(buffer, "PNG", compress_level=level)
    return buffer.getvalue()


def num_shards(dataset: Dataset, split: Split, max_shard_bytes: int) -> int:
    """Return how many shards hold a split's uncompressed pixels, at least one."""
    return max(1, math.ceil(dataset.count(split) * math.prod(dataset.shape) / max_shard_bytes))


def _facts(row: Row, origins: dict[str, str]) -> Facts:
    """Return `FACTS` of a row; its source by the origin, since the name may be a path of this machine."""
    return {
        "origin": origins.get(row.source) or Path(row.source).name,
        "source_path": row.path,
        "sha256": row.sha256,
        "licence": row.licence,
        "creator": row.creator,
        "title": row.title,
        "url": row.url,
        "evidence": row.evidence,
        "opt_out": row.opt_out,
        "synthetic": bool(row.synthetic),
    }
