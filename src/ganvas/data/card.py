"""The card of a dataset folder, `dataset.json`: what is in it, and how it became so."""

from pathlib import Path
from typing import Any, Literal

from ganvas.config import Config, Field
from ganvas.data.ledger import Outcome
from ganvas.data.policies import Policies
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.scalings.contract import ScalingSettings
from ganvas.data.splitting import Split, Splitting
from ganvas.errors import ConfigurationError, DamagedError, DataError
from ganvas.storage import read_json

CARD = "dataset.json"
FORMAT = "ganvas-dataset"
SCHEMA_VERSION = 2


def pixel_file(split: Split) -> str:
    """Return the name of a split's pixel file."""
    return f"pixels-{split}.npy"


class SourceRecord(Config):
    """One source of a dataset, and what became of its files."""

    name: str = Field(description="As it was given to `prepare`.")
    reader: str = Field(description="The row of the table of sources that read it.")
    origin: str = Field(description="Where it is from.")
    licence: str | None = Field(description="SPDX name; null when unknown.")
    weight: float = Field(default=1.0, gt=0, description="How often its images are drawn, beside others.")
    kept: int = Field(ge=0, description="Files in the dataset.")
    refused: int = Field(ge=0, description="Files that could not be used.")
    left_out: int = Field(ge=0, description="Readable files that a policy left out.")
    note: str = Field(default="", exclude_if=lambda note: not note, description="What its owner should know.")


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
    channels: Literal[1, 3, 4] = Field(description="1 greyscale, 3 sRGB, 4 sRGB and alpha.")
    height: int = Field(ge=1, description="Of every image, in pixels.")
    width: int = Field(ge=1, description="Of every image, in pixels.")
    classes: tuple[str, ...] = Field(description="Class names by label; empty when unlabelled.")
    splits: dict[Split, SplitRecord] = Field(description="Counts of each split.")
    preprocessing: Preprocessing = Field(description="What was done to every image.")
    scaling: ScalingSettings = Field(
        default=ScalingSettings(),
        exclude_if=lambda scaling: scaling.is_symmetric,
        description="How bytes become what the networks see; left out where it is symmetric, x / 127.5 - 1.",
    )
    scaling_constants: dict[str, Any] = Field(
        default={},
        exclude_if=lambda constants: not constants,
        description="Formula and constants of the scaling, those of many values as their range; scaling.safetensors "
        "holds them all.",
    )
    splitting: Splitting = Field(description="How images without a declared split were divided.")
    policies: Policies = Field(description="What became of unusual images.")
    sources: tuple[SourceRecord, ...] = Field(description="Where the images are from.")
    outcomes: dict[Outcome, int] = Field(description="Input files by what became of them; their sum is all files.")
    left_out_by_kind: dict[str, int] = Field(description="Files that are not in the set, by the kind of reason.")
    licences: dict[str, int] = Field(description="Images by licence; the empty name where it is unknown.")
    flags: dict[str, int] = Field(description="Images in the set of which something unusual was said.")
    content_hash: str = Field(
        pattern="^[0-9a-f]{64}$",
        description="SHA-256 of shape, classes, splits, labels and pixels, in order; then of the settings of the "
        "scaling where it is not symmetric, so that another scaling is another dataset.",
    )

    @property
    def kept(self) -> int:
        """Input files in the dataset."""
        return self.outcomes["kept"]

    @property
    def refused(self) -> int:
        """Input files that could not be used."""
        return self.outcomes["refused"]

    @property
    def num_files(self) -> int:
        """Input files, whatever became of them."""
        return sum(self.outcomes.values())

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of every image."""
        return self.height, self.width, self.channels


def read_card(path: Path) -> Card:
    """Read a card; `DataError` when it is not one of ours, `DamagedError` when it is not whole."""
    values: Any = read_json(path)
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise DataError(f"`{path}` is not the card of a Ganvas dataset. Make a dataset folder with `ganvas prepare`.")
    version = values.get("schema_version")
    if isinstance(version, int) and version != SCHEMA_VERSION:
        advice = "Upgrade Ganvas, or prepare" if version > SCHEMA_VERSION else "Prepare"
        raise DataError(
            f"`{path}` has schema version {version}; this Ganvas reads {SCHEMA_VERSION}. {advice} the dataset again."
        )
    try:
        return Card.read(values, f"`{path}`")
    except ConfigurationError as error:
        raise DamagedError(f"{error} Prepare the dataset again.") from error
