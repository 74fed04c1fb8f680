"""Fields of TIFF structures, which Exif is too (TIFF 6.0, BigTIFF), and the metadata of TIFF files."""

import struct
from collections.abc import Iterator
from typing import Literal

from ganvas.data.rights.packets import MAX_PACKET_BYTES, Packets

_MAX_DIRECTORIES = 16
_MAX_FIELDS = 512
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 9: 4, 13: 4, 16: 8, 18: 8}
_EXIF_DIRECTORY = 0x8769
_XMP, _IPTC, _PHOTOSHOP, _C2PA = 700, 33723, 34377, 52545


class _Layout:
    """How one structure is read: byte order, and the sizes of classic TIFF or of BigTIFF."""

    def __init__(self, content: bytes) -> None:
        order = {b"II": "<", b"MM": ">"}[content[:2]]
        self.endian: Literal["little", "big"] = "little" if order == "<" else "big"
        (version,) = struct.unpack_from(order + "H", content, 2)
        if version not in (42, 43):
            raise struct.error("neither TIFF nor BigTIFF")
        big = version == 43
        self.count = struct.Struct(order + ("Q" if big else "H"))
        self.offset = struct.Struct(order + ("Q" if big else "I"))
        self.field = struct.Struct(order + ("HHQ8s" if big else "HHI4s"))
        self.first = self.offset.unpack_from(content, 8 if big else 4)[0]


def tiff_fields(content: bytes, wanted: frozenset[int]) -> list[tuple[int, bytes]]:
    """Return tag and raw value of the fields `wanted`, of every page and of the Exif directory."""
    found: list[tuple[int, bytes]] = []
    try:
        layout = _Layout(content)
        waiting, seen = [layout.first], set[int]()
        while waiting and len(seen) < _MAX_DIRECTORIES:
            start = waiting.pop()
            if start in seen or not 0 < start < len(content):
                continue
            seen.add(start)
            for tag, value in _directory(content, layout, start):
                if tag == _EXIF_DIRECTORY or tag == 0:
                    waiting.append(int.from_bytes(value, layout.endian))
                elif tag in wanted:
                    found.append((tag, value))
    except (struct.error, KeyError, IndexError):
        pass  # damaged: what was read until here stands
    return found


def _directory(content: bytes, layout: _Layout, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield tag and raw value of each field, and last the place of the next directory as tag 0."""
    (count,) = layout.count.unpack_from(content, start)
    position = start + layout.count.size
    for _ in range(min(count, _MAX_FIELDS)):
        tag, kind, number, inline = layout.field.unpack_from(content, position)
        position += layout.field.size
        size = number * _TYPE_BYTES.get(kind, 0)
        if size <= len(inline):
            yield tag, inline[:size]
        elif size <= MAX_PACKET_BYTES:
            (offset,) = layout.offset.unpack(inline)
            yield tag, content[offset : offset + size]
    if count <= _MAX_FIELDS:
        yield 0, content[position : position + layout.offset.size]


def tiff_packets(content: bytes) -> Packets:
    """Return the metadata of a TIFF file."""
    found = Packets(exif=[content])
    places = {_XMP: found.xmp, _IPTC: found.iptc, _PHOTOSHOP: found.photoshop, _C2PA: found.c2pa}
    for tag, value in tiff_fields(content, frozenset(places)):
        places[tag].append(value)
    return found
