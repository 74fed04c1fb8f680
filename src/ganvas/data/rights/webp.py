"""Metadata of WebP files: the EXIF, XMP and C2PA chunks of the RIFF container."""

import struct

from ganvas.data.rights.packets import Packets

_MAX_CHUNKS = 100_000
_CHUNK = struct.Struct("<4sI")


def webp_packets(content: bytes) -> Packets:
    """Return the metadata of a WebP file, before and after the picture."""
    found = Packets()
    position, end = 12, len(content) - 8
    for _ in range(_MAX_CHUNKS):
        if position > end:
            break
        kind, length = _CHUNK.unpack_from(content, position)
        data = slice(position + 8, position + 8 + length)
        if kind == b"XMP ":
            found.xmp.append(content[data])
        elif kind == b"EXIF":
            found.exif.append(content[data].removeprefix(b"Exif\0\0"))
        elif kind == b"C2PA":
            found.c2pa.append(content[data])
        position += 8 + length + length % 2
    return found
