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
from ganvas.storage import sha256_of_file

_CHUNK = 1 << 20


class PublishedFile(NamedTuple):
    """A compressed file as published; `content_sha256` is of what is inside, however it was compressed."""

    name: str
    num_bytes: int
    sha256: str
    content_sha256: str


class PublishedSet(NamedTuple):
    """A set's title, the folders it is looked for in below a data folder, its files and their mirrors."""

    title: str
    folder: str
    elsewhere: tuple[str, ...]
    files: tuple[PublishedFile, ...]
    mirrors: tuple[str, ...]


def locate(published: PublishedSet, data_dir: Path | None, progress: Progress) -> dict[str, Path]:
    """Return the path of each file by its published name.

    Looks in `data_dir`, then in the folder named by GANVAS_DATA (both: the set's own folder in it, or itself),
    then in the cache folder, where missing files are downloaded to.
    """
    folders = list(_local_folders(published, data_dir))
    for folder in folders:
        paths = {file.name: _variant(folder, file.name) for file in published.files}
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


def cache_folder() -> Path:
    """Return where downloads are kept: `ganvas` in XDG_CACHE_HOME or `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ganvas"


def _local_folders(published: PublishedSet, data_dir: Path | None) -> Iterator[Path]:
    named = os.environ.get("GANVAS_DATA")
    for root in (data_dir, Path(named).expanduser() if named else None):
        if root is not None:
            for inside in (published.folder, *published.elsewhere, "."):
                yield root / inside


def _variant(folder: Path, name: str) -> Path | None:
    """Return the file of that name, compressed or not, with the dot that some copies have before `idx`."""
    plain = name.removesuffix(".gz")
    dotted = plain.replace("-idx", ".idx")
    variants = [folder / variant for variant in (name, plain, dotted + ".gz", dotted)]
    return next((path for path in variants if path.is_file()), None)


def _check(path: Path, file: PublishedFile, title: str) -> None:
    if not _is_whole(path, file):
        raise DataError(
            f"`{path}` is not the file of {title} (the SHA-256 of its content is not {file.content_sha256}). "
            "Replace it with the published file; for another set of the same form give its folder as the source."
        )


def _is_whole(path: Path, file: PublishedFile) -> bool:
    return path.is_file() and (sha256_of_file(path) == file.sha256 or _content_sha256(path) == file.content_sha256)


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
