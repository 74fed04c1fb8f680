"""Provenance: what every generated file says of itself, so that people and machines know that a model made it.

A picture carries an XMP packet with the IPTC digital source type of media made by a trained model, and what is needed
to make it again; PNG files say the latter in a text chunk `ganvas` as well. It says nothing of who made it, where or
when: the same request gives the same bytes.
"""

import json
import re
from html import escape, unescape
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ganvas.config import Config, Field
from ganvas.errors import ConfigurationError, UsageError
from ganvas.storage import reading

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""IPTC NewsCodes, digital source type: media made by a model that was trained on sampled content."""
PNG_KEY, XMP_KEY = "ganvas", "XML:com.adobe.xmp"
_NAMESPACE = "https://ns.ganvas.org/provenance/1.0/"
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:ganvas="{namespace}">
<Iptc4xmpExt:DigitalSourceType>{source_type}</Iptc4xmpExt:DigitalSourceType>
<xmp:CreatorTool>{tool}</xmp:CreatorTool>
<ganvas:provenance>{text}</ganvas:provenance>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
_BEGINNINGS = (b"\x89PNG", b"GIF8", b"RIFF", b"\xff\xd8\xff", b"{")
_LARGEST = 1 << 30  # bytes
_FOUND = re.compile(rb"<ganvas:provenance>([^<]{2,1000000})</ganvas:provenance>")


class Provenance(Config):
    """Which model made a file, of what."""

    format: int = Field(default=1, ge=1, le=1, description="version of this form")
    software: str = Field(default=f"ganvas {version('ganvas')}", max_length=100, description="what wrote the file")
    model: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the generator's weights")
    family: str = Field(default="", max_length=100, description="model family")
    recipe: str = Field(default="", max_length=1000, description="recipe that the model was trained by")
    step: int | None = Field(default=None, description="step of training")
    seed: int | None = Field(default=None, description="seed of a drawn image")
    index: int | None = Field(default=None, ge=0, lt=1 << 63, description="which image of the seed")
    label: str | None = Field(default=None, max_length=10_000, description="class that was asked for")
    settings: dict[str, Any] = Field(default={}, description="all else that it was made with")

    def text(self) -> str:
        """Return it as JSON in one line, what is not known left out."""
        return json.dumps(self.model_dump(mode="json", exclude_none=True), ensure_ascii=False, allow_nan=False)

    def xmp(self) -> bytes:
        """Return it as an XMP packet (ISO 16684-1)."""
        fields = {"namespace": _NAMESPACE, "source_type": SOURCE_TYPE, "tool": self.software, "text": self.text()}
        return _PACKET.format(**{name: escape(value, quote=False) for name, value in fields.items()}).encode()

    def lines(self) -> list[str]:
        """Return it in words, for people."""
        made = [f"Made by a model, not a camera ({self.software})", f"  model     {self.model}"]
        told = {
            "family": self.family,
            "recipe": self.recipe + (f", step {self.step:,}" if self.step is not None else ""),
            "seed": None if self.seed is None else f"{self.seed}, image {self.index}",
            "label": self.label,
            **self.settings,
        }
        return made + [
            f"  {name:<9} {_short(value)}" for name, value in told.items() if value not in (None, "", {}, [])
        ]


def read_provenance(content: bytes, origin: str = "The file") -> Provenance | None:
    """Return what the bytes of a PNG, WebP, GIF or MP4 file, or of a JSON file of ours, say; None where they do not.

    Raises `UsageError` where they say it in a form that is not ours.
    """
    found = _FOUND.search(content)
    text = unescape(found[1].decode("utf-8", "replace")) if found else _of_json(content)
    if text is None:
        return None
    try:
        return Provenance.read(json.loads(text), f"The provenance in {origin}")
    except (ValueError, RecursionError, ConfigurationError) as error:
        raise UsageError(
            f"{origin} says where it is from in a form that this version does not know: {error}"
        ) from error


def provenance_of(path: str | Path) -> Provenance | None:
    """Return what a file says of its making; None where it says nothing of the sort, or is no picture, film or JSON."""
    path = Path(path)
    with reading(path), path.open("rb") as file:
        head = file.read(8)
        if not (head.startswith(_BEGINNINGS) or head[4:] == b"ftyp") or path.stat().st_size > _LARGEST:
            return None  # an archive may hold our pictures and be none itself; and none is read into memory
        return read_provenance(head + file.read(), f"`{path}`")


def _of_json(content: bytes) -> str | None:
    """Return the text of the provenance that a JSON file of ours holds under `provenance`."""
    if content.lstrip()[:1] != b"{" or b'"provenance"' not in content:
        return None
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    held = value.get("provenance") if isinstance(value, dict) else None
    return None if held is None else json.dumps(held)


def _short(value: Any) -> str:  # noqa: ANN401
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:150]} ... ({len(text):,} characters)"
