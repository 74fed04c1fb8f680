"""What an image file itself says about its rights: a pure function of its bytes.

Read are XMP (IPTC `plus:DataMining`, TDMRep, digital source type, licences, creators), IPTC-IIM, Exif, C2PA and CAWG
assertions, and the text that image generators leave, in JPEG, PNG, WebP, TIFF and GIF files. Damaged metadata never
raises: what was readable stands. A reservation of rights is honoured whoever wrote it, signed or not.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ganvas.data.rights.c2pa import c2pa_statements
from ganvas.data.rights.exif import exif_statements
from ganvas.data.rights.generators import generator_statements
from ganvas.data.rights.gif import gif_packets
from ganvas.data.rights.iptc import iptc_statements, photoshop_resources
from ganvas.data.rights.jpeg import jpeg_packets
from ganvas.data.rights.licences import licence_in, spdx, url_of
from ganvas.data.rights.notices import reserves_everything, reserves_training
from ganvas.data.rights.packets import Packets
from ganvas.data.rights.png import png_packets
from ganvas.data.rights.statement import About, Statement, decoded
from ganvas.data.rights.tiff import tiff_packets
from ganvas.data.rights.webp import webp_packets
from ganvas.data.rights.xmp import xmp_statements

_MAX_EVIDENCE = 40
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_TOLD: tuple[About, ...] = ("opt_out", "unreadable")
"""Evidence of these says what was read; of the others, where."""

_TEXT_KEYS: dict[str, About] = {"author": "creator", "artist": "creator", "copyright": "copyright"}


class Rights(NamedTuple):
    """What a file says about its rights; None where it says nothing.

    `opt_out` says in words which statement reserves rights against training, `opt_out_kind` its sort:
    `plus-data-mining`, `tdm-reservation`, `c2pa-training-mining`, `cawg-training-mining`, `notice` (plain words),
    `all-rights-reserved` (where no licence is stated) or `unreadable` (a reservation that cannot be read).
    `licence` is an SPDX name, or words where there is none. `synthetic`: a model made it, or parts of it. `evidence`
    names where each came from.
    """

    opt_out: str | None = None
    opt_out_kind: str | None = None
    licence: str | None = None
    licence_url: str | None = None
    creator: str | None = None
    credit: str | None = None
    copyright: str | None = None
    synthetic: bool = False
    evidence: tuple[str, ...] = ()


NO_RIGHTS = Rights()
"""Of a file that says nothing."""


def embedded_rights(content: bytes) -> Rights:
    """Return what an image file says about its rights; anything else than an image file says nothing."""
    packets = _packets(content)
    if packets is None or not any(vars(packets).values()):
        return NO_RIGHTS
    return _rights(list(dict.fromkeys(_statements(packets))))


def _packets(content: bytes) -> Packets | None:
    start = content[:12]
    if start.startswith(b"\xff\xd8"):
        return jpeg_packets(content)
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return png_packets(content)
    if start.startswith(b"RIFF") and start[8:] == b"WEBP":
        return webp_packets(content)
    if start.startswith(_TIFF_STARTS):
        return tiff_packets(content)
    return gif_packets(content) if start.startswith(b"GIF8") else None


def _statements(packets: Packets) -> Iterator[Statement]:
    """Yield what all metadata says, the most explicit first: where two disagree, the first stands."""
    for resources in packets.photoshop:
        for kind, data in photoshop_resources(resources):
            (packets.iptc if kind == "iptc" else packets.xmp).append(data)
    for packet in packets.xmp:
        yield from xmp_statements(packet)
    for data in packets.c2pa:
        yield from c2pa_statements(data)
    for data in packets.iptc:
        yield from iptc_statements(data)
    for data in packets.exif:
        yield from exif_statements(data)
    for key, value in packets.text:
        yield from generator_statements(key, value, "PNG text")
        about = _TEXT_KEYS.get(key.lower())
        if about and (text := decoded(value)):
            yield Statement(about, text, f"PNG text {key}")


def _rights(statements: list[Statement]) -> Rights:
    notices = [statement for statement in statements if statement.about == "copyright"]
    statements = statements + list(_from_notices(notices))
    first: dict[About, Statement] = {}
    for statement in statements:
        first.setdefault(statement.about, statement)
    licence = first["licence"].value if "licence" in first else None
    if licence is None and "opt_out" not in first:
        for notice in filter(lambda each: reserves_everything(each.value), notices):
            reserved = Statement("opt_out", f"{notice.where}: {notice.value}", notice.where, "all-rights-reserved")
            first.setdefault("opt_out", reserved)
            statements.append(reserved)
    words = {about: found.value for about, found in first.items()}
    evidence = dict.fromkeys(map(_evidence, statements))
    return Rights(
        opt_out=words.get("opt_out"),
        opt_out_kind=first["opt_out"].kind if "opt_out" in first else None,
        licence=licence,
        licence_url=_licence_url(licence, [each.value for each in statements if each.about == "licence_url"]),
        creator=words.get("creator"),
        credit=words.get("credit"),
        copyright=words.get("copyright"),
        synthetic="synthetic" in first,
        evidence=tuple(evidence)[:_MAX_EVIDENCE],
    )


def _evidence(statement: Statement) -> str:
    told = statement.value if statement.about in _TOLD else statement.where
    more = f" ({statement.value})" if statement.about == "synthetic" else ""
    return f"{statement.about.replace('_', '-')}: {told}{more}"


def _from_notices(notices: list[Statement]) -> Iterator[Statement]:
    """Yield the reservations and licences that copyright notices state in words."""
    for notice in notices:
        if reserves_training(notice.value):
            yield Statement("opt_out", f"{notice.where}: {notice.value}", notice.where, "notice")
        if known := licence_in(notice.value):
            yield Statement("licence", known, notice.where)


def _licence_url(licence: str | None, urls: list[str]) -> str | None:
    """Return the address of the licence: one the file gives for it, its own, or the file's statement of rights."""
    matching = (url for url in urls if licence in (url, spdx(url)))
    return next(matching, None) or (url_of(licence) if licence else None) or next(iter(urls), None)
