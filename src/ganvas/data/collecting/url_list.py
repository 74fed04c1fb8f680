"""Lists of addresses: a text file of one a line, or a table (csv, tsv, jsonl, parquet) with a column of them."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import chain, islice
from pathlib import Path

from ganvas.data.collecting.candidate import Candidate, Collector, Search, words
from ganvas.data.sources.listing import MAX_LISTING_BYTES
from ganvas.data.sources.records import RECORDS, Record, facts_of, label_of, lower_keys, rows_as_records, value_of
from ganvas.errors import DataError
from ganvas.storage import reading

COLUMNS: dict[str, tuple[str, ...]] = {
    "url": ("url", "image_url", "img_url", "imageurl", "image", "link", "href", "uri"),
    "page": ("page", "page_url", "landing_url", "foreign_landing_url", "descriptionurl", "source"),
    "label": ("label", "class", "category"),
    "split": ("split",),
    "licence": ("licence", "license", "rights"),
    "licence_url": ("licence_url", "license_url"),
    "creator": ("creator", "author", "artist", "photographer", "credit"),
    "title": ("title", "caption", "name"),
    "evidence": ("evidence",),
    "synthetic": ("synthetic", "is_synthetic"),
    "opt_out": ("opt_out",),
}
"""What each column is called, in the order of preference; capitals do not matter."""
_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_HEADS = 100


async def candidates(search: Search) -> AsyncIterator[Candidate]:
    """Yield the candidates of the file `search.path`; rows without an address have an empty one."""
    assert search.path is not None, "a list has a path"
    for candidate in _read(search.path, search.say):
        yield candidate


def num_in(path: Path) -> int:
    """Return the number of candidates of a file."""
    return sum(1 for _ in _read(path, lambda _: None))


def _read(path: Path, say: Callable[[str], None]) -> Iterator[Candidate]:
    with reading(path):
        if path.stat().st_size > MAX_LISTING_BYTES:
            raise DataError(f"`{path}` is larger than {MAX_LISTING_BYTES >> 20} MiB. Split it into several lists.")
        content = path.read_bytes()
    ending = path.suffix.lower()
    if ending not in _TABLES:
        lines = (line.strip() for line in content.decode("utf-8-sig", "replace").splitlines())
        yield from (Candidate(line, evidence=path.name) for line in lines if line and not line.startswith("#"))
        return
    records = iter(_records(ending, content, path))
    first = list(islice(records, _HEADS))
    columns = _columns(first, path)
    say(f"`{path.name}`: " + ", ".join(f"{name} from `{column}`" for name, column in columns.items()))
    for number, record in enumerate(chain(first, records), start=1):
        yield _candidate(record or {}, f"row {number} of {path.name}")


def _columns(records: list[Record | None], path: Path) -> dict[str, str]:
    """Return the column of the file that gives each fact, by what the first records hold."""
    names = dict.fromkeys(name for record in records if record for name in record)
    found = {
        fact: column
        for fact, known in COLUMNS.items()
        if (column := next((name for name in known if name in names), ""))
    }
    if "url" not in found:
        known, there = ", ".join(COLUMNS["url"]), ", ".join(list(names)[:20]) or "none"
        raise DataError(f"`{path}` has no column of addresses (one of: {known}). Its columns: {there}.")
    return found


def _records(ending: str, content: bytes, path: Path) -> Iterator[Record | None]:
    if ending in (".csv", ".tsv"):
        return _csv(content, ending)
    name = "metadata.parquet" if ending == ".parquet" else "metadata.jsonl"
    return _explained(RECORDS[name](content), path)


def _explained(records: Iterator[Record | None], path: Path) -> Iterator[Record | None]:
    try:
        yield from records
    except DataError as error:
        raise DataError(f"`{path}` cannot be read: {error}") from error


def _csv(content: bytes, ending: str) -> Iterator[Record | None]:
    text = content.decode("utf-8-sig", "replace")
    head = text.split("\n", 1)[0]
    delimiter = "\t" if ending == ".tsv" else max(",;\t|", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [name.strip().lower() for name in next(rows, [])]
    for record in rows_as_records(rows, header):
        yield None if record is None else lower_keys(record)


def _candidate(record: Record, place: str) -> Candidate:
    facts = facts_of(record)

    def fact(name: str) -> str | None:
        return words(value_of(record, COLUMNS[name]))

    return Candidate(
        url=fact("url") or "",
        page=fact("page"),
        licence=fact("licence"),
        licence_url=fact("licence_url"),
        creator=fact("creator"),
        title=fact("title"),
        label=label_of(value_of(record, COLUMNS["label"])),
        split=fact("split"),
        evidence=facts.evidence if record.get("evidence") else place,
        is_synthetic=facts.is_synthetic,
        opt_out=facts.opt_out,
    )


COLLECTOR = Collector(candidates, needs_query=False, num_in=num_in)
