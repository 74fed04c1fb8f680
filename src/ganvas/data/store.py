"""The dataset folder: `dataset.json` (its card), `manifest.sqlite` (its ledger) and a `pixels-*.npy` per split."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ganvas.config import Config, Field
from ganvas.data.ledger import LEDGER, Row, labels_of, rows
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.splitting import SPLITS, Split, Splitting
from ganvas.errors import ConfigurationError, DamagedError, DataError
from ganvas.images import ImageShape, Pixels
from ganvas.storage import read_json, verify_folder

CARD = "dataset.json"
FORMAT = "ganvas-dataset"
SCHEMA_VERSION = 1


def pixel_file(split: Split) -> str:
    """Return the name of a split's pixel file."""
    return f"pixels-{split}.npy"


class SourceRecord(Config):
    """One source of a dataset, and what became of its files."""

    name: str = Field(description="As it was given to `prepare`.")
    reader: str = Field(description="The row of the table of sources that read it.")
    origin: str = Field(description="Where it is from.")
    licence: str | None = Field(description="SPDX name; null when unknown.")
    kept: int = Field(ge=0, description="Files in the dataset.")
    refused: int = Field(ge=0, description="Files that could not be used.")


class SplitRecord(Config):
    """The images of one split."""

    count: int = Field(ge=0, description="Images.")
    per_class: tuple[int, ...] = Field(description="Images of each class; empty when unlabelled.")


class Card(Config):
    """What a dataset folder says about itself; the same input always gives the same card."""

    format: Literal["ganvas-dataset"] = Field(default=FORMAT, description="Tells our folders from others.")
    schema_version: int = Field(
        default=SCHEMA_VERSION, ge=1, description="Of this file; raised when its meaning changes."
    )
    channels: Literal[1, 3] = Field(description="1 greyscale, 3 sRGB.")
    height: int = Field(ge=1, description="Of every image, in pixels.")
    width: int = Field(ge=1, description="Of every image, in pixels.")
    classes: tuple[str, ...] = Field(description="Class names by label; empty when unlabelled.")
    splits: dict[Split, SplitRecord] = Field(description="Counts of each split.")
    preprocessing: Preprocessing = Field(description="What was done to every image.")
    splitting: Splitting = Field(description="How images without a declared split were divided.")
    sources: tuple[SourceRecord, ...] = Field(description="Where the images are from.")
    kept: int = Field(ge=0, description="Input files in the dataset.")
    refused: int = Field(ge=0, description="Input files that could not be used.")
    refused_by_kind: dict[str, int] = Field(description="Refused files by the kind of reason.")
    content_hash: str = Field(
        pattern="^[0-9a-f]{64}$", description="SHA-256 of shape, classes, splits, labels and pixels, in order."
    )


@dataclass(frozen=True, eq=False)
class Dataset:
    """An opened dataset folder: images as uint8 [N, H, W, C], mapped from the disk, and their labels."""

    folder: Path
    card: Card

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Open a dataset folder; `DataError` when it is not one, `DamagedError` when it is not as its card says."""
        folder = Path(folder).expanduser()
        _expect_card(folder)
        dataset = cls(folder, _read_card(folder / CARD))
        for split in SPLITS:
            dataset.pixels(split)
        return dataset

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
        """SHA-256 of shape, classes, splits, labels and pixels."""
        return self.card.content_hash

    def count(self, split: Split) -> int:
        """Return how many images a split has."""
        return self.card.splits[split].count

    def pixels(self, split: Split) -> Pixels:
        """Return a split's images, uint8 [N, H, W, C], mapped read-only."""
        path = self.folder / pixel_file(split)
        expected = (self.count(split), self.card.height, self.card.width, self.card.channels)
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
        return self._labels[split] if self.classes else None

    def refusals(self) -> Iterator[Row]:
        """Yield the ledger's row of every file that was refused, in the order of reading."""
        return rows(self.folder / LEDGER, "refused")

    def verify(self) -> None:
        """Check every byte of the folder against its manifest; raise `DamagedError` naming the first wrong file."""
        verify_folder(self.folder)

    def summary(self) -> str:
        """Return what the dataset holds, and what was refused and why, in a few lines."""
        card = self.card
        lines = [repr(self), f"  kept {card.kept:,} of {card.kept + card.refused:,} files"]
        lines += [f"  refused {count:,}: {kind}" for kind, count in card.refused_by_kind.items()]
        for split in SPLITS:
            counts = ", ".join(
                f"{name} {count:,}" for name, count in zip(card.classes, card.splits[split].per_class, strict=True)
            )
            lines.append(f"  {split}: {self.count(split):,}" + (f" ({counts})" if counts else ""))
        lines += [f"  from {source.name} ({source.licence or 'licence unknown'})" for source in card.sources]
        return "\n".join([*lines, f"  content hash {card.content_hash}"])

    def __repr__(self) -> str:
        kinds = f"{self.num_classes} classes" if self.classes else "no classes"
        counts = " + ".join(f"{self.count(split):,} {split}" for split in SPLITS)
        return f"Dataset({str(self.folder)!r}: {self.shape}, {kinds}, {counts})"

    @cached_property
    def _labels(self) -> dict[Split, NDArray[np.int64]]:
        return {split: self._labels_of(split) for split in SPLITS}

    def _labels_of(self, split: Split) -> NDArray[np.int64]:
        path, index = self.folder / LEDGER, {name: label for label, name in enumerate(self.classes)}
        labels = [index.get(name or "", -1) for name in labels_of(path, split)]
        if len(labels) != self.count(split) or -1 in labels:
            raise DamagedError(f"`{path}` does not fit the card of its folder. Prepare the dataset again.")
        return np.array(labels, np.int64)


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


def _read_card(path: Path) -> Card:
    values: Any = read_json(path)
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise DataError(f"`{path}` is not the card of a Ganvas dataset. Make a dataset folder with `ganvas prepare`.")
    version = values.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise DataError(
            f"`{path}` has schema version {version}; this Ganvas reads up to {SCHEMA_VERSION}. "
            "Upgrade Ganvas, or prepare the dataset again."
        )
    try:
        return Card.read(values, f"`{path}`")
    except ConfigurationError as error:
        raise DamagedError(f"{error} Prepare the dataset again.") from error
