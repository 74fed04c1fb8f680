"""The index of a sharded dataset, `shards.json`: its card, its shards with sizes and hashes, and where labels lie."""

import json
import re
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ganvas.config import Config, Field
from ganvas.data.card import Card
from ganvas.data.splitting import SPLITS, Split
from ganvas.errors import ConfigurationError, DamagedError, DataError

INDEX = "shards.json"
FORMAT = "ganvas-shards"
SCHEMA_VERSION = 1
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class IndexedFile(Config):
    """One file beside the index."""

    name: str = Field(description="Path from the folder of the index, with /.")
    num_bytes: int = Field(ge=0, description="Size.")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Of its bytes.")


class Shard(IndexedFile):
    """One shard: some images of a split, in the order of their rows."""

    count: int = Field(ge=1, description="Images.")


class SplitShards(Config):
    """The shards of one split."""

    shards: tuple[Shard, ...] = Field(description="In the order of the split's rows.")
    labels: IndexedFile | None = Field(
        default=None, description="The label of each row, little-endian, 1, 2 or 4 bytes each; null when unlabelled."
    )


class Index(Config):
    """What `shards.json` says."""

    format: Literal["ganvas-shards"] = Field(default=FORMAT, description="Tells our indices from others.")
    schema_version: int = Field(default=SCHEMA_VERSION, ge=1, description="Raised when its meaning changes.")
    kind: str = Field(description="Row of SHARD_KINDS that reads the shards.")
    card: Card = Field(description="That of the dataset folder; sources by their origins.")
    splits: dict[Split, SplitShards] = Field(description="Shards and labels of each split.")
    scaling: tuple[IndexedFile, ...] = Field(default=(), description="Files of a scaling that is not symmetric.")


def label_type(num_classes: int) -> np.dtype[Any]:
    """Return the type that labels are kept as."""
    return np.dtype(np.min_scalar_type(max(num_classes - 1, 0))).newbyteorder("<")


def read_index(content: bytes, place: str) -> Index:
    """Return the index that bytes hold; `DataError` when it is not one of ours, `DamagedError` when it is not whole."""
    values = _json_of(content, place)
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise DataError(
            f"`{place}` is not the index of a sharded dataset. Make one with `ganvas export --to webdataset`."
        )
    if values.get("schema_version") != SCHEMA_VERSION:
        raise DataError(
            f"`{place}` has schema version {values.get('schema_version')}; this Ganvas reads {SCHEMA_VERSION}. Export "
            "the dataset again, or upgrade Ganvas."
        )
    try:
        index = Index.read(values, f"`{place}`")
    except ConfigurationError as error:
        raise DamagedError(f"{error} Export the dataset again.") from error
    _check(index, place)
    return index


def read_labels(content: bytes, index: Index, split: Split) -> NDArray[Any]:
    """Return the labels of a split [N] from their file's bytes; `DamagedError` where they do not fit the card."""
    labels, count = np.frombuffer(content, label_type(len(index.card.classes))), index.card.splits[split].count
    if len(labels) != count or (count and labels.max() >= len(index.card.classes)):
        raise DamagedError(f"The labels of the split `{split}` do not fit the index. Export the dataset again.")
    return labels


def _check(index: Index, place: str) -> None:
    files = [file for split in index.splits.values() for file in (*split.shards, split.labels) if file]
    wrong = [file.name for file in (*files, *index.scaling) if not _NAME.fullmatch(file.name)]
    counts = {split: sum(shard.count for shard in found.shards) for split, found in index.splits.items()}
    expected = {split: record.count for split, record in index.card.splits.items()}
    labelled = all((found.labels is not None) == bool(index.card.classes) for found in index.splits.values())
    if wrong or counts != expected or set(counts) != set(SPLITS) or not labelled:
        what = f"the name `{wrong[0]}`" if wrong else "shards or labels that do not fit its card"
        raise DamagedError(f"`{place}` has {what}. Export the dataset again.")


def _json_of(content: bytes, place: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DamagedError(
            f"`{place}` is not valid JSON ({error}). Copy it again from where it was exported."
        ) from error
