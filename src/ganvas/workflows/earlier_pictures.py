"""What a folder already holds of generated pictures: the same request may go on, another one is refused."""

import json
from collections.abc import Generator
from contextlib import suppress
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from ganvas.errors import GanvasError, UsageError
from ganvas.provenance import Provenance, provenance_of
from ganvas.storage import on_disk

GRID = "grid.png"
LIST = "images.jsonl"
Facts = dict[str, Any]
"""What is known of a picture, its `file` first."""


class Picture(NamedTuple):
    """One picture to write: its facts, and what it says of itself."""

    facts: Facts
    provenance: Provenance


class EarlierPictures:
    """The pictures that a folder lists, to be compared with those of a request, in their order, before each is written.

    A list that the request begins with is its own, of fewer pictures; files that no list names say themselves what
    they are of.
    """

    def __init__(self, folder: Path, total: int, overwrite: bool = False) -> None:
        """Raise `UsageError` where the folder lists more than the `total` of the request, or has a grid of others.

        With `overwrite` the listed pictures are removed, and nothing is refused.
        """
        self._folder, self._overwrite = folder, overwrite
        if overwrite:
            _remove_pictures(folder)
        self._lines = _lines(folder)
        num_listed = sum(1 for _ in _lines(folder))
        if num_listed > total:
            raise self._refusal(f"{LIST} lists {num_listed:,} of them, and {total:,} were asked for")
        if not overwrite and not num_listed and (folder / GRID).exists():
            raise self._refusal(f"it has a {GRID} and no {LIST}")

    def expect_same(self, pictures: list[Picture]) -> None:
        """Raise `UsageError` where writing the next pictures would replace others."""
        if self._overwrite:
            return
        for picture, line in zip_longest(pictures, islice(self._lines, len(pictures))):
            name = picture.facts["file"]
            if line is None and not _is_same(self._folder / name, picture.provenance):
                raise self._refusal(f"`{name}` was made otherwise")
            if line is not None and line != list_line(picture):
                raise self._refusal(f"the line of {LIST} for `{name}` is another")

    def close(self) -> None:
        """Close the list."""
        self._lines.close()

    def _refusal(self, found: str) -> UsageError:
        return UsageError(
            f"`{self._folder}` holds other pictures than these: {found}. Choose another folder, or replace all that it "
            "lists (`overwrite=True`, --overwrite)."
        )


def list_line(picture: Picture) -> str:
    """Return the line of a picture in `images.jsonl`."""
    return json.dumps(picture.facts, ensure_ascii=False) + "\n"


def _remove_pictures(folder: Path) -> None:
    """Remove the pictures that a folder lists, their grid and, last, the list; nothing where there is no list."""
    for line in _lines(folder):
        with suppress(ValueError, TypeError, KeyError):
            name = json.loads(line)["file"]
            if Path(name).name == name and name.endswith(".png"):
                on_disk(lambda path=folder / name: path.unlink(missing_ok=True), folder)
    if (folder / LIST).is_file():
        for name in (GRID, LIST):
            on_disk(lambda path=folder / name: path.unlink(missing_ok=True), folder)


def _lines(folder: Path) -> Generator[str, None, None]:
    if (folder / LIST).is_file():
        with (folder / LIST).open(encoding="utf-8", errors="replace") as file:
            yield from file


def _is_same(path: Path, provenance: Provenance) -> bool:
    """Return whether a file is not there, or says that it was made as it would be made now, by whatever version."""
    if not path.exists():
        return True
    try:
        found = provenance_of(path)
    except GanvasError:
        return False
    return found is not None and found.model_copy(update={"software": provenance.software}).text() == provenance.text()
