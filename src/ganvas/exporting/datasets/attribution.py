"""Who is to be named beside an exported dataset."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from ganvas.data.ledger import LEDGER, rows
from ganvas.data.rights.attribution import Attribution, attribution_lines
from ganvas.data.rights.licences import spdx, terms_of
from ganvas.data.store import Dataset

ATTRIBUTION = "ATTRIBUTION.md"
_ORDER = "licence, creator IS NULL, creator, title, number"


def write_attribution(dataset: Dataset, folder: Path) -> None:
    """Write ATTRIBUTION.md where the licence of an image asks for its creator to be named, in flat memory.

    A licence whose terms are not known is taken to ask for it.
    """
    credited = _credited(dataset)
    if (first := next(credited, None)) is None:
        return
    with (folder / ATTRIBUTION).open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in attribution_lines(chain([first], credited)))


def _credited(dataset: Dataset) -> Iterator[Attribution]:
    for row in rows(dataset.folder / LEDGER, "outcome = 'kept' AND licence IS NOT NULL", _ORDER):
        licence = row.licence or ""
        terms = terms_of(spdx(licence) or licence)
        if terms is None or terms.needs_attribution:
            yield Attribution(row.title or row.path, row.creator, row.licence, url=row.url)
