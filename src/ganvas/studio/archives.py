"""Folders as one file: how large what was made is, and a folder packed for a browser to save."""

import os
import zipfile
from pathlib import Path

from ganvas.storage import UNFINISHED, on_disk

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def made_in(folder: Path) -> list[Path]:
    """Return the finished files and folders in a folder, the newest first."""
    found = [path for path in folder.glob("*") if not path.name.startswith(".") and not path.name.endswith(UNFINISHED)]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def written(num_bytes: int) -> str:
    """Return a size as people write it: 1.2 MB."""
    size, unit = float(num_bytes), 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{num_bytes:,} bytes" if not unit else f"{size:.3g} {_UNITS[unit]}"


def archive_of(folder: Path, place: Path) -> Path:
    """Return a ZIP file of a folder, kept in `place` until the folder changes; links are left out."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and not file.is_symlink()]
    changed = max((file.stat().st_mtime_ns for file in files), default=0)
    archive = place / f"{folder.name}-{changed}.zip"
    if not archive.is_file():
        on_disk(lambda: _pack(folder, files, archive), archive)
    return archive


def _pack(folder: Path, files: list[Path], archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    for old in archive.parent.glob(f"{folder.name}-*.zip"):
        old.unlink()
    working = archive.with_name(archive.name + UNFINISHED)
    with zipfile.ZipFile(working, "w", zipfile.ZIP_STORED) as packed:
        for file in files:
            packed.write(file, f"{folder.name}/{file.relative_to(folder).as_posix()}")
    os.replace(working, archive)  # noqa: PTH105
