"""ZIP files (APPNOTE 6.3.10) read as hostile input: the directory under limits, members in bounded memory, no disk.

Python's own `zipfile` gives up on the whole file at the first odd entry, reads the directory before any limit
applies, and inflates bzip2 and LZMA without one.
"""

import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from ganvas.data.sources.source import Refusal
from ganvas.errors import DataError

MAX_MEMBERS = 10_000_000
_MAX_DIRECTORY_BYTES = 1 << 30
END = struct.Struct("<4s4H2LH")
END64_LOCATOR = struct.Struct("<4sLQL")
END64 = struct.Struct("<4sQ2H2L4Q")
CENTRAL = struct.Struct("<4s4B4H3L5H2L")
_MADE_ON_UNIX = 3
_UTF8, _ENCRYPTED, _HIDDEN_DIRECTORY = 0x800, 0x1, 0x2000


class ZipMember(NamedTuple):
    """One entry: its name, declared size, and where its header and packed bytes lie; `end` is where others begin."""

    raw_name: bytes
    name: str
    size: int
    packed: int
    offset: int
    end: int
    method: int
    checksum: int
    refusal: Refusal | None = None


class ZipDirectory(NamedTuple):
    """The members that can be listed, in the directory's order, and why the rest cannot be."""

    members: list[ZipMember]
    rest: Refusal | None


class _End(NamedTuple):
    """Where the directory is, how many entries it has (modulo 65,536), and what was put before the archive."""

    start: int
    size: int
    num_entries: int
    shift: int


def list_by_directory(file: IO[bytes], path: Path) -> ZipDirectory | None:
    """Return the members by the central directory; None where the file has none (it is cut, or no ZIP file)."""
    found = _find_end(file, path)
    if found is None:
        return None
    file.seek(found.start)
    content = file.read(found.size)
    members: list[ZipMember] = []
    for member in _entries(content, found.shift):
        members.append(member)
        if len(members) >= MAX_MEMBERS:
            return ZipDirectory(_bounded(members, found.start), Refusal("too-many", f"Above {MAX_MEMBERS:,} members."))
    rest = None
    if len(members) % 0x10000 != found.num_entries % 0x10000:
        rest = Refusal("damaged", f"The archive's directory is damaged after {len(members)} members.")
    return ZipDirectory(_bounded(members, found.start), rest)


def member_of(raw_name: bytes, flags: int, mode: int, **place: int) -> ZipMember:
    """Return a member with what its header alone forbids; `end` is not known yet."""
    refusal = None
    if flags & (_ENCRYPTED | _HIDDEN_DIRECTORY):
        refusal = Refusal("encrypted", "It is encrypted. Unpack the archive with its password first.")
    elif stat.S_ISLNK(mode):
        refusal = Refusal("link", "It is a link; links in archives are not followed.")
    elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        refusal = Refusal("not-an-image", "It is not a regular file.")
    return ZipMember(raw_name, _decoded(raw_name, flags), end=0, refusal=refusal, **place)


def zip64_values(extra: bytes, *values: int) -> list[int]:
    """Return sizes and offset with those that are all ones taken from the ZIP64 extra field, in its order."""
    wide = b""
    while len(extra) >= 4:
        tag, length = struct.unpack_from("<2H", extra)
        if tag == 1:
            wide = extra[4 : 4 + length]
        extra = extra[4 + length :]
    filled = []
    for value in values:
        if value == 0xFFFFFFFF and len(wide) >= 8:
            value, wide = struct.unpack_from("<Q", wide)[0], wide[8:]
        filled.append(value)
    return filled


def _find_end(file: IO[bytes], path: Path) -> _End | None:
    total = file.seek(0, os.SEEK_END)
    base = max(0, total - END.size - 0xFFFF)
    file.seek(base)
    tail = file.read()
    at = tail.rfind(b"PK\5\6", 0, len(tail) - END.size + 4)
    if at < 0:
        return None
    _, disk, first_disk, _, count, size, start, _ = END.unpack_from(tail, at)
    end = base + at
    if end >= END64_LOCATOR.size + END64.size and (wide := _find_end64(file, end)):
        disk, first_disk, count, size, start, end = wide
    if disk not in (0, 0xFFFF) or first_disk not in (0, 0xFFFF):
        raise DataError(f"`{path}` is one volume of a split archive. Join the volumes, or give the unpacked folder.")
    if size > min(end, _MAX_DIRECTORY_BYTES):
        return None
    return _End(end - size, size, count, shift=end - size - start)


def _find_end64(file: IO[bytes], end: int) -> tuple[int, int, int, int, int, int] | None:
    """Return disks, count, size and start by the ZIP64 record, and where that record is."""
    file.seek(end - END64_LOCATOR.size)
    signature, _, offset, _ = END64_LOCATOR.unpack(file.read(END64_LOCATOR.size))
    if signature != b"PK\6\7":
        return None
    for place in (offset, end - END64_LOCATOR.size - END64.size):  # the second where something was put before
        if place + END64.size <= end:
            file.seek(place)
            fields = END64.unpack(file.read(END64.size))
            if fields[0] == b"PK\6\6":
                return fields[4], fields[5], fields[7], fields[8], fields[9], place
    return None


def _entries(content: bytes, shift: int) -> Iterator[ZipMember]:
    at = 0
    while at + CENTRAL.size <= len(content) and content[at : at + 4] == b"PK\1\2":
        fields = CENTRAL.unpack_from(content, at)
        _, _, system, _, _, flags, method, _, _, checksum, packed, size = fields[:12]
        name_length, extra_length, comment_length, _, _, attributes, offset = fields[12:]
        at += CENTRAL.size
        raw_name = content[at : at + name_length]
        extra = content[at + name_length : at + name_length + extra_length]
        at += name_length + extra_length + comment_length
        size, packed, offset = zip64_values(extra, size, packed, offset)
        mode = attributes >> 16 if system == _MADE_ON_UNIX else 0
        yield member_of(
            raw_name, flags, mode, size=size, packed=packed, offset=offset + shift, method=method, checksum=checksum
        )


def _bounded(members: list[ZipMember], end: int) -> list[ZipMember]:
    """Return the members with where the next one begins; those that lie inside others are refused."""
    order = sorted(range(len(members)), key=lambda index: (members[index].offset, index))
    furthest = 0
    bounded = list(members)
    for rank, index in enumerate(order):
        member = members[index]
        following = members[order[rank + 1]].offset if rank + 1 < len(order) else end
        refusal = member.refusal
        if member.offset < furthest:
            refusal = Refusal("overlapping", "Its bytes are also those of another member: the archive is a trap.")
        furthest = max(furthest, member.offset + 30 + len(member.raw_name) + member.packed)
        bounded[index] = member._replace(end=min(following, end), refusal=refusal)
    return bounded


def _decoded(raw_name: bytes, flags: int) -> str:
    """Return a name: many programs write UTF-8 without the flag that says so; the standard's other code is 437."""
    try:
        return raw_name.decode("utf-8")
    except UnicodeDecodeError:
        return raw_name.decode("utf-8", "surrogateescape") if flags & _UTF8 else raw_name.decode("cp437")
