"""The dataset folder: `dataset.json` (its card), `manifest.sqlite` (its ledger) and a `pixels-*.npy` per split."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ganvas.data.card import CARD, Card, pixel_file, read_card
from ganvas.data.labels import column_by_row, labels_by_row
from ganvas.data.lanes import SHARDS_AT_ONCE, Lanes
from ganvas.data.ledger import LEDGER, Row, ask, places, rows
from ganvas.data.reading import PixelReader, reader_of
from ganvas.data.scaling import scaling_of
from ganvas.data.scalings.contract import Scaling
from ganvas.data.shards.address import address_of
from ganvas.data.shards.pixels import ShardedPixels
from ganvas.data.splitting import SPLITS, Split
from ganvas.data.summary import summary_of
from ganvas.errors import DamagedError, DataError, UsageError
from ganvas.images import ImageShape, Pixels
from ganvas.seeds import Stream
from ganvas.storage import verify_folder


@dataclass(frozen=True, eq=False)
class Dataset:
    """An opened dataset folder: images as uint8 [N, H, W, C], mapped from the disk, and their labels."""

    folder: Path
    card: Card
    shards: ShardedPixels | None = None

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Open a dataset folder; `DataError` when it is not one, `DamagedError` when it is not as its card says.

        Where it is an address (`s3://bucket/photos`) or a folder of shards with their index, the dataset is sharded:
        it can be trained from, image by image, and what needs all images at once says that it cannot.
        """
        if address := address_of(folder):
            shards = ShardedPixels(address)
            sharded = cls(shards.folder, shards.index.card, shards)
            _ = sharded.scaling
            return sharded
        folder = Path(folder).expanduser()
        _expect_card(folder)
        dataset = cls(folder, read_card(folder / CARD))
        for split in SPLITS:
            dataset.pixels(split)
        _ = dataset.scaling
        return dataset

    @property
    def place(self) -> str:
        """Where to open it again: the path of its folder, or the address of its shards."""
        return self.shards.address.place if self.shards else str(self.folder.resolve())

    @property
    def shape(self) -> ImageShape:
        """Channels, height and width of every image."""
        return ImageShape(self.card.channels, self.card.height, self.card.width)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names by label; empty when unlabelled."""
        return self.card.classes

    @property
    def num_classes(self) -> int:
        """How many classes; 0 when unlabelled."""
        return len(self.card.classes)

    @property
    def content_hash(self) -> str:
        """SHA-256 of shape, classes, splits, labels and pixels, and of a scaling that is not symmetric."""
        return self.card.content_hash

    @cached_property
    def scaling(self) -> Scaling | None:
        """How bytes become what the networks see, and back; None for the usual x / 127.5 - 1."""
        return scaling_of(self.folder, self.card.scaling, self.card.shape)

    def count(self, split: Split) -> int:
        """Return how many images a split has."""
        return self.card.splits[split].count

    def reader(self, split: Split) -> PixelReader:
        """Return what reads a split's images by their rows in training, in memory that does not grow."""
        return self.shards.reader(split) if self.shards else reader_of(self.pixels(split))

    def read(self, split: Split, rows: NDArray[Any]) -> Pixels:
        """Return some images of a split, uint8 [n, H, W, C], by their rows."""
        with closing(self.reader(split)) as reader:
            return reader.read(rows)

    def some(self, split: Split, num: int, seed: int, purpose: str) -> NDArray[Any]:
        """Return rows [num] of images of a split, ascending, drawn by (seed, purpose); of shards, from a few."""
        if self.shards and (sizes := [shard.count for shard in self.shards.index.splits[split].shards]):
            lanes = Lanes(sizes, max(num, 1), SHARDS_AT_ONCE, seed)
            return np.sort(lanes.rows(0, np.arange(min(num, self.count(split)))))
        return np.sort(Stream(seed, purpose).permutation(self.count(split))[:num])

    def pixels(self, split: Split) -> Pixels:
        """Return a split's images, uint8 [N, H, W, C], mapped read-only.

        Raises `DamagedError` where the file is missing, damaged, or not what the card says, `UsageError` where the
        images lie in shards.
        """
        self._expect_folder("All images at once")
        path = self.folder / pixel_file(split)
        expected = (self.count(split), *self.card.shape)
        try:
            pixels = np.load(path, mmap_mode="r" if expected[0] else None, allow_pickle=False)
        except FileNotFoundError as error:
            raise DamagedError(f"`{path}` is missing. Prepare the dataset again.") from error
        except (OSError, ValueError, EOFError) as error:
            raise DamagedError(f"`{path}` is damaged ({error}). Prepare the dataset again.") from error
        if pixels.shape != expected or pixels.dtype != np.uint8:
            raise DamagedError(
                f"`{path}` holds {pixels.dtype} {list(pixels.shape)}; the card says uint8 {list(expected)}. "
                "Prepare the dataset again."
            )
        return pixels

    def labels(self, split: Split) -> NDArray[np.int64] | None:
        """Return the label of each image of a split, int64 [N]; None when unlabelled."""
        return self._labels[split].astype(np.int64) if self.classes else None

    def weights(self, split: Split) -> NDArray[np.float64] | None:
        """Return how often each image of a split is drawn beside others, float64 [N]; None when all alike.

        Raises `DamagedError` where the ledger does not fit the card.
        """
        if all(source.weight == 1 for source in self.card.sources):
            return None
        return self._column(split, "weight", "Weights of images")

    def rows(self, split: Split) -> Iterator[Row]:
        """Yield the ledger's row of every image of a split, in the order of its pixel file."""
        self._expect_folder("The ledger")
        return rows(self.folder / LEDGER, "split = ?", "row", split)

    def rows_at(self, split: Split, chosen: NDArray[np.int64]) -> Iterator[Row]:
        """Yield the ledger's rows of some images of a split by their rows [n] in its pixel file, in that order."""
        numbers = self._numbers[split][chosen].tolist()
        found = {row.number: row for row in self.find(f"number IN ({', '.join(map(str, numbers))})")}
        return (found[number] for number in numbers)

    def find(self, where: str, *values: object) -> Iterator[Row]:
        """Yield the ledger's rows that meet an SQL condition, in the order of reading; `values` fill its `?`."""
        self._expect_folder("The ledger")
        return rows(self.folder / LEDGER, where, "number", *values)

    def ask(self, columns: str, limit: int = -1) -> Iterator[Any]:
        """Yield columns of the ledger (SQL) for each image of the set, in the order of reading."""
        self._expect_folder("The ledger")
        yield from ask(self.folder / LEDGER, columns, limit)

    def unusual(self) -> Iterator[Row]:
        """Yield the ledger's rows of images of the set that were flagged, in the order of reading."""
        return self.find("outcome = 'kept' AND flags NOT IN ('', 'unknown-licence')")

    def left_out(self) -> Iterator[Row]:
        """Yield the ledger's row of every file that is not in the set, in the order of reading."""
        self._expect_folder("The ledger")
        return rows(self.folder / LEDGER, "outcome != 'kept'")

    def refusals(self) -> Iterator[Row]:
        """Yield the ledger's row of every file that could not be used, in the order of reading."""
        self._expect_folder("The ledger")
        return rows(self.folder / LEDGER, "outcome = 'refused'")

    def verify(self) -> None:
        """Check every byte of the folder against its manifest; raise `DamagedError` naming the first wrong file."""
        self._expect_folder("The check of a whole folder")
        verify_folder(self.folder)

    def summary(self) -> str:
        """Return what the dataset holds, and what was refused and why, in a few lines."""
        return summary_of(self.card, repr(self))

    def __repr__(self) -> str:
        kinds = f"{self.num_classes} classes" if self.classes else "no classes"
        counts = " + ".join(f"{self.count(split):,} {split}" for split in SPLITS)
        place = self.place if self.shards else str(self.folder)
        return f"Dataset({place!r}: {self.shape}, {kinds}, {counts})"

    def _expect_folder(self, what: str) -> None:
        """Raise `UsageError` where the images lie in shards."""
        if self.shards:
            raise UsageError(
                f"{what} cannot be had of `{self.place}`: a dataset in shards is for training and its scores. Give the "
                "dataset folder that the shards were exported from."
            )

    @cached_property
    def _numbers(self) -> dict[Split, NDArray[np.int64]]:
        """Of each image of a split [N], the number of its row in the ledger."""
        return {split: self._column(split, "number", "The ledger").astype(np.int64) for split in SPLITS}

    def _column(self, split: Split, column: str, what: str) -> NDArray[np.float64]:
        """Return a column of numbers of the ledger, of each image of a split [N]."""
        self._expect_folder(what)
        with self._fitting():
            return column_by_row(places(self.folder / LEDGER, column), split, self.count(split))

    @cached_property
    def _labels(self) -> dict[Split, NDArray[Any]]:
        if self.shards:
            return {split: self.shards.labels(split) for split in SPLITS}
        counts: dict[Split, int] = {split: self.count(split) for split in SPLITS}
        with self._fitting():
            return labels_by_row(places(self.folder / LEDGER, "label"), self.classes, counts)

    @contextmanager
    def _fitting(self) -> Iterator[None]:
        """Say of a ledger that it does not fit the card."""
        try:
            yield
        except DataError as error:
            raise DamagedError(
                f"`{self.folder / LEDGER}` does not fit the card of its folder. Prepare the dataset again."
            ) from error


def _expect_card(folder: Path) -> None:
    if (folder / CARD).is_file():
        return
    if not folder.exists():
        aside = folder.with_name(folder.name + ".replaced")
        hint = f" `{aside}` is what an interrupted replacement left of it." if aside.exists() else ""
        raise DataError(f"There is no dataset folder `{folder}`.{hint} Make it with `ganvas prepare`.")
    raise DataError(
        f"`{folder}` is not a dataset folder: it has no {CARD}. "
        f"Make one with `ganvas prepare {folder} --out ...` and give that."
    )
