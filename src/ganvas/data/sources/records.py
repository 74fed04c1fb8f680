"""Rows of listings: from the bytes of CSV, JSON lines, Parquet and StyleGAN's JSON to labels and facts."""

import csv
import io
import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ganvas.data.sources.source import Facts
from ganvas.errors import DataError
from ganvas.extras import install

Record = Mapping[str, Any]
MAX_RECORDS = 10_000_000
_DELIMITERS = ",;\t|"
_MAX_TEXT = 10_000
_MAX_PARQUET_BYTES = 1 << 30
_YES = frozenset({"1", "true", "yes", "y", "t"})
_NO = frozenset({"", "0", "false", "no", "n", "f", "none", "null", "nan"})


def facts_of(record: Record) -> Facts:
    """Return the origin and rights that a record tells, by any of the usual names of the columns."""
    opt_out = _words(value_of(record, ("opt_out",)))
    if opt_out is not None and opt_out.lower() in _YES:
        opt_out = "The listing marks it as opted out."
    synthetic = _words(value_of(record, ("synthetic", "is_synthetic"))) or ""
    return Facts(
        licence=_words(value_of(record, ("licence", "license"))),
        creator=_words(value_of(record, ("creator", "author", "artist"))),
        title=_words(value_of(record, ("title",))),
        url=_words(value_of(record, ("url", "source"))),
        evidence=_words(value_of(record, ("evidence", "page"))),
        is_synthetic=synthetic.lower() not in _NO,
        opt_out=None if opt_out is None or opt_out.lower() in _NO else opt_out,
    )


def label_of(value: object) -> str | None:
    """Return a label as text: words, a number, or the place of the one in a one-hot vector."""
    if isinstance(value, list):
        hot = [index for index, number in enumerate(value) if number == 1]
        return str(hot[0]) if len(hot) == 1 and value.count(0) == len(value) - 1 else None
    text = _words(value) or ""
    number = re.fullmatch(r"(-?\d{1,18})\.0+", text)  # what a table with gaps makes of whole numbers
    return number[1] if number else text or None


def value_of(record: Record, names: Sequence[str]) -> object:
    """Return the first of the columns `names` that holds something."""
    return next((record[name] for name in names if record.get(name) not in (None, "")), None)


def plain_text(value: object) -> str:
    """Return a value as valid Unicode text."""
    return str(value).encode("utf-8", "replace").decode()


def json_of(content: bytes) -> Any:  # noqa: ANN401
    """Return the value of JSON bytes; None where they are not JSON."""
    try:
        return json.loads(_decoded(content))
    except (ValueError, RecursionError):
        return None


def lower_keys(value: object) -> Record | None:
    """Return a mapping with its keys in small letters; None for anything else."""
    return {str(key).strip().lower(): entry for key, entry in value.items()} if isinstance(value, dict) else None


def _words(value: object) -> str | None:
    """Return a value as one line of composed text; None where it says nothing."""
    if value is None or isinstance(value, list | dict) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return unicodedata.normalize("NFC", " ".join(plain_text(value).split()))[:_MAX_TEXT] or None


def _csv(content: bytes) -> Iterator[Record | None]:
    text = _decoded(content)
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    for delimiter in _DELIMITERS:
        header = _columns(first, delimiter)
        if "file_name" in header or "filename" in header:
            return _csv_records(text, delimiter, header)
    raise DataError(f"it has no column `file_name`; it starts `{first[:80].strip()}`.")


def _columns(line: str, delimiter: str) -> list[str]:
    try:
        return [name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _csv_records(text: str, delimiter: str, header: list[str]) -> Iterator[Record | None]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    next(rows)
    yield from rows_as_records(rows, header)


def rows_as_records(rows: Iterator[list[str]], header: list[str]) -> Iterator[Record | None]:
    """Yield the rows of a CSV reader by the names in `header`, without empty ones; None for one that cannot be read."""
    for _ in range(MAX_RECORDS):
        try:
            values = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield None
            continue
        if any(values):
            yield dict(zip(header, (value.strip() for value in values), strict=False))


def _json_lines(content: bytes) -> Iterator[Record | None]:
    for line in io.StringIO(_decoded(content), newline="\n"):
        if line.strip():
            yield lower_keys(json_of(line.encode("utf-8", "surrogatepass")))


def _parquet(content: bytes) -> Iterator[Record | None]:
    try:
        from pyarrow import ArrowException, BufferReader, parquet
    except ImportError as error:
        raise DataError(f"reading it needs the package pyarrow. {install('data')}") from error
    try:
        file = parquet.ParquetFile(BufferReader(content))
        sizes = [file.metadata.row_group(index).total_byte_size for index in range(file.num_row_groups)]
        if sum(sizes) > _MAX_PARQUET_BYTES or file.metadata.num_rows > MAX_RECORDS:
            raise DataError("it unpacks to more than listings may have.")
        for batch in file.iter_batches(batch_size=1024):
            yield from map(lower_keys, batch.to_pylist())
    except (ArrowException, OSError, ValueError) as error:
        raise DataError(f"it is not a Parquet file that can be read ({error}).") from error


def _stylegan(content: bytes) -> Iterator[Record | None]:
    value = json_of(content)
    if not isinstance(value, dict) or "labels" not in value:
        raise DataError('it is not of the form {"labels": [["path", number], ...]}.')
    labels = value["labels"]
    pairs = labels.items() if isinstance(labels, dict) else labels or []
    if not isinstance(labels, dict | list | None):
        raise DataError("its labels are neither a list nor null.")
    return (
        {"file_name": pair[0], "label": pair[1]} if isinstance(pair, list | tuple) and len(pair) == 2 else None
        for pair in pairs
    )


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


RECORDS: dict[str, Callable[[bytes], Iterator[Record | None]]] = {
    "dataset.json": _stylegan,
    "metadata.csv": _csv,
    "metadata.jsonl": _json_lines,
    "metadata.parquet": _parquet,
}
"""The names of listings, and what reads each: an iterator of records, None for a row that cannot be read."""
