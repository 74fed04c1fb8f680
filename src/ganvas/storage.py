"""Files that survive a kill, a full disk and a flipped bit.

A file or folder appears under its final name complete or not at all: write beside it, fsync, rename, fsync the
parent. A sealed folder carries `manifest.json`, the size and SHA-256 of each of its files, written last.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from ganvas.errors import DamagedError, StorageError

MANIFEST = "manifest.json"
UNFINISHED = ".unfinished"
_REPLACED = ".replaced"
_PART = ".part"
_CHUNK = 1 << 20


def sha256_of_file(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes, read in pieces."""
    digest = hashlib.sha256()
    with reading(path), path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, so that a rename in it survives a power cut."""
    if os.name == "nt":  # Windows has no handle on folders to flush
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_disks() -> None:
    """Bring everything to the disk at once: flushing 100,000 files one by one would outlast writing them."""
    if os.name != "nt":
        os.sync()


def write_file(path: Path, content: bytes, flush: bool = True) -> None:
    """Write a new file and flush it to the disk. Not atomic by itself: for use inside `new_folder`."""
    with path.open("wb") as file:
        file.write(content)
        if flush:
            file.flush()
            os.fsync(file.fileno())


def replace_file(path: Path, content: bytes, flush: bool = True) -> None:
    """Put `content` at `path` in one atomic step; the old file stays whole if that fails.

    Without `flush` a power cut may lose it or leave it empty: for thousands of files that `sync_disks` flushes at once.
    """
    temporary = path.with_name(path.name + UNFINISHED)
    with _explained(path):
        try:
            write_file(temporary, content, flush)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if flush:
            sync_folder(path.parent)


@contextmanager
def growing_file(path: Path) -> Iterator[TextIO]:
    """Yield a text file that gets its name, its content flushed, when the block ends well, and vanishes otherwise."""
    temporary = path.with_name(path.name + UNFINISHED)
    with _explained(path):
        try:
            with temporary.open("w", encoding="utf-8") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:  # noqa: ANN401
    """Put `value` at `path` as indented JSON, atomically."""
    replace_file(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:  # noqa: ANN401
    """Return `value` as the bytes of our JSON files: indented, UTF-8, no NaN, newline at the end."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read_json(path: Path) -> Any:  # noqa: ANN401
    """Read a JSON file; raise `DamagedError` naming it when it is missing or not JSON."""
    with reading(path):
        content = path.read_bytes()
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"`{path}` is not valid JSON ({error}). Restore it from a copy.") from error


@contextmanager
def new_folder(path: Path, seal: bool = True, resumable: bool = False) -> Iterator[Path]:
    """Yield a working folder that becomes `path` when the block ends well, and vanishes otherwise.

    With `seal`, its manifest is written last. With `resumable` it is empty only the first time: an interruption
    (`KeyboardInterrupt`, a kill) leaves it for the next to go on with; an error does not. Files `*.part` are removed
    at the very end. An existing `path` is replaced: moved aside, then removed, so that one whole folder is always
    there.
    """
    working = path.with_name(path.name + UNFINISHED)
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _finish_interrupted_move(path)
        if not resumable:
            remove_folder(working)
        working.mkdir(exist_ok=resumable)
        try:
            yield working
            if seal:
                write_file(working / MANIFEST, json_bytes(_manifest_of(working)))
            for part in working.glob(f"*{_PART}"):
                part.unlink()
            sync_folder(working)
            _move_into_place(working, path)
        except BaseException as error:
            if isinstance(error, Exception) or not resumable:
                remove_folder(working)
            raise
        sync_folder(path.parent)


def verify_folder(folder: Path) -> None:
    """Check each file of a sealed folder against its manifest; raise `DamagedError` naming the first wrong."""
    manifest = read_manifest(folder)
    for name, expected in manifest.items():
        path = folder / name
        if not path.is_file():
            raise DamagedError(f"`{path}` is missing; the manifest of its folder names it.")
        if (size := path.stat().st_size) != expected["size"]:
            raise DamagedError(f"`{path}` has {size} bytes; its manifest says {expected['size']}.")
        if sha256_of_file(path) != expected["sha256"]:
            raise DamagedError(f"`{path}` is damaged: its SHA-256 is not the one in its manifest.")


def read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the manifest of a sealed folder, its form checked.

    Raises `DamagedError` where it is missing, or not as it should be.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise DamagedError(f"`{folder}` has no {MANIFEST}: it was not finished, or is not one of ours.")
    content = read_json(path)
    entries = content.get("files") if isinstance(content, dict) else None
    whole = isinstance(entries, dict) and all(
        isinstance(entry, dict) and {"size", "sha256"} <= entry.keys() and Path(name).name == name
        for name, entry in entries.items()
    )
    digest = content.get("sha256") if isinstance(content, dict) else None
    if not isinstance(entries, dict) or not whole or digest != _digest_of(entries) or not _is_ours(path, content):
        raise DamagedError(f"`{path}` is damaged.")
    return entries


def remove_folder(folder: Path) -> None:
    """Remove a folder and all below it; nothing happens when it is not there.

    It loses its name first: a kill leaves no half of it under that, only what `remove_unfinished` removes.
    """
    if not folder.is_dir():
        return
    if not folder.name.endswith((UNFINISHED, _REPLACED)):
        doomed = folder.with_name(folder.name + UNFINISHED)
        remove_folder(doomed)
        folder = folder.rename(doomed)
    shutil.rmtree(folder)


def remove_unfinished(folder: Path) -> None:
    """Remove what killed writers left in a folder; nobody may be writing there."""
    for path in folder.glob(f"*{UNFINISHED}"):
        remove_folder(path)
        path.unlink(missing_ok=True)


def on_disk(action: Callable[[], object], path: Path) -> None:
    """Run `action`, turning the disk's own errors into a `StorageError` that names `path`."""
    with _explained(path):
        action()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn failures to read `path` into a `DamagedError` when it is missing, else a `StorageError`."""
    try:
        yield
    except FileNotFoundError as error:
        raise DamagedError(f"`{path}` is missing.") from error
    except OSError as error:
        raise StorageError(f"Could not read `{path}`: {error.strerror or error}.") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"it holds {name}")


def _manifest_of(folder: Path) -> dict[str, Any]:
    entries = {
        path.name: {"size": path.stat().st_size, "sha256": sha256_of_file(path)}
        for path in sorted(folder.iterdir())
        if path.suffix != _PART
    }
    return {"files": entries, "sha256": _digest_of(entries)}


def _is_ours(path: Path, content: Any) -> bool:  # noqa: ANN401
    """Return whether a file has just the bytes that `write_json` gives: not one is lost."""
    try:
        return path.read_bytes() == json_bytes(content)
    except ValueError:  # half of a surrogate pair, which UTF-8 cannot say
        return False


def _digest_of(entries: Any) -> str:  # noqa: ANN401
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


def _move_into_place(working: Path, path: Path) -> None:
    aside = path.with_name(path.name + _REPLACED)
    if path.exists():
        path.rename(aside)
    working.rename(path)
    remove_folder(aside)


def _finish_interrupted_move(path: Path) -> None:
    aside = path.with_name(path.name + _REPLACED)
    if aside.exists() and not path.exists():  # killed between the two renames of `_move_into_place`
        aside.rename(path)
    remove_folder(aside)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn the disk's own errors into a message that names the disk and what to do."""
    try:
        yield
    except OSError as error:
        advice = {
            errno.ENOSPC: "The disk is full. Free some space there and try again.",
            errno.EDQUOT: "Your disk quota is used up. Free some space there and try again.",
            errno.EROFS: "That file system is read-only. Choose another place with --out.",
            errno.EACCES: "You may not write there. Choose another place with --out.",
            errno.EIO: "The disk reports a failure. Save what you need from it.",
            errno.EEXIST: "A part of that path is a file, not a folder. Choose another place with --out.",
            errno.ENOTDIR: "A part of that path is a file, not a folder. Choose another place with --out.",
        }.get(error.errno or 0, "Nothing that was there before is lost.")
        raise StorageError(f"Could not write `{path}`: {error.strerror or error}. {advice}") from error
