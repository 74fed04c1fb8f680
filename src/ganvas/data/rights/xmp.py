"""XMP packets: the few properties about rights, read as a stream (ISO 16684-1; RDF/XML).

Elements and attributes, values in `rdf:Alt`, `rdf:Seq` and `rdf:Bag`, `rdf:value` and `rdf:resource` are understood.
Document types, and so entities, are refused; depth and size are bounded.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from xml.parsers import expat

from ganvas.data.rights.packets import MAX_PACKET_BYTES
from ganvas.data.rights.properties import DATA_MINING, NAMES, NAMESPACES, RESERVATION, property_statements
from ganvas.data.rights.statement import Statement

_MAX_DEPTH = 64
_MAX_VALUES = 256
_MAX_CHARACTERS = 65536
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_LANGUAGE = "http://www.w3.org/XML/1998/namespace lang"
_MENTIONED = re.compile(
    rb"DataMining|tdmrep|DigitalSourceType|AISystemUsed|creator|rights|Rights|license|Constraints|Credit|attributionName"
)
_MINING = {DATA_MINING: b"DataMining", RESERVATION: b"tdm:reservation"}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _RefusedXml(Exception):  # noqa: N818  (an outcome, not a failure)
    """Something that no XMP packet needs: a document type, or too much of anything."""


class _Collector:
    """Receives the events of the parser and keeps the values of the properties asked for."""

    def __init__(self) -> None:
        self.values: dict[str, list[str]] = defaultdict(list)
        self.depth = self.num_values = self.num_characters = 0
        self.name: str | None = None
        self.name_depth = 0
        self.text: list[str] = []
        self.is_default = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _RefusedXml
        if self.name is None:
            self.name, self.name_depth = _known(tag), self.depth
        self.text.clear()
        self.is_default = attributes.get(_LANGUAGE) == "x-default"
        for key, value in attributes.items():
            name = self.name if key in (_RDF + " resource", _RDF + " value") else _known(key)
            if name:
                self._keep(name, value)

    def characters(self, text: str) -> None:
        self.num_characters += len(text)
        if self.name and self.num_characters <= _MAX_CHARACTERS:
            self.text.append(text)

    def end(self, _: str) -> None:
        if self.name and (text := "".join(self.text).strip()):
            self._keep(self.name, text, first=self.is_default)
        self.text.clear()
        if self.depth == self.name_depth:
            self.name, self.name_depth, self.num_characters = None, 0, 0
        self.depth -= 1

    def _keep(self, name: str, value: str, first: bool = False) -> None:
        self.num_values += 1
        if self.num_values > _MAX_VALUES:
            raise _RefusedXml
        self.values[name].insert(0 if first else len(self.values[name]), value)


def _known(tag: str) -> str | None:
    """Return a name of ours for "namespace local"."""
    namespace, _, local = tag.rpartition(" ")
    name = f"{NAMESPACES.get(namespace, '')}:{local}"
    return name if name in NAMES else None


def _refuse(*_: object) -> None:
    raise _RefusedXml


def xmp_statements(packet: bytes) -> Iterator[Statement]:
    """Yield what a packet says.

    Where the packet cannot be read to its end, what was read stands; where such a packet holds the name of a property
    that reserves mining, and no value of it could be read, the rights count as reserved.
    """
    packet = packet.strip(b"\0 \t\r\n")
    wide = b"\0" in packet[:64]
    if not wide and not _MENTIONED.search(packet):
        return
    values, whole = _read(packet)
    if not whole:
        again, whole = _read(_mended(packet)) if not wide else ({}, False)  # a byte or two that is not UTF-8
        values = again if len(again) >= len(values) else values
    yield from property_statements(values, "XMP")
    if whole:
        return
    yield Statement("unreadable", "an XMP packet that is not whole", "XMP")
    for name, sign in _MINING.items():
        if name not in values and sign in packet.replace(b"\0", b""):
            yield Statement("opt_out", f"{name}, in an XMP packet that cannot be read", "XMP", "unreadable")


def _read(packet: bytes) -> tuple[dict[str, list[str]], bool]:
    """Return the values that could be read, and whether the packet was read to its end."""
    collector = _Collector()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = collector.start
    parser.EndElementHandler = collector.end
    parser.CharacterDataHandler = collector.characters
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(packet[:MAX_PACKET_BYTES], True)
    except (expat.ExpatError, _RefusedXml, ValueError, LookupError):
        return collector.values, collector.depth == 0 and bool(collector.values)
    return collector.values, True


def _mended(packet: bytes) -> bytes:
    """Return a packet with what is not UTF-8, or no XML character, replaced."""
    text = packet[:MAX_PACKET_BYTES].decode("utf-8", "replace")
    return _FORBIDDEN.sub(" ", text).encode()
