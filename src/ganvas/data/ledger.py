"""The ledger of a dataset folder: one row per input file, whatever became of it, in an SQLite file."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from ganvas.data.inspection import Finding
from ganvas.data.sources.source import Item, Source
from ganvas.data.splitting import Split
from ganvas.errors import DamagedError, StorageError

LEDGER = "manifest.sqlite"
Outcome = Literal["kept", "refused", "duplicate", "dropped", "quarantined"]
OUTCOMES: tuple[Outcome, ...] = ("kept", "refused", "duplicate", "dropped", "quarantined")
_TABLE = """
CREATE TABLE files (
    number     INTEGER PRIMARY KEY,  -- in the order of reading
    source     TEXT NOT NULL,        -- as the card names it
    path       TEXT NOT NULL,        -- inside the source
    outcome    TEXT NOT NULL CHECK (outcome IN ('kept', 'refused', 'duplicate', 'dropped', 'quarantined')),
    kind       TEXT,                 -- where not kept: a short stable name of the reason
    reason     TEXT,                 -- where not kept: in words
    sha256     TEXT,                 -- of the file's bytes; NULL where they could not or may not be read
    num_bytes  INTEGER,
    format     TEXT,
    width      INTEGER,              -- of the original, upright
    height     INTEGER,
    label      TEXT,
    declared   TEXT,                 -- the split that its source declares
    split      TEXT,
    row        INTEGER,              -- in the pixel file of its split
    weight     REAL NOT NULL,        -- how often it is drawn in training, beside others
    licence    TEXT,
    creator    TEXT,
    title      TEXT,
    url        TEXT,
    evidence   TEXT,                 -- what licence and opt-out were read from
    opt_out    TEXT,                 -- a reservation of rights against training, in words
    synthetic  INTEGER NOT NULL,     -- 1: made by a model
    flags      TEXT NOT NULL,        -- what is unusual about it, separated by commas
    cluster    INTEGER,              -- of images that look the same
    same_as    INTEGER,              -- of a duplicate: the number of the one that stands for it
    brightness REAL,                 -- mean luma, 0 to 1
    contrast   REAL,                 -- its standard deviation
    entropy    REAL,                 -- of its histogram, in bits
    sharpness  REAL,
    hash       INTEGER,              -- perceptual, 64 bits
    thumbnail  BLOB,                 -- 16x16 luma
    colours    BLOB,                 -- 4x4 Cb, then Cr
    place      INTEGER               -- among the readable images; NULL when refused
)
"""


class Row(NamedTuple):
    """One input file."""

    number: int
    source: str
    path: str
    outcome: Outcome
    kind: str | None = None
    reason: str | None = None
    sha256: str | None = None
    num_bytes: int | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    label: str | None = None
    declared: Split | None = None
    split: Split | None = None
    row: int | None = None
    weight: float = 1.0
    licence: str | None = None
    creator: str | None = None
    title: str | None = None
    url: str | None = None
    evidence: str | None = None
    opt_out: str | None = None
    synthetic: bool = False
    flags: str = ""
    cluster: int | None = None
    same_as: int | None = None
    brightness: float | None = None
    contrast: float | None = None
    entropy: float | None = None
    sharpness: float | None = None
    hash: int | None = None
    thumbnail: bytes | None = None
    colours: bytes | None = None
    place: int | None = None


_UPDATE = """
UPDATE files SET outcome = ?, kind = ?, reason = ?, flags = ?, cluster = ?, same_as = ?, split = NULL, row = NULL
WHERE number = ?
"""


def row_of(number: int, source: Source, item: Item, finding: Finding, weight: float) -> Row:
    """Return the row of an item: what its source knows goes before what its file says."""
    facts, rights, refusal = item.facts, finding.rights, finding.refusal
    reserved = rights.opt_out_kind == "all-rights-reserved"  # of its copyright, not against training
    row = Row(
        number=number,
        source=source.name,
        path=item.name,
        outcome="refused" if refusal else "kept",
        kind=refusal.kind if refusal else None,
        reason=refusal.reason if refusal else None,
        sha256=finding.sha256,
        num_bytes=finding.num_bytes,
        format=finding.format,
        width=finding.width,
        height=finding.height,
        label=item.label,
        declared=item.split,
        weight=weight,
        licence=facts.licence or rights.licence or source.licence or (rights.opt_out if reserved else None),
        creator=facts.creator or rights.creator,
        title=facts.title,
        url=facts.url,
        evidence="; ".join(filter(None, (facts.evidence, *rights.evidence))) or None,
        opt_out=facts.opt_out or (None if reserved else rights.opt_out),
        synthetic=facts.is_synthetic or rights.synthetic,
    )
    return row._replace(**finding.measures._asdict()) if finding.measures else row


class Verdict(NamedTuple):
    """What was decided about a readable file once all were seen."""

    outcome: Outcome
    kind: str | None
    reason: str | None
    flags: str
    cluster: int | None
    same_as: int | None
    number: int


class LedgerWriter:
    """A ledger in the making; rows outlive a kill once `commit` returned, and a new writer goes on after them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pending: list[Row] = []
        with _explained(path):
            self.database = sqlite3.connect(path, isolation_level=None)
            self.database.execute(_TABLE.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))
            self.database.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, row: Row) -> None:
        """Add one row."""
        self.pending.append(row)

    def commit(self) -> None:
        """Bring all rows to the disk."""
        slots = ", ".join("?" * len(Row._fields))
        with _explained(self.path):
            self.database.executemany(f"INSERT INTO files VALUES ({slots})", self.pending)  # noqa: S608
            self.database.execute("COMMIT")
            self.database.execute("BEGIN")
        self.pending.clear()

    def ask(self, query: str) -> list[Any]:
        """Return all answers to a query."""
        with _explained(self.path):
            return self.database.execute(query).fetchall()

    def stream(self, query: str, batch: int = 4096) -> Iterator[list[Any]]:
        """Yield the answers to a query in batches."""
        with _explained(self.path):
            cursor = self.database.execute(query)
            while rows := cursor.fetchmany(batch):
                yield rows

    def judge(self, verdicts: Iterable[Verdict]) -> None:
        """Record what was decided about readable files."""
        with _explained(self.path):
            self.database.executemany(_UPDATE, verdicts)

    def place(self, split: Split, numbers: Sequence[int]) -> None:
        """Record that the kept files `numbers` are, in this order, the rows of `split`."""
        places = ((split, row, number) for row, number in enumerate(numbers))
        with _explained(self.path):
            self.database.executemany("UPDATE files SET split = ?, row = ? WHERE number = ?", places)

    def finish(self, path: Path) -> None:
        """Write the finished ledger to `path`: its bytes are a function of its rows alone."""
        path.unlink(missing_ok=True)
        with _explained(path):
            self.database.execute("COMMIT")
            self.database.execute("VACUUM INTO ?", (str(path),))
            self.database.execute("BEGIN")

    def close(self) -> None:
        """Close the file; what was not committed is not kept."""
        self.database.close()


def rows(path: Path, where: str = "1", order: str = "number", *values: object) -> Iterator[Row]:
    """Yield rows of a finished ledger; `where` and `order` are SQL, `values` fill its question marks."""
    query = f"SELECT * FROM files WHERE {where} ORDER BY {order}"  # noqa: S608
    for values_of_row in _query(path, query, *values):
        yield Row._make(values_of_row)


def places(path: Path, column: str) -> Iterator[tuple[Split, int, Any]]:
    """Yield split, row of its pixel file and a column (SQL) of each image of the set, as they lie in the ledger."""
    yield from _query(path, f"SELECT split, row, {column} FROM files WHERE split IS NOT NULL")  # noqa: S608


def ask(path: Path, columns: str, limit: int = -1) -> Iterator[Any]:
    """Yield columns (SQL) of each kept row, in the order of reading; -1 is no limit."""
    yield from _query(path, f"SELECT {columns} FROM files WHERE outcome = 'kept' ORDER BY number LIMIT ?", limit)  # noqa: S608


def _query(path: Path, query: str, *values: object) -> Iterator[Any]:
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
