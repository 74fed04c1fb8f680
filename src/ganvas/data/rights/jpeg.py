"""Metadata of JPEG files: the APP1, APP11 and APP13 segments before the picture (ISO/IEC 10918-1, 19566-5)."""

import struct
from collections import defaultdict
from itertools import islice

from ganvas.data.rights.packets import Packets

_MAX_SEGMENTS = 4096
_APP1, _APP11, _APP13 = 0xE1, 0xEB, 0xED
_START_OF_SCAN, _END = 0xDA, 0xD9
_EXIF = b"Exif\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_LENGTH = struct.Struct(">H")


def jpeg_packets(content: bytes) -> Packets:
    """Return the metadata of a JPEG file."""
    found = Packets()
    more_xmp: dict[bytes, dict[int, bytes]] = defaultdict(dict)
    boxes: dict[bytes, dict[int, bytes]] = defaultdict(dict)
    resources: list[bytes] = []
    for marker, data in _segments(content):
        if marker == _APP1 and data.startswith(_EXIF):
            found.exif.append(data[6:])
        elif marker == _APP1 and data.startswith(_XMP):
            found.xmp.append(data[len(_XMP) :])
        elif marker == _APP1 and data.startswith(_MORE_XMP) and len(data) >= 75:
            more_xmp[data[35:67]][int.from_bytes(data[71:75])] = data[75:]
        elif marker == _APP11 and data.startswith(b"JP") and len(data) >= 16:
            boxes[data[2:4]][int.from_bytes(data[4:8])] = data[8:]
        elif marker == _APP13 and data.startswith(_PHOTOSHOP):
            resources.append(data[len(_PHOTOSHOP) :])
    found.xmp += [_in_order(parts) for parts in more_xmp.values()]
    found.c2pa += [_box(parts) for parts in boxes.values()]
    if resources:
        found.photoshop.append(b"".join(resources))  # one block of resources may go on in the next segment
    return found


def _segments(content: bytes) -> list[tuple[int, bytes]]:
    """Return marker and content of the application segments up to the picture."""
    found: list[tuple[int, bytes]] = []
    position, end = 2, len(content)
    for _ in range(_MAX_SEGMENTS):
        if position + 4 > end:
            break
        if content[position] != 0xFF:  # some writers leave bytes between segments
            position = content.find(b"\xff", position, position + 65536)
            if position < 0:
                break
            continue
        marker = content[position + 1]
        if marker in (_START_OF_SCAN, _END):
            break
        if marker in (0xFF, 0x00, 0x01) or 0xD0 <= marker <= 0xD8:  # padding, and markers without content
            position += 1 if marker == 0xFF else 2
            continue
        (length,) = _LENGTH.unpack_from(content, position + 2)
        if marker in (_APP1, _APP11, _APP13):
            found.append((marker, content[position + 4 : position + 2 + length]))
        position += 2 + max(length, 2)
    return found


def _in_order(parts: dict[int, bytes]) -> bytes:
    return b"".join(parts[key] for key in sorted(parts))


def _box(parts: dict[int, bytes]) -> bytes:
    """Join the pieces of one JUMBF box: each repeats the header of the box, which the first alone keeps."""
    ordered = [parts[key] for key in sorted(parts)]
    header = 16 if ordered[0][:4] == b"\0\0\0\1" else 8
    return b"".join([ordered[0], *(part[header:] for part in islice(ordered, 1, None))])
