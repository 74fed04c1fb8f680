"""Exif's artist and copyright, and the settings that image generators leave in it (Exif 3.0)."""

from collections.abc import Iterator

from ganvas.data.rights.generators import generator_statements
from ganvas.data.rights.statement import Statement, decoded
from ganvas.data.rights.tiff import tiff_fields

_DESCRIPTION, _MAKE, _MODEL, _ARTIST, _COPYRIGHT, _COMMENT = 0x010E, 0x010F, 0x0110, 0x013B, 0x8298, 0x9286
_WANTED = frozenset((_DESCRIPTION, _MAKE, _MODEL, _ARTIST, _COPYRIGHT, _COMMENT))


def exif_statements(content: bytes) -> Iterator[Statement]:
    """Yield what an Exif structure says."""
    for tag, value in tiff_fields(content, _WANTED):
        if tag == _ARTIST and (text := decoded(value)):
            yield Statement("creator", text, "Exif Artist")
        elif tag == _COPYRIGHT:
            photographer, _, editor = value.partition(b"\0")  # either may be a blank
            text = "; ".join(filter(None, (decoded(photographer), decoded(editor))))
            if text:
                yield Statement("copyright", text, "Exif Copyright")
        elif tag == _COMMENT:
            yield from generator_statements("parameters", _comment(value), "Exif UserComment")
        elif tag in (_DESCRIPTION, _MAKE, _MODEL):
            key, _, rest = value.partition(b":")  # ComfyUI keeps its graph as `workflow:{...}` and `prompt:{...}`
            if rest.startswith(b"{"):
                yield from generator_statements(key[:20].decode("latin-1").lower(), rest, "Exif")


def _comment(value: bytes) -> bytes:
    """Return a comment as UTF-8: its first eight bytes name its encoding."""
    code, text = value[:8], value[8:65536]
    if not code.startswith(b"UNICODE"):
        return text
    order = "utf-16-le" if text[1:2] == b"\0" else "utf-16-be"
    return text.decode(order, "ignore").encode("utf-8", "ignore")
