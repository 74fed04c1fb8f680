"""The ledger of a dataset folder: one row per input file, kept or refused, in an SQLite file."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from ganvas.data.splitting import Split
from ganvas.errors import DamagedError, StorageError

LEDGER = "manifest.sqlite"
_BATCH = 1000
_TABLE = """
CREATE TABLE files (
    number  INTEGER PRIMARY KEY,  -- in the order of reading
    source  TEXT NOT NULL,        -- as the card names it
    path    TEXT NOT NULL,        -- inside the source
    outcome TEXT NOT NULL CHECK (outcome IN ('kept', 'refused')),
    kind    TEXT,                 -- of a refusal: a short stable name
    reason  TEXT,                 -- of a refusal: in words
    sha256  TEXT,                 -- of the file's bytes; NULL where they could not or may not be read
    label   TEXT,
    split   TEXT,
    licence TEXT,
    row     INTEGER               -- in the pixel file of its split
)
"""


class Row(NamedTuple):
    """One input file."""

    number: int
    source: str
    path: str
    outcome: str
    kind: str | None = None
    reason: str | None = None
    sha256: str | None = None
    label: str | None = None
    split: str | None = None
    licence: str | None = None
    row: int | None = None


class LedgerWriter:
    """Writes rows in batches. It needs no journal: the folder around it is unfinished until all is written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pending: list[Row] = []
        with _explained(path):
            self.database = sqlite3.connect(path, isolation_level=None)
            self.database.execute("PRAGMA journal_mode = OFF")
            self.database.execute("PRAGMA synchronous = OFF")
            self.database.execute(_TABLE)
            self.database.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, row: Row) -> None:
        """Add one row."""
        self.pending.append(row)
        if len(self.pending) >= _BATCH:
            self._write()

    def place(self, split: Split, numbers: Iterable[int]) -> None:
        """Record that the kept files `numbers` are, in this order, the rows of `split`."""
        self._write()
        places = ((split, row, number) for row, number in enumerate(numbers))
        with _explained(self.path):
            self.database.executemany("UPDATE files SET split = ?, row = ? WHERE number = ?", places)

    def finish(self) -> None:
        """Write what is pending and close the file."""
        self._write()
        with _explained(self.path):
            self.database.execute("COMMIT")
        self.close()

    def close(self) -> None:
        """Close the file; what was not finished is not kept."""
        self.database.close()

    def _write(self) -> None:
        slots = ", ".join("?" * len(Row._fields))
        with _explained(self.path):
            self.database.executemany(f"INSERT INTO files VALUES ({slots})", self.pending)  # noqa: S608
        self.pending.clear()


def rows(path: Path, outcome: Literal["kept", "refused"]) -> Iterator[Row]:
    """Yield the rows of a finished ledger with that outcome, in the order of reading."""
    yield from map(Row._make, _query(path, "SELECT * FROM files WHERE outcome = ? ORDER BY number", outcome))


def labels_of(path: Path, split: Split) -> list[str | None]:
    """Return the label of each row of a split's pixel file, in its order."""
    return [label for (label,) in _query(path, "SELECT label FROM files WHERE split = ? ORDER BY row", split)]


def _query(path: Path, query: str, *values: str) -> Iterator[Any]:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            yield from database.execute(query, values)
    except sqlite3.Error as error:
        raise DamagedError(f"`{path}` cannot be read ({error}). Prepare the dataset again.") from error


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(f"Could not write `{path}`: {error}. Free some space there and try again.") from error
