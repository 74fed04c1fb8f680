"""From what the user typed to an opened source."""

import os
from difflib import get_close_matches
from pathlib import Path

from ganvas.data.sources import SOURCES
from ganvas.data.sources.source import Reader, Request, Source, readable
from ganvas.errors import DataError, UsageError
from ganvas.progress import Progress


def check_source(source: str, folder: Path) -> None:
    """Raise what `open_source`, called in a folder, raises where neither a name nor a path is meant; open nothing."""
    name, path = readable(source), folder / os.path.expanduser(source)  # noqa: PTH111  (which fails for `~nobody`)
    names = [row for row, entry in SOURCES.items() if entry.load().recognises is None]
    if name not in names and not (name and _exists(path)):
        raise _unknown(name, path, names)


def open_source(source: str | Path, data_dir: Path | None, progress: Progress) -> Source:
    """Open a source by its name in `SOURCES`, or by the path of a file or folder.

    A name wins over a folder of the same name; write `./name`, or give a `Path`, for the folder.

    Raises `DataError` where nothing can read it.
    """
    name = readable(str(source))
    path = Path(source).expanduser()
    readers: dict[str, Reader] = {row: entry.load() for row, entry in SOURCES.items()}
    if isinstance(source, str) and name in readers and readers[name].recognises is None:
        if _exists(path):
            progress.say(f"`{name}` is the source of that name; for the folder write `./{name}`.")
        return readers[name].open(Request(name, None, data_dir, progress))
    if not name or not _exists(path):
        raise _unknown(name, path, [row for row, reader in readers.items() if reader.recognises is None])
    for reader in readers.values():
        if reader.recognises is not None and reader.recognises(path):
            return reader.open(Request(name, path, data_dir, progress))
    forms = "; ".join(SOURCES[row].summary for row, reader in readers.items() if reader.recognises)
    raise DataError(f"`{name}` is nothing that Ganvas can read. It reads: {forms}.")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # too long a name, or a folder that may not be searched
        return False


def _unknown(name: str, path: Path, names: list[str]) -> UsageError:
    if name in SOURCES:
        return UsageError(f"`{name}` reads files: give the path of {SOURCES[name].summary}.")
    close = get_close_matches(name, names, n=1) or get_close_matches(str(path), _beside(path), n=1)
    hint = f" Did you mean `{close[0]}`?" if close else ""
    return UsageError(
        f"There is no source `{name}`, neither by name nor as a path.{hint} "
        f"By name there are: {', '.join(names)}; or give the path of a file or folder."
    )


def _beside(path: Path) -> list[str]:
    try:
        return [readable(str(other)) for other in path.parent.iterdir()]
    except OSError:
        return []
