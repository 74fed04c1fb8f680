"""IPTC-IIM records, alone or within Photoshop's image resources (IPTC-IIM 4.2; Photoshop file formats, 8BIM)."""

import struct
from collections.abc import Iterator

from ganvas.data.rights.statement import About, Statement, decoded

_MAX_RESOURCES = 1024
_MAX_DATASETS = 4096
_IPTC_RESOURCE, _XMP_RESOURCE = 0x0404, 0x0424
_BY_LINE, _CREDIT, _COPYRIGHT = 80, 110, 116
_MEANING: dict[int, tuple[About, str]] = {
    _BY_LINE: ("creator", "IPTC By-line 2:80"),
    _CREDIT: ("credit", "IPTC Credit 2:110"),
    _COPYRIGHT: ("copyright", "IPTC CopyrightNotice 2:116"),
}


def photoshop_resources(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield "iptc" or "xmp" and the data of each such resource."""
    position = 0
    for _ in range(_MAX_RESOURCES):
        if content[position : position + 4] != b"8BIM" or position + 12 > len(content):
            return
        number = int.from_bytes(content[position + 4 : position + 6])
        name = content[position + 6] + 1
        position += 6 + name + name % 2
        size = int.from_bytes(content[position : position + 4])
        data = content[position + 4 : position + 4 + size]
        position += 4 + size + size % 2
        if number == _IPTC_RESOURCE:
            yield "iptc", data
        elif number == _XMP_RESOURCE:
            yield "xmp", data


def iptc_statements(content: bytes) -> Iterator[Statement]:
    """Yield what the application record says of creator, credit and copyright."""
    position = 0
    for _ in range(_MAX_DATASETS):
        if position + 5 > len(content) or content[position] != 0x1C:
            return
        _, record, dataset, size = struct.unpack_from(">BBBH", content, position)
        position += 5
        if size & 0x8000:  # an extended dataset: its size follows in so many bytes
            width = size & 0x7FFF
            size = int.from_bytes(content[position : position + min(width, 8)])
            position += width
        meaning = _MEANING.get(dataset) if record == 2 else None
        text = decoded(content[position : position + size]) if meaning else ""
        position += size
        if meaning and text:
            yield Statement(meaning[0], text, meaning[1])
