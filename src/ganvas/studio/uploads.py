"""What a browser sends: many files in one body, written to the disk as they come; their names are never trusted.

A body is a sequence of files: the length of the path (4 bytes, big end first), the length of the content (8 bytes),
the path in UTF-8, the content. So a folder of thousands of pictures takes a few requests, and none is held in memory.
"""

import hashlib
import re
import shutil
import struct
import unicodedata
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Request

from ganvas.errors import UsageError
from ganvas.storage import UNFINISHED
from ganvas.studio.workspace import Workspace

_HEADER = struct.Struct(">IQ")
_LONGEST_PATH, _LONGEST_NAME, _DEEPEST = 4096, 120, 12
_ODD = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_FREE_AFTER = 1 << 30  # bytes of the disk that an upload leaves free


class Limits(NamedTuple):
    """How much one upload may hold."""

    num_bytes: int = 50 << 30
    num_files: int = 2_000_000


def safe_path(sent: str) -> Path:
    """Return a relative path that is harmless on any system, and still says what the sent one said.

    Each part keeps its letters of any alphabet; what could leave the folder, hide or confuse is replaced, and a part
    that had to be changed carries some of the hash of what was sent, so that no two become one. Raises `UsageError`
    where nothing is left.
    """
    parts = [part for part in re.split(r"[/\\]", sent) if part not in ("", ".")]
    if not 0 < len(parts) <= _DEEPEST or len(sent) > _LONGEST_PATH:
        raise UsageError(f"A path has from 1 to {_DEEPEST} parts and up to {_LONGEST_PATH:,} letters.")
    return Path(*map(_safe_part, parts))


def _safe_part(part: str) -> str:
    plain = _ODD.sub("_", unicodedata.normalize("NFC", part)).strip(" .")
    shortened = _short(plain)
    if shortened == part and not _RESERVED.fullmatch(part) and not part.endswith(UNFINISHED):
        return part
    stem, dot, suffix = shortened.rpartition(".")
    mark = hashlib.sha256(part.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{stem}-{mark}.{suffix}" if dot and stem else f"{shortened or 'file'}-{mark}"


def _short(name: str) -> str:
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    stem, dot, suffix = name.rpartition(".")
    tail = f".{suffix}" if dot and len(suffix) <= 8 else ""
    return (stem or name).encode()[: _LONGEST_NAME - len(tail.encode()) - 9].decode(errors="ignore") + tail


class Receiver:
    """Takes the bytes of a body as they come and writes the files that they hold."""

    def __init__(self, folder: Path, limits: Limits, used: int, num: int) -> None:
        self.folder, self.limits = folder, limits
        self.used, self.num = used, num
        self.buffer = bytearray()
        self.file: BinaryIO | None = None
        self.left = 0
        self.place = folder

    def take(self, chunk: bytes) -> None:
        """Write what a piece of the body holds; raise `UsageError` where it is too much, or no such body."""
        self.used += len(chunk)
        if self.used > self.limits.num_bytes:
            raise UsageError(
                f"An upload holds up to {self.limits.num_bytes >> 20:,} MiB. Give the folder's path instead."
            )
        self.buffer += chunk
        while self._step():
            pass

    def _step(self) -> bool:
        """Do the next thing that the bytes at hand allow; return whether there was one."""
        if self.file is not None:
            return self._write()
        if len(self.buffer) < _HEADER.size:
            return False
        length, size = _HEADER.unpack_from(self.buffer)
        if length > _LONGEST_PATH:
            raise UsageError("The body is not a sequence of files: a path is too long.")
        if len(self.buffer) < _HEADER.size + length:
            return False
        path = self.buffer[_HEADER.size : _HEADER.size + length].decode(errors="replace")
        del self.buffer[: _HEADER.size + length]
        self._open(path, size)
        return True

    def _open(self, path: str, size: int) -> None:
        self.num += 1
        if self.num > self.limits.num_files:
            raise UsageError(
                f"An upload holds up to {self.limits.num_files:,} files. Give the path of the folder instead."
            )
        if size > shutil.disk_usage(self.folder).free - _FREE_AFTER:
            raise UsageError(f"The disk of the workspace is too full for `{path[:200]}` of {size >> 20:,} MiB.")
        self.place = self.folder / safe_path(path)
        self.place.parent.mkdir(parents=True, exist_ok=True)
        self.file, self.left = self._part.open("wb"), size

    def _write(self) -> bool:
        assert self.file
        piece = bytes(self.buffer[: self.left])
        del self.buffer[: len(piece)]
        self.file.write(piece)
        self.left -= len(piece)
        if self.left:
            return False
        self.file.close()
        self.file = None
        self._part.replace(self.place)
        return True

    @property
    def _part(self) -> Path:
        return self.place.with_name(self.place.name + UNFINISHED)

    def finish(self) -> None:
        """Raise `UsageError` where the body ended within a file."""
        if self.file is not None or self.buffer:
            raise UsageError("The upload broke off. Send the files of this part again.")

    def close(self) -> None:
        """Remove what was begun and not ended."""
        if self.file is not None:
            self.file.close()
            self._part.unlink(missing_ok=True)


def router(workspace: Workspace, limits: Limits | None = None) -> APIRouter:
    """Return the route `/uploads/NAME`, which adds files to a folder of the workspace's uploads."""
    routes, bounds = APIRouter(), limits or Limits()
    held: dict[str, tuple[int, int]] = {}

    @routes.post("/uploads/{name}", include_in_schema=False)
    async def upload(name: str, request: Request) -> dict[str, int]:
        folder = _folder(workspace, name)
        if name not in held:
            held[name] = await to_thread.run_sync(_held, folder)
        receiver = Receiver(folder, bounds, *held[name])
        try:
            received = await _receive(receiver, request.stream())
            held[name] = receiver.used, receiver.num
            return received
        except UsageError as error:
            raise HTTPException(413 if "holds up to" in str(error) else 400, str(error)) from error
        except OSError as error:
            raise HTTPException(507, f"The disk of the workspace refuses: {error.strerror or error}.") from error
        finally:
            receiver.close()

    return routes


async def _receive(receiver: Receiver, stream: AsyncIterator[bytes]) -> dict[str, int]:
    async for chunk in stream:
        if chunk:
            await to_thread.run_sync(receiver.take, chunk)
    receiver.finish()
    return {"files": receiver.num, "bytes": receiver.used}


def _folder(workspace: Workspace, name: str) -> Path:
    """Return the folder of an upload, made where it is not; 400 for a name that could be elsewhere."""
    if name != workspace.plain_name(name):
        raise HTTPException(400, "Such a name an upload cannot have.")
    folder = workspace.folder / "uploads" / name
    with suppress(FileExistsError):
        folder.mkdir()
    return folder


def _held(folder: Path) -> tuple[int, int]:
    """Return bytes and number of the files of an upload so far."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(sizes), len(sizes)
