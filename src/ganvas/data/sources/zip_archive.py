"""A ZIP file opened for reading: its members listed, even where the end is lost, and read one by one."""

import bz2
import lzma
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Self

from ganvas.data.sources.source import Refusal
from ganvas.data.sources.zip_members import (
    MAX_MEMBERS,
    ZipDirectory,
    ZipMember,
    list_by_directory,
    member_of,
    zip64_values,
)
from ganvas.errors import DataError, RefusedImage
from ganvas.storage import reading

LOCAL = struct.Struct("<4s2B4H3L2H")
_DESCRIBED_LATER = 0x8
_MAX_LZMA_BYTES = 128 * 2**20
_SLACK = 1 << 20
_CHUNK = 1 << 16


class ZipArchive:
    """Reads members from a ZIP file in bounded memory; nothing is written."""

    in_any_order = True

    def __init__(self, path: Path) -> None:
        self.path = path
        with reading(path):
            self.file: IO[bytes] = path.open("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def directory(self) -> ZipDirectory:
        """Return the members; by their own headers where the directory at the end is lost.

        Raises `DataError` where the file is no ZIP file that can be read.
        """
        with reading(self.path):
            found = list_by_directory(self.file, self.path)
            if found is not None:
                return found
            self.file.seek(0)
            if self.file.read(4) != b"PK\3\4":
                raise DataError(f"`{self.path}` is not a ZIP file that can be read. Download or copy it again.")
            members = list(_salvaged(self.file))
        return ZipDirectory(members, Refusal("damaged", "The archive ends before its directory: it was cut."))

    def read(self, member: ZipMember, max_bytes: int) -> bytes:
        """Return a member's bytes, its checksum right; raise `RefusedImage`."""
        if member.size > max_bytes or member.packed > max_bytes + _SLACK:
            raise RefusedImage("too-large", f"The file is larger than {max_bytes / 2**20:g} MiB.")
        with reading(self.path):
            self._find_content(member)
            packed = self.file.read(member.packed)
        if len(packed) != member.packed:
            raise RefusedImage("truncated", "The archive ends inside it.")
        content = _inflated(packed, member)
        if len(content) != member.size:
            raise RefusedImage("damaged", f"It does not hold the {member.size} bytes that the archive declares.")
        if zlib.crc32(content) != member.checksum:
            raise RefusedImage("damaged", "Its checksum is wrong.")
        return content

    def _find_content(self, member: ZipMember) -> None:
        """Move to a member's packed bytes, its own header checked against the directory."""
        if not 0 <= member.offset < member.end:
            raise RefusedImage("damaged", "It is said to lie outside the archive.")
        self.file.seek(member.offset)
        header = self.file.read(LOCAL.size)
        if len(header) < LOCAL.size or not header.startswith(b"PK\3\4"):
            raise RefusedImage("damaged", "It has no header where the archive's directory says.")
        name_length, extra_length = LOCAL.unpack(header)[-2:]
        if self.file.read(name_length) != member.raw_name:
            raise RefusedImage("damaged", "Its own header gives another name than the archive's directory.")
        start = self.file.seek(extra_length, os.SEEK_CUR)
        if start + member.packed > member.end:
            raise RefusedImage("overlapping", "Its bytes are also those of another member: the archive is a trap.")


def _inflated(packed: bytes, member: ZipMember) -> bytes:
    """Return at most one byte more than the member declares."""
    limit = member.size + 1
    try:
        match member.method:
            case 0:
                return packed
            case 8:
                return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, limit)
            case 12:
                return bz2.BZ2Decompressor().decompress(packed, limit)
            case 14:  # two bytes of version, two of length, five of settings: those of an .lzma file
                header = packed[4:9] + b"\xff" * 8
                decompressor = lzma.LZMADecompressor(lzma.FORMAT_ALONE, _MAX_LZMA_BYTES)
                return decompressor.decompress(header + packed[9:], limit)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        raise RefusedImage("damaged", f"It cannot be unpacked: {error}.") from error
    raise RefusedImage("compression", f"It is packed by method {member.method}, which Ganvas cannot read. Zip it anew.")


def _salvaged(file: IO[bytes]) -> Iterator[ZipMember]:
    """Yield the members that are whole, by the headers before each of them."""
    total, offset = file.seek(0, os.SEEK_END), 0
    for _ in range(MAX_MEMBERS):
        file.seek(offset)
        header = file.read(LOCAL.size)
        if len(header) < LOCAL.size or not header.startswith(b"PK\3\4"):
            return
        _, _, _, flags, method, _, _, checksum, packed, size, name_length, extra_length = LOCAL.unpack(header)
        raw_name, extra = file.read(name_length), file.read(extra_length)
        size, packed = zip64_values(extra, size, packed)
        start = file.tell()
        end = start + packed
        if flags & _DESCRIBED_LATER and method == 8:
            size, packed, checksum, end = _measured(file, start)
        elif flags & _DESCRIBED_LATER and not raw_name.endswith(b"/"):
            return
        if end > total or packed < 0:
            return
        place = {"size": size, "packed": packed, "offset": offset, "method": method, "checksum": checksum}
        yield member_of(raw_name, flags, 0, **place)._replace(end=end)
        offset = end


def _measured(file: IO[bytes], start: int) -> tuple[int, int, int, int]:
    """Return size, packed size (-1: cut), checksum and the end of a deflated member whose sizes come after it."""
    file.seek(start)
    stream, size, checksum, read = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0, 0
    try:
        while not stream.eof:
            chunk = stream.unconsumed_tail
            if not chunk:
                chunk = file.read(_CHUNK)
                read += len(chunk)
            content = stream.decompress(chunk, _CHUNK)
            if not chunk and not content:
                return size, -1, checksum, start
            size, checksum = size + len(content), zlib.crc32(content, checksum)
    except zlib.error:
        return size, -1, checksum, start
    end = start + read - len(stream.unused_data)
    file.seek(end)
    after = file.read(28)
    length = next((n for n in (16, 24, 12, 20) if after[n : n + 4] in (b"PK\3\4", b"PK\1\2")), 16)
    return size, end - start, checksum, end + length
