"""Sets published as files at known addresses: found on this machine, or downloaded; every byte is checked."""

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ganvas.data.download import RemoteFile, download
from ganvas.errors import DataError
from ganvas.progress import Progress
from ganvas.storage import reading, sha256_of_file

_CHUNK = 1 << 20


class PublishedFile(NamedTuple):
    """A compressed file as published; `content_sha256` is of what is inside, however it was compressed.

    Where that is None (published nowhere), only the compressed file itself is accepted.
    """

    name: str
    num_bytes: int
    sha256: str
    content_sha256: str | None = None


class Unpacked(NamedTuple):
    """The folder that an archive unpacks to, and the published MD5 of each file in it that is read."""

    folder: str
    md5: dict[str, str]


class PublishedSet(NamedTuple):
    """A set's title, the folders it is looked for in below a data folder, its files and their mirrors."""

    title: str
    folder: str
    elsewhere: tuple[str, ...]
    files: tuple[PublishedFile, ...]
    mirrors: tuple[str, ...]
    unpacked: Unpacked | None = None


def locate(published: PublishedSet, data_dir: Path | None, progress: Progress) -> dict[str, Path]:
    """Return the path of each file by its published name.

    Looks in `data_dir`, then in the folder named by GANVAS_DATA (both: the set's own folder in it, or itself),
    then in the cache folder, where missing files are downloaded to.
    """
    folders = list(_local_folders(published, data_dir))
    for folder in folders:
        paths = {file.name: _variant(folder, file) for file in published.files}
        found = {name: path for name, path in paths.items() if path}
        if len(found) == len(paths):
            for file in published.files:
                _check(found[file.name], file, published.title)
            return found
    cache = cache_folder() / published.folder
    missing = [file for file in published.files if not _is_whole(cache / file.name, file)]
    if missing:
        looked = ", ".join(f"`{folder}`" for folder in [*folders, cache])
        progress.say(f"{published.title} is not on this machine (looked in {looked}): downloading it.")
        remote = [RemoteFile(file.name, file.num_bytes, file.sha256) for file in missing]
        download(published.title, remote, published.mirrors, cache, progress)
    return {file.name: cache / file.name for file in published.files}


def locate_unpacked(published: PublishedSet, data_dir: Path | None) -> Path | None:
    """Return the folder that the set's archive was unpacked to, where `locate` looks; None where there is none.

    Raises `DataError` where a file in it is not the published one.
    """
    unpacked = published.unpacked
    if unpacked is None:
        return None
    for root in _local_folders(published, data_dir):
        folder = root if root.name == unpacked.folder else root / unpacked.folder
        if all((folder / name).is_file() for name in unpacked.md5):
            for name, expected in unpacked.md5.items():
                _check_md5(folder / name, expected, published.title)
            return folder
    return None


def cache_folder() -> Path:
    """Return where downloads are kept: `ganvas` in XDG_CACHE_HOME or `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ganvas"


def _local_folders(published: PublishedSet, data_dir: Path | None) -> Iterator[Path]:
    named = os.environ.get("GANVAS_DATA")
    for root in (data_dir, Path(named).expanduser() if named else None):
        if root is not None:
            for inside in (published.folder, *published.elsewhere, "."):
                yield root / inside


def _variant(folder: Path, file: PublishedFile) -> Path | None:
    """Return the file of that name, inflated where that can be checked, with the dot some copies have before `idx`."""
    plain = file.name.removesuffix(".gz")
    dotted = plain.replace("-idx", ".idx")
    names = (file.name, dotted + ".gz") if file.content_sha256 is None else (file.name, plain, dotted + ".gz", dotted)
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _check(path: Path, file: PublishedFile, title: str) -> None:
    if not _is_whole(path, file):
        of = f"its content is not {file.content_sha256}" if file.content_sha256 else f"it is not {file.sha256}"
        raise _not_published(path, title, f"the SHA-256 of {of}")


def _check_md5(path: Path, expected: str, title: str) -> None:
    with reading(path), path.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != expected:
        raise _not_published(path, title, f"its MD5 is {found}, not {expected}")


def _not_published(path: Path, title: str, why: str) -> DataError:
    return DataError(
        f"`{path}` is not the file of {title} ({why}). "
        "Replace it with the published file; for another set of the same form give its path as the source."
    )


def _is_whole(path: Path, file: PublishedFile) -> bool:
    if not path.is_file():
        return False
    return sha256_of_file(path) == file.sha256 or (
        file.content_sha256 is not None and _content_sha256(path) == file.content_sha256
    )


def _content_sha256(path: Path) -> str:
    """Return the SHA-256 of what is inside a file; nothing where it cannot be inflated."""
    digest = hashlib.sha256()
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except (OSError, EOFError, zlib.error):
        return ""
    return digest.hexdigest()
