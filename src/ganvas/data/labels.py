"""What the ledger says of millions of images, by row: labels in as few bytes each as their classes need, numbers."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.data.splitting import SPLITS, Split
from ganvas.errors import DataError

_PIECE = 1 << 16  # rows of a ledger at once


def smallest(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels [N] as the smallest type that holds them."""
    return labels.astype(np.result_type(np.min_scalar_type(labels.min()), np.min_scalar_type(labels.max())))


def labels_by_row(
    rows: Iterable[tuple[Split, int, str | None]], classes: Sequence[str], counts: dict[Split, int]
) -> dict[Split, NDArray[Any]]:
    """Return the labels [N] of each split of (split, row, class) in any order; 1 byte each up to 255 classes.

    Raises `DataError` where a row of a split is missing, named twice, or has no class.
    """
    index = {name: label for label, name in enumerate(classes)}
    none = len(classes)  # no label: of rows that were not named yet
    found: dict[Split, NDArray[Any]] = {
        split: np.full(counts[split], none, np.min_scalar_type(none)) for split in SPLITS
    }
    rows, num = iter(rows), 0
    while piece := list(islice(rows, _PIECE)):
        num += len(piece)
        for split, labels in found.items():
            own = [(row, index.get(name or "", none)) for of, row, name in piece if of == split]
            places = np.array([row for row, _ in own], np.int64)
            if len(places) and not 0 <= places.min() <= places.max() < len(labels):
                raise DataError("A row lies outside its split.")
            labels[places] = [label for _, label in own]
    if num != sum(counts.values()) or any((labels == none).any() for labels in found.values()):
        raise DataError("The rows are not those of the splits.")
    return found


def column_by_row(rows: Iterable[tuple[Split, int, float]], split: Split, count: int) -> NDArray[np.float64]:
    """Return the value [N] of each image of a split of (split, row, value) in any order.

    Raises `DataError` where a row of the split is missing or lies outside it.
    """
    values = np.full(count, np.nan)
    for found, row, value in rows:
        if found == split:
            if not 0 <= row < count:
                raise DataError("A row lies outside its split.")
            values[row] = value
    if np.isnan(values).any():
        raise DataError("The rows are not those of the split.")
    return values
