"""Small image files that say something about their rights, made here byte by byte."""

import io
import struct
import zlib

import cbor2
from PIL import Image

XMP = """<?xpacket begin="\ufeff"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:cc="http://creativecommons.org/ns#" xmlns:tdm="http://www.w3.org/ns/tdmrep/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" {}>{}</rdf:Description>
</rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def xmp(elements="", attributes=""):
    return XMP.format(attributes, elements).encode()


def plain(form="JPEG", **options):
    buffer = io.BytesIO()
    Image.new("RGB", (16, 12), (90, 120, 30)).save(buffer, form, **options)
    return buffer.getvalue()


def segment(marker, data):
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def jpeg(*segments):
    content = plain()
    return content[:2] + b"".join(segments) + content[2:]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks, last=False):
    content = plain("PNG")
    at = len(content) - 12 if last else 33
    return content[:at] + b"".join(chunks) + content[at:]


def webp(*chunks):
    content = plain("WEBP", lossless=True)
    added = b"".join(kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(content) - 8 + len(added)) + content[8:] + added


def gif(packet):
    content = plain("GIF")
    tail = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    return content[:-1] + b"\x21\xff\x0bXMP DataXMP" + packet + tail + content[-1:]


def tiff(fields):
    """A little-endian TIFF of one directory, of the ASCII or byte fields given."""
    entries, values, start = [], b"", 8 + 2 + 12 * len(fields) + 4
    for tag, value in sorted(fields.items()):
        place = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", start + len(values))
        entries.append(struct.pack("<HHI", tag, 7, len(value)) + place)
        values += value if len(value) > 4 else b""
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(fields)) + b"".join(entries) + b"\0" * 4 + values


def box(kind, data):
    return struct.pack(">I", len(data) + 8) + kind + data


def labelled(label, *inside):
    return box(b"jumb", box(b"jumd", b"\0" * 16 + b"\3" + label.encode() + b"\0") + b"".join(inside))


def manifest(name, assertions):
    boxes = [labelled(label, box(b"cbor", cbor2.dumps(value))) for label, value in assertions.items()]
    return labelled(name, labelled("c2pa.assertions", *boxes))


def store(*manifests):
    return labelled("c2pa", *manifests)


def mining(prefix, **uses):
    return {f"{prefix}.training-mining": {"entries": {f"{prefix}.{key}": {"use": use} for key, use in uses.items()}}}


def app11(data, size=60000):
    """The APP11 segments of one box; those after the first repeat its header."""
    pieces = [data[8:][at : at + size] for at in range(0, len(data) - 8, size)]
    header = b"JP\0\1"
    return [segment(0xEB, header + struct.pack(">I", index + 1) + data[:8] + piece)
            for index, piece in enumerate(pieces)]  # fmt: skip


def iim(**datasets):
    return b"".join(b"\x1c\2" + struct.pack(">BH", int(key[1:]), len(text)) + text for key, text in datasets.items())
