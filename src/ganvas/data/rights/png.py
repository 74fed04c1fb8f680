"""Metadata of PNG files: text chunks, Exif and C2PA (PNG third edition; C2PA 2.1, A.3.2)."""

import struct
import zlib

from ganvas.data.rights.packets import MAX_PACKET_BYTES, Packets

_MAX_CHUNKS = 100_000
_XMP_KEY = "XML:com.adobe.xmp"
_CHUNK = struct.Struct(">I4s")
_READ = frozenset((b"iTXt", b"tEXt", b"zTXt", b"eXIf", b"caBX"))
_RAW_PROFILES = ("Raw profile type iptc", "Raw profile type 8bim", "Raw profile type xmp", "Raw profile type exif",
                 "Raw profile type APP1")  # fmt: skip


def png_packets(content: bytes) -> Packets:
    """Return the metadata of a PNG file, before and after the picture."""
    found = Packets()
    position, end, unpack = 8, len(content) - 8, _CHUNK.unpack_from
    for _ in range(_MAX_CHUNKS):
        if position > end:
            break
        length, kind = unpack(content, position)
        if kind in _READ:
            _add(found, kind, content[position + 8 : position + 8 + length])
        elif kind == b"IEND":
            break
        position += length + 12
    return found


def _add(found: Packets, kind: bytes, data: bytes) -> None:
    if kind == b"caBX":
        found.c2pa.append(data)
    elif kind == b"eXIf":
        found.exif.append(data)
    else:
        key, text = _text(kind, data)
        if key == _XMP_KEY:
            found.xmp.append(text)
        elif key in _RAW_PROFILES:
            _add_raw_profile(found, key, text)
        else:
            found.text.append((key, text))


def _text(kind: bytes, data: bytes) -> tuple[str, bytes]:
    """Return key and value of a text chunk, unpacked within limits."""
    name, _, rest = data.partition(b"\0")
    key, packed = name[:80].decode("latin-1"), kind == b"zTXt"
    if kind == b"zTXt":
        rest = rest[1:]
    elif kind == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = rest[2:].split(b"\0", 2)[-1]
    return key, _unpacked(rest) if packed else rest


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, MAX_PACKET_BYTES)
    except zlib.error:
        return b""


def _add_raw_profile(found: Packets, key: str, text: bytes) -> None:
    """Read a profile as ImageMagick keeps it: name, length, then hexadecimal digits in lines."""
    digits = b"".join(text[:MAX_PACKET_BYTES].strip().split(b"\n", 2)[-1].split())
    try:
        data = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return
    if key.endswith("xmp") or b"<x:xmpmeta" in data[:4096]:
        found.xmp.append(data[data.find(b"<") :])
    elif key.endswith(("exif", "APP1")):
        found.exif.append(data.removeprefix(b"Exif\0\0"))
    else:
        found.photoshop.append(data)  # both kinds hold 8BIM resources
