"""Tar files (POSIX pax, GNU, v7), plain or packed by gzip, bzip2 or xz, read as hostile input in bounded memory.

Single header blocks are decoded by `tarfile`; what is read after one (long names, pax records) has limits here,
which `tarfile` has not, and damage ends the list with its reason instead of silence.
"""

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from ganvas.data.sources.source import Refusal
from ganvas.data.sources.xz import XzFile
from ganvas.errors import DataError, RefusedImage, StorageError
from ganvas.storage import reading

MAX_MEMBERS = 10_000_000
_MAX_EXTENSION = 1 << 20
_BLOCK = 512
_DAMAGE = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, ValueError)


class Stream(Protocol):
    """What is needed of an unpacked file."""

    def read(self, count: int, /) -> bytes:
        """Return the next bytes, fewer only at the end."""
        ...

    def seek(self, position: int, /) -> int:
        """Move to a place."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class TarMember(NamedTuple):
    """One entry: its name, size, and where its bytes lie in the unpacked stream."""

    name: str
    size: int
    offset: int
    refusal: Refusal | None = None


class TarArchive:
    """Reads members from a tar file; where it is packed, only forwards."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stream, self.in_any_order = _open(path)
        self.rest: Refusal | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()

    def members(self) -> Iterator[TarMember]:
        """Yield every entry but folders, in the archive's order; why the rest cannot be read is then in `rest`.

        Raises `DataError` where it is no tar file at all.
        """
        try:
            for number, member in enumerate(self._walk()):
                if number >= MAX_MEMBERS:
                    self.rest = Refusal("too-many", f"Above {MAX_MEMBERS:,} members.")
                    return
                yield member
        except RefusedImage as refused:
            self.rest = Refusal(refused.kind, str(refused))

    def read(self, member: TarMember, max_bytes: int) -> bytes:
        """Return a member's bytes; raise `RefusedImage`."""
        if member.size > max_bytes:
            raise RefusedImage("too-large", f"The file is larger than {max_bytes / 2**20:g} MiB.")
        content = self._bytes(member.offset, member.size)
        if len(content) != member.size:
            raise RefusedImage("truncated", "The archive ends inside it.")
        return content

    def _walk(self) -> Iterator[TarMember]:
        offset, extended = 0, _Extended()
        while True:
            block = self._bytes(offset, _BLOCK)
            header = self._header(block, offset)
            if header is None:
                return
            offset += _BLOCK
            if header.type in b"xXgLK" and header.type:
                offset = self._extend(extended, header, offset)
                continue
            if header.type == tarfile.GNUTYPE_SPARSE:
                offset = self._after_sparse_map(block, offset)
            size = extended.size if extended.size is not None else header.size
            has_content = header.isreg() or header.type not in tarfile.SUPPORTED_TYPES
            if not header.isdir():
                name = header.name if extended.name is None else extended.name
                yield TarMember(name, size, offset, extended.refusal or _refusal_of(header))
            offset += _padded(size) if has_content else 0
            extended = _Extended(shared_name=extended.shared_name)

    def _extend(self, extended: "_Extended", header: tarfile.TarInfo, offset: int) -> int:
        """Take in a block that says more of the next member, and return where the next header is."""
        if header.size > _MAX_EXTENSION:
            extended.refusal = Refusal("bad-name", "The archive says more than 1 MiB about it.")
        else:
            content = self._bytes(offset, header.size)
            if len(content) < header.size:
                raise RefusedImage("damaged", "The archive ends in the middle of a header: it was cut.")
            extended.take(header.type, content)
        extended.count += 1
        if extended.count > 100:
            raise RefusedImage("damaged", "The archive is damaged: headers about headers without end.")
        return offset + _padded(header.size)

    def _after_sparse_map(self, block: bytes, offset: int) -> int:
        more = block[482]
        while more:
            block = self._bytes(offset, _BLOCK)
            if len(block) < _BLOCK:
                raise RefusedImage("damaged", "The archive ends in the middle of a header: it was cut.")
            more, offset = block[504], offset + _BLOCK
        return offset

    def _header(self, block: bytes, offset: int) -> tarfile.TarInfo | None:
        """Return a decoded header; None for the archive's end mark."""
        if offset and block == bytes(_BLOCK):
            return None
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            if offset == 0:
                raise DataError(f"`{self.path}` is not a tar file ({error}). Download or copy it again.") from error
            cut = "it ends without its end mark, so it may have been cut"
            words = cut if len(block) < _BLOCK else f"{error} at byte {offset}"
            raise RefusedImage("damaged", f"The archive is damaged: {words}.") from error
        if header.size < 0:
            raise RefusedImage("damaged", "The archive is damaged: a member has a negative size.")
        return header

    def _bytes(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes at a place of the unpacked stream."""
        try:
            self.stream.seek(offset)
            return self.stream.read(count)
        except _DAMAGE as error:
            raise RefusedImage("damaged", f"The archive is damaged: {error}.") from error
        except OSError as error:
            if error.errno is None:  # how bz2 tells of bad data
                raise RefusedImage("damaged", f"The archive is damaged: {error}.") from error
            raise StorageError(f"Could not read `{self.path}`: {error.strerror}.") from error


class _Extended:
    """What the blocks before a header say of it: a long name, pax records."""

    def __init__(self, shared_name: str | None = None) -> None:
        self.shared_name = shared_name
        self.name = shared_name
        self.size: int | None = None
        self.refusal: Refusal | None = None
        self.count = 0

    def take(self, block_type: bytes, content: bytes) -> None:
        """Read the content of one such block."""
        if block_type == b"L":
            self.name = content.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
        if block_type not in (b"x", b"X", b"g"):
            return
        records = _pax_records(content)
        if (path := records.get(b"path")) is not None:
            self.name = path.decode("utf-8", "surrogateescape")
            if block_type == b"g":
                self.shared_name = self.name
        if b"size" in records:
            if not records[b"size"].isdigit() or len(records[b"size"]) > 20:
                raise RefusedImage("damaged", "The archive is damaged: the size of a member is not a number.")
            self.size = int(records[b"size"])
        if any(key.startswith(b"GNU.sparse.") for key in records):
            self.refusal = Refusal("not-an-image", "It is a sparse file.")


def _pax_records(content: bytes) -> dict[bytes, bytes]:
    """Return the records of a pax header: `length key=value` and a newline each."""
    records, at = {}, 0
    while at < len(content) and content[at] != 0:
        digits, space, _ = content[at : at + 12].partition(b" ")
        if not space or not digits.isdigit() or int(digits) <= len(digits) + 1:
            raise RefusedImage("damaged", "The archive is damaged: a pax record has no length.")
        key, _, value = content[at + len(digits) + 1 : at + int(digits) - 1].partition(b"=")
        records[key] = value
        at += int(digits)
    return records


def _refusal_of(header: tarfile.TarInfo) -> Refusal | None:
    if header.issym() or header.islnk():
        return Refusal("link", "It is a link; links in archives are not followed.")
    if header.type not in tarfile.REGULAR_TYPES or header.type == tarfile.GNUTYPE_SPARSE:
        return Refusal("not-an-image", "It is not a regular file.")
    return None


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _open(path: Path) -> tuple[Stream, bool]:
    """Return the unpacked stream, and whether it may be read in any order."""
    with reading(path):
        with path.open("rb") as file:
            start = file.read(6)
        if start.startswith(b"\x1f\x8b"):
            return gzip.open(path), False  # pyright: ignore[reportReturnType]
        if start.startswith(b"BZh"):
            return bz2.open(path), False
        if start == b"\xfd7zXZ\0":
            return XzFile(path), False
        return path.open("rb"), True
