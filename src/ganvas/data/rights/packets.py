"""The pieces of metadata of one file, as its container format holds them."""

from dataclasses import dataclass, field

MAX_PACKET_BYTES = 8 * 2**20
"""Of one piece; longer ones are searched for reservations, not read."""


@dataclass
class Packets:
    """Each piece that was found, in the order of the file.

    `exif` are TIFF structures, `iptc` IPTC-IIM records, `photoshop` image resources (8BIM), `c2pa` JUMBF boxes,
    `text` the keys and values of PNG text chunks.
    """

    xmp: list[bytes] = field(default_factory=list)
    c2pa: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    photoshop: list[bytes] = field(default_factory=list)
    exif: list[bytes] = field(default_factory=list)
    text: list[tuple[str, bytes]] = field(default_factory=list)
