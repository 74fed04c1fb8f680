"""Images that a trained model draws, as a source: every one is marked as made by a model."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ganvas.data.sources.source import Facts, Item, Source
from ganvas.errors import DataError
from ganvas.images import Pixels

_BATCH = 64


def generated_source(
    name: str,
    total: int,
    draw: Callable[[int, int], Pixels],
    *,
    channels: int,
    origin: str,
    fingerprint: str,
    labels: Sequence[str] | None = None,
    licence: str | None = None,
) -> Source:
    """Return a source of images 0 ... total - 1 of a model.

    `draw(first, num)` returns images `first` ... `first + num - 1` as uint8 [num, H, W, C], the same each time.
    `labels` [total] are the names of the classes shown; None without classes. `origin` names the model, and
    `fingerprint` changes with its weights and seed. Each item has `Facts.is_synthetic`.

    Raises `DataError` where `total` is below 1 or the labels are not as many.
    """
    if total < 1:
        raise DataError(f"{total} images of `{name}` were asked for; ask for at least 1.")
    if labels is not None and len(labels) != total:
        raise DataError(f"{total} images of `{name}` were asked for, with {len(labels)} labels.")
    facts = Facts(licence=licence, creator=origin, is_synthetic=True)
    return Source(
        name=name,
        reader="generated",
        origin=origin,
        licence=licence,
        channels=channels,
        total=total,
        items=partial(_items, total, draw, labels, facts),
        fingerprint=fingerprint,
        note=f"The {total:,} images of `{name}` are made by a model, and are marked so.",
    )


def _items(
    total: int, draw: Callable[[int, int], Pixels], labels: Sequence[str] | None, facts: Facts
) -> Iterator[Item]:
    for first in range(0, total, _BATCH):
        pixels = draw(first, min(_BATCH, total - first))
        for index, image in enumerate(pixels, first):
            yield Item(f"generated[{index}]", image, labels[index] if labels else None, facts=facts)
