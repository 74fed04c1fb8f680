"""The index beside exported shards, by which they can be trained from where they lie."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.data.scaling import SCALING_FILES
from ganvas.data.shards.index import INDEX, Index, IndexedFile, Shard, SplitShards, label_type
from ganvas.data.splitting import SPLITS, Split
from ganvas.data.store import Dataset
from ganvas.exporting.datasets.record import by_row
from ganvas.storage import json_bytes, sha256_of_file, write_file

Order = Callable[[Dataset, Split], NDArray[np.int64]]
"""The rows [N] of a split of a dataset folder in the order that they lie in its shards."""


def write_index(
    dataset: Dataset, folder: Path, kind: str, shards: Mapping[Split, Sequence[tuple[str, int]]], order: Order = by_row
) -> None:
    """Write the index of shards, (name, images) of each split, into the folder they lie in, and what it names."""
    splits: dict[Split, SplitShards] = {
        split: SplitShards(
            shards=tuple(Shard(**_about(folder, name), count=count) for name, count in shards.get(split, ())),
            labels=_write_labels(dataset, folder, split, order),
        )
        for split in SPLITS
    }
    scaling = SCALING_FILES if dataset.scaling is not None else ()
    for name in scaling:
        write_file(folder / name, (dataset.folder / name).read_bytes())
    sources = tuple(source.model_copy(update={"name": source.origin}) for source in dataset.card.sources)
    index = Index(
        kind=kind,
        card=dataset.card.model_copy(update={"sources": sources}),
        splits=splits,
        scaling=tuple(IndexedFile(**_about(folder, name)) for name in scaling),
    )
    write_file(folder / INDEX, json_bytes(index.plain()))


def _write_labels(dataset: Dataset, folder: Path, split: Split, order: Order) -> IndexedFile | None:
    labels = dataset.labels(split)
    if labels is None:
        return None
    name = f"labels-{split}.index"
    write_file(folder / name, labels[order(dataset, split)].astype(label_type(dataset.num_classes)).tobytes())
    return IndexedFile(**_about(folder, name))


def _about(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    return {"name": name, "num_bytes": path.stat().st_size, "sha256": sha256_of_file(path)}
