"""The record of a collected folder: every candidate and what became of it, in an SQLite file that survives kills."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, Self

from ganvas.data.collecting.candidate import Candidate
from ganvas.errors import StorageError

RECORD = "collected.sqlite"
Outcome = Literal["writing", "kept", "refused", "failed", "duplicate"]
_FACTS = tuple(name for name in Candidate._fields if name != "url")
_TABLE = f"""
CREATE TABLE IF NOT EXISTS candidates (
    source     TEXT NOT NULL,     -- the list or collection, with its query
    url        TEXT NOT NULL,
    occurrence INTEGER NOT NULL,  -- which one of those with this address in this source, from 0
    outcome    TEXT NOT NULL CHECK (outcome IN ('writing', 'kept', 'refused', 'failed', 'duplicate')),
    kind       TEXT,              -- where not kept: a short stable name of the reason
    reason     TEXT,              -- where not kept: in words
    is_passing INTEGER NOT NULL,  -- of a failure: 1 where the next run tries again
    sha256     TEXT,
    file_name  TEXT,              -- of what is kept; of a duplicate: what stands for it
    bytes      INTEGER,
    spdx       TEXT,
    retrieved  TEXT,              -- date
    {", ".join(f"{name} TEXT" for name in _FACTS)},
    PRIMARY KEY (source, url, occurrence)
)
"""


_COLUMNS = "outcome, kind, reason, is_passing, sha256, file_name, bytes, spdx, retrieved"
_RESULT = f"SELECT {_COLUMNS} FROM candidates"  # noqa: S608
IsWhole = Callable[[str, str], bool]


class Key(NamedTuple):
    """Which candidate: the same in each run over the same source."""

    source: str
    url: str
    occurrence: int


class Result(NamedTuple):
    """What became of a candidate."""

    outcome: Outcome
    kind: str | None = None
    reason: str | None = None
    is_passing: bool = False
    sha256: str | None = None
    file_name: str | None = None
    num_bytes: int | None = None
    spdx: str | None = None
    retrieved: str | None = None


class Kept(NamedTuple):
    """A kept image: its result, and what was said of it."""

    result: Result
    candidate: Candidate


class Record:
    """The opened record; each `put` is on the disk when it returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _explained(path):
            self.database = sqlite3.connect(path, isolation_level=None)
            self.database.execute(_TABLE)
            self.database.execute("CREATE INDEX IF NOT EXISTS by_hash ON candidates (sha256)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def find(self, key: Key) -> Result | None:
        """Return what became of a candidate; None where it is new."""
        rows = self._ask(f"{_RESULT} WHERE source = ? AND url = ? AND occurrence = ?", *key)
        return _result(rows[0]) if rows else None

    def kept_as(self, sha256: str) -> str | None:
        """Return the name of the kept file (or one being written) that has these bytes."""
        query = "SELECT file_name FROM candidates WHERE sha256 = ? AND outcome IN ('kept', 'writing')"
        rows = self._ask(query, sha256)
        return rows[0][0] if rows else None

    def kept_url(self, url: str) -> str | None:
        """Return the name of the kept file that came from an address."""
        rows = self._ask("SELECT file_name FROM candidates WHERE url = ? AND outcome = 'kept'", url)
        return rows[0][0] if rows else None

    def put(self, key: Key, candidate: Candidate, result: Result) -> None:
        """Record what became of a candidate, instead of what was recorded before."""
        facts = [getattr(candidate, name) for name in _FACTS]
        values = (*key, *result, *facts)
        with _explained(self.path):
            slots = ", ".join("?" * len(values))
            self.database.execute(f"INSERT OR REPLACE INTO candidates VALUES ({slots})", values)  # noqa: S608

    def settle_unfinished(self, is_whole: IsWhole) -> None:
        """Decide what a kill left being written: kept where `is_whole(file_name, sha256)`, else never begun."""
        for rowid, file_name, sha256 in self._ask(
            "SELECT rowid, file_name, sha256 FROM candidates WHERE outcome = 'writing'"
        ):
            done = is_whole(file_name, sha256)
            self._ask(
                "UPDATE candidates SET outcome = 'kept' WHERE rowid = ?"
                if done
                else "DELETE FROM candidates WHERE rowid = ?",
                rowid,
            )

    def counts(self) -> Counter[str]:
        """Return the number of candidates of each outcome."""
        return Counter(dict(self._ask("SELECT outcome, COUNT(*) FROM candidates GROUP BY outcome")))

    def reasons(self) -> list[tuple[str, str, int]]:
        """Return outcome, kind and number of what was not kept, the most first."""
        return self._ask(
            "SELECT outcome, kind, COUNT(*) FROM candidates WHERE outcome != 'kept' "
            "GROUP BY outcome, kind ORDER BY 3 DESC, 1, 2"
        )

    def kept(self) -> Iterator[Kept]:
        """Yield the kept images by their file names."""
        width = len(Result._fields)
        query = f"SELECT {_COLUMNS}, url, {', '.join(_FACTS)} FROM candidates WHERE outcome = 'kept' ORDER BY file_name"  # noqa: S608
        for row in self._ask(query):
            candidate = Candidate(row[width], *row[width + 1 :])
            yield Kept(_result(row[:width]), candidate._replace(is_synthetic=str(candidate.is_synthetic) == "1"))

    def _ask(self, query: str, *values: object) -> list[tuple]:
        with _explained(self.path):
            return self.database.execute(query, values).fetchall()


def _result(row: tuple) -> Result:
    result = Result._make(row)
    return result._replace(is_passing=bool(result.is_passing))


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(
            f"Could not use `{path}`: {error}. Free some space there, end other runs on it, or choose another --out."
        ) from error
