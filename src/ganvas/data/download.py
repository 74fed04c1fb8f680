"""Downloads whose SHA-256 is known beforehand: several mirrors, size and time limits, whole files or none."""

import hashlib
import http.client
import os
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

from ganvas.errors import DataError
from ganvas.progress import Progress
from ganvas.storage import on_disk, sync_folder

_CHUNK = 1 << 16
_AGENT = "ganvas (https://pypi.org/project/ganvas)"


class RemoteFile(NamedTuple):
    """A file to download: its name below each mirror, its exact size and SHA-256."""

    name: str
    num_bytes: int
    sha256: str


class Patience(NamedTuple):
    """How long a mirror may stay silent, and how long one file may take in all, in seconds."""

    silence_seconds: float = 20.0
    file_seconds: float = 900.0


class _Failed(Exception):  # noqa: N818
    """One attempt failed; the message says why."""


def download(
    title: str,
    files: Sequence[RemoteFile],
    mirrors: Sequence[str],
    folder: Path,
    progress: Progress,
    patience: Patience = Patience(),  # noqa: B008  (immutable)
    elsewhere: str | None = None,
) -> None:
    """Put every file of the set `title` into `folder`; a mirror that fails is followed by the next.

    `elsewhere` says in words where else they are looked for, None for a data folder.
    Raises `DataError` naming the files, their hashes, what each mirror answered, and what to do by hand.
    """
    on_disk(lambda: folder.mkdir(parents=True, exist_ok=True), folder)
    order = list(mirrors)
    for file in files:
        failures: list[str] = []
        for mirror in list(order):
            url = mirror.rstrip("/") + "/" + file.name
            try:
                _download_one(url, file, folder, progress, patience)
                order.sort(key=lambda other, good=mirror: other != good)  # ask the one that answered first
                break
            except _Failed as failure:
                failures.append(f"{url}: {failure}")
        else:
            raise DataError(_by_hand(title, files, folder, failures, elsewhere))


def _download_one(url: str, file: RemoteFile, folder: Path, progress: Progress, patience: Patience) -> None:
    descriptor, name = tempfile.mkstemp(prefix=file.name, suffix=".part", dir=folder)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as target:
            _receive(url, file, target, progress, patience)
            target.flush()
            os.fsync(target.fileno())
        temporary.replace(folder / file.name)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(folder)


def _receive(url: str, file: RemoteFile, target: IO[bytes], progress: Progress, patience: Patience) -> None:
    """Copy what `url` sends to `target`; raise `_Failed` unless it is the file."""
    digest, received, deadline = hashlib.sha256(), 0, time.monotonic() + patience.file_seconds
    request = urllib.request.Request(url, headers={"User-Agent": _AGENT})  # noqa: S310  (mirrors are ours)
    progress.begin(f"Downloading {file.name}", file.num_bytes)
    try:
        with urllib.request.urlopen(request, timeout=patience.silence_seconds) as answer:  # noqa: S310
            while chunk := answer.read1(_CHUNK):
                received += len(chunk)
                if received > file.num_bytes:
                    raise _Failed(f"it sends more than the {file.num_bytes} bytes expected")
                if time.monotonic() > deadline:
                    raise _Failed(f"it took longer than {patience.file_seconds:g} s")
                digest.update(chunk)
                target.write(chunk)
                progress.advance(len(chunk))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _Failed(_in_words(error, patience)) from error
    finally:
        progress.end()
    if received != file.num_bytes:
        raise _Failed(f"it sent {received} of {file.num_bytes} bytes")
    if digest.hexdigest() != file.sha256:
        raise _Failed(f"what it sent has the SHA-256 {digest.hexdigest()}")


def _in_words(error: Exception, patience: Patience) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code} {error.reason}"
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, TimeoutError):
        return f"silent for {patience.silence_seconds:g} s"
    return str(reason) or type(reason).__name__


def _by_hand(
    title: str, files: Sequence[RemoteFile], folder: Path, failures: Sequence[str], elsewhere: str | None
) -> str:
    wanted = "\n".join(f"  {file.name} ({file.num_bytes:,} bytes, SHA-256 {file.sha256})" for file in files)
    answers = "\n".join(f"  {failure}" for failure in failures)
    elsewhere = elsewhere or (
        f"a folder `{folder.name}` of the data folder that --data-dir (`data_dir`) or the environment variable "
        "GANVAS_DATA names"
    )
    return (
        f"Could not download {title}. Wanted:\n{wanted}\nTried:\n{answers}\n"
        f"Put these files into `{folder}` by hand, or into {elsewhere}, and try again."
    )
