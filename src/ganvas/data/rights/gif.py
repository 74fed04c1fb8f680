"""Metadata of GIF files: the application extensions of XMP and C2PA."""

from ganvas.data.rights.packets import MAX_PACKET_BYTES, Packets

_XMP = b"\x21\xff\x0bXMP DataXMP"
_C2PA = b"\x21\xff\x0bC2PA_GIF\1\0\0"
_XMP_TRAILER = b"\1\xff\xfe\xfd"


def gif_packets(content: bytes) -> Packets:
    """Return the metadata of a GIF file."""
    found = Packets()
    start = content.find(_XMP)
    if start >= 0:
        start += len(_XMP)
        end = content.find(_XMP_TRAILER, start, start + MAX_PACKET_BYTES)
        found.xmp.append(content[start : end if end >= 0 else start + MAX_PACKET_BYTES])
    start = content.find(_C2PA)
    if start >= 0:
        found.c2pa.append(_blocks(content, start + len(_C2PA)))
    return found


def _blocks(content: bytes, position: int) -> bytes:
    """Join the data blocks that begin at `position`: each a length and up to 255 bytes, ended by length 0."""
    parts: list[bytes] = []
    while position < len(content) and content[position] and len(parts) * 255 < MAX_PACKET_BYTES:
        parts.append(content[position + 1 : position + 1 + content[position]])
        position += 1 + content[position]
    return b"".join(parts)
