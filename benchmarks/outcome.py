"""What every benchmark is given and what it returns: rows of a table, with ratios taken within turns."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Self


class Spread(NamedTuple):
    """The median of the turns, the least and the most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: list[float]) -> Self:
        """Return the spread of some values."""
        return cls(statistics.median(values), min(values), max(values))

    def words(self, form: str) -> str:
        """Return it as `1.2 (1.1 to 1.3)`, numbers in a format."""
        return f"{self.median:{form}} ({self.least:{form}} to {self.most:{form}})"


class Row(NamedTuple):
    """One comparison: what is measured, ours and the other's median in `unit`, and how many times better ours is.

    `times` is above 1 where ours is better: less of what should be small, more of what should be large. A row without
    figures says in `note` why, and what to do.
    """

    name: str
    unit: str = ""
    ours: float | None = None
    peer: str = ""
    theirs: float | None = None
    times: Spread | None = None
    note: str = ""


class Outcome(NamedTuple):
    """What a benchmark found: rows for the table, and details, plain values for the JSON."""

    rows: list[Row]
    details: dict[str, Any]


def silent(message: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Occasion:
    """How a benchmark is to be run.

    `quick`: few turns and small sizes, to see that it runs. `keras_python`: an interpreter that has TensorFlow.
    `peers`: a folder with checkouts of others' programs. `folder`: empty, for what is written. `work`: where files that
    are slow to make are kept. `say` is told what is being done.
    """

    folder: Path
    quick: bool = False
    threads: int = 2
    keras_python: Path | None = None
    peers: Path | None = None
    work: Path | None = None
    say: Callable[[str], None] = field(default=silent)

    def either(self, quick: int, whole: int) -> int:
        """Return one of two sizes."""
        return quick if self.quick else whole
