"""Where an image went: the datasets that hold it, and the runs and models that learnt from those."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ganvas.data.card import CARD
from ganvas.data.ledger import Row
from ganvas.data.store import Dataset
from ganvas.errors import GanvasError, UsageError
from ganvas.models.saved import DESCRIPTION
from ganvas.storage import read_json
from ganvas.workflows.run_folder import CONFIG

_HASH = re.compile("[0-9a-fA-F]{8,64}")


class Traced(NamedTuple):
    """A dataset folder with the rows that were asked for, and the runs and model folders that learnt from it."""

    dataset: Path
    content_hash: str
    rows: list[Row]
    learners: list[Path]
    """Where at least one of the rows is in the set, not merely recorded."""

    @property
    def holds(self) -> bool:
        """Whether the dataset holds one of the images."""
        return any(row.outcome == "kept" for row in self.rows)


def trace(what: str, root: str | Path = ".") -> list[Traced]:
    """Return every dataset folder below `root` whose ledger names `what`, with all that learnt from it.

    `what` is the SHA-256 of a file (or its first 8 digits or more), the path of such a file, an address, or a creator.
    Damaged folders are skipped. Raises `UsageError` where `what` is empty or `root` is no folder.
    """
    root = Path(root).expanduser()
    if not what.strip():
        raise UsageError("Nothing to trace: give a SHA-256, a file, an address or a creator.")
    if not root.is_dir():
        raise UsageError(f"`{root}` is not a folder. Give the folder that holds your datasets and runs with --within.")
    wanted, values = _query(what.strip())
    folders = list(_folders(root))
    learners = [found for folder in folders if (found := _learner(folder)) is not None]
    traced: list[Traced] = []
    for folder in folders:
        try:
            if not (folder / CARD).is_file():
                continue
            dataset = Dataset.open(folder)
            rows = list(dataset.find(wanted, *values))
        except GanvasError:
            continue
        if rows:
            heirs = [path for path, content_hash in learners if content_hash == dataset.content_hash]
            found = Traced(folder, dataset.content_hash, rows, heirs)
            traced.append(found if found.holds else found._replace(learners=[]))
    return traced


def _query(what: str) -> tuple[str, list[str]]:
    """Return the SQL condition on a ledger's rows, and its values."""
    path = Path(what).expanduser()
    if path.is_file():
        from ganvas.storage import sha256_of_file

        return "sha256 = ?", [sha256_of_file(path)]
    if _HASH.fullmatch(what):
        return "substr(sha256, 1, length(?1)) = ?1", [what.lower()]
    return "url = ? OR instr(evidence, ?) > 0 OR creator = ? COLLATE NOCASE OR path = ?", [what] * 4


def _folders(root: Path) -> Iterator[Path]:
    for folder, below, _ in os.walk(root):
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield Path(folder)


def _learner(folder: Path) -> tuple[Path, str] | None:
    """Return a run or model folder and the content hash of what it learnt from."""
    try:
        if (folder / DESCRIPTION).is_file():
            origin: Any = read_json(folder / DESCRIPTION).get("origin") or {}
            return folder, str(origin.get("dataset", ""))
        if (folder / CONFIG).is_file():
            return folder, str(read_json(folder / CONFIG).get("content_hash", ""))
    except (GanvasError, AttributeError):
        return None
    return None
