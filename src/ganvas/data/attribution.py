"""Who is to be named beside a dataset."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from ganvas.data.ledger import LEDGER, rows
from ganvas.data.rights.attribution import Attribution, attribution_lines
from ganvas.data.rights.licences import spdx, terms_of
from ganvas.data.store import Dataset

ATTRIBUTION = "ATTRIBUTION.md"
_NAMED = "outcome = 'kept' AND licence IS NOT NULL AND COALESCE(creator, title, url) IS NOT NULL"
_UNNAMED = "outcome = 'kept' AND licence IS NOT NULL AND COALESCE(creator, title, url) IS NULL"
_ORDER = "licence, creator IS NULL, creator, title, number"


def write_attribution(dataset: Dataset, folder: Path) -> None:
    """Write ATTRIBUTION.md where the licence of an image asks for its creator to be named, in flat memory.

    A licence whose terms are not known is taken to ask for it. Images of which nothing is known but the licence are
    named together, by their source.
    """
    credited = chain(_sources(dataset), _images(dataset))
    if (first := next(credited, None)) is None:
        return
    with (folder / ATTRIBUTION).open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in attribution_lines(chain([first], credited)))


def _images(dataset: Dataset) -> Iterator[Attribution]:
    for row in rows(dataset.folder / LEDGER, _NAMED, _ORDER):
        if _asks_for_it(row.licence or ""):
            yield Attribution(row.title or row.path, row.creator, row.licence, url=row.url)


def _sources(dataset: Dataset) -> Iterator[Attribution]:
    origins = {source.name: source.origin for source in dataset.card.sources}
    for row in rows(dataset.folder / LEDGER, f"{_UNNAMED} GROUP BY licence, source", "licence, source"):
        if _asks_for_it(row.licence or ""):
            origin = origins[row.source]
            url = origin if origin.startswith(("http://", "https://")) else None
            yield Attribution(f"Images of {row.source}", None, row.licence, url=url)


def _asks_for_it(licence: str) -> bool:
    terms = terms_of(spdx(licence) or licence)
    return terms is None or terms.needs_attribution
