"""What the rights properties of XMP mean, wherever their values come from (XMP packets, or JSON-LD within C2PA)."""

from collections.abc import Iterator, Mapping, Sequence

from ganvas.data.rights.generators import synthetic_source_type
from ganvas.data.rights.licences import licence_in, spdx
from ganvas.data.rights.notices import reserves_training
from ganvas.data.rights.statement import About, Statement, plain_words

DATA_MINING, CONSTRAINTS = "plus:DataMining", "plus:OtherConstraints"
RESERVATION, POLICY = "tdm:reservation", "tdm:policy"
SOURCE_TYPE, AI_SYSTEM = "Iptc4xmpExt:DigitalSourceType", "Iptc4xmpExt:AISystemUsed"
USAGE_TERMS, WEB_STATEMENT = "xmpRights:UsageTerms", "xmpRights:WebStatement"
MARKED = "xmpRights:Marked"
LICENCES = ("cc:license", "dcterms:license", "xhv:license")

NAMESPACES = {
    "http://ns.useplus.org/ldf/xmp/1.0/": "plus",
    "http://www.w3.org/ns/tdmrep/": "tdm",
    "http://www.w3.org/ns/tdmrep#": "tdm",
    "http://www.w3.org/ns/tdmrep": "tdm",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://creativecommons.org/ns#": "cc",
    "http://web.resource.org/cc/": "cc",
    "http://www.w3.org/1999/xhtml/vocab#": "xhv",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
}
_WORDS: dict[str, About] = {
    "dc:creator": "creator",
    "cc:attributionName": "creator",
    "photoshop:Credit": "credit",
    "dc:rights": "copyright",
}
NAMES = frozenset((DATA_MINING, CONSTRAINTS, RESERVATION, POLICY, SOURCE_TYPE, AI_SYSTEM, USAGE_TERMS, WEB_STATEMENT,
                   MARKED, *LICENCES, *_WORDS))  # fmt: skip

Properties = Mapping[str, Sequence[str]]
"""Values by property, such as {"dc:creator": ["Ann", "Bob"]}."""


def property_statements(properties: Properties, origin: str) -> Iterator[Statement]:
    """Yield what the properties say; `origin` is what they were read from, such as "XMP"."""
    yield from _reservations(properties, origin)
    for name in (SOURCE_TYPE, AI_SYSTEM):
        for value in properties.get(name, ()):
            kind = synthetic_source_type(value) if name == SOURCE_TYPE else plain_words(value)
            if kind:
                yield Statement("synthetic", kind, f"{origin} {name}")
    yield from _licences(properties, origin)
    for name, about in _WORDS.items():
        if values := [text for value in properties.get(name, ()) if (text := plain_words(value))]:
            joined = "; ".join(dict.fromkeys(values)) if about == "creator" else values[0]
            yield Statement(about, plain_words(joined), f"{origin} {name}")
    for value in properties.get(MARKED, ()):
        words = {"true": "marked as copyrighted", "false": "marked as public domain"}.get(value.strip().lower())
        if words:  # a flag is no licence, and no text: it stands for a notice where there is none
            yield Statement("copyright", words, f"{origin} {MARKED}")


def _reservations(properties: Properties, origin: str) -> Iterator[Statement]:
    constraints = plain_words("; ".join(properties.get(CONSTRAINTS, ())))
    for value in properties.get(DATA_MINING, ()):
        term = plain_words(value).rstrip("/").rpartition("/")[2]
        if term and term.upper() not in ("DMI-ALLOWED", "DMI-UNSPECIFIED"):
            more = f" ({constraints})" if constraints else ""
            kind = "plus-data-mining"
            yield Statement("opt_out", f"IPTC {DATA_MINING} = {term}{more}", f"{origin} {DATA_MINING}", kind)
    policies = " ".join(plain_words(value) for value in properties.get(POLICY, ()))
    for value in properties.get(RESERVATION, ()):
        if plain_words(value).lower() not in ("", "0", "false"):
            more = f" (policy: {policies})" if policies else ""
            words = f"TDMRep {RESERVATION} = {plain_words(value, 40)}{more}"
            yield Statement("opt_out", words, f"{origin} {RESERVATION}", "tdm-reservation")
    for name in (CONSTRAINTS, USAGE_TERMS):
        for text in map(plain_words, properties.get(name, ())):
            if reserves_training(text):
                yield Statement("opt_out", f"{name}: {text}", f"{origin} {name}", "notice")


def _licences(properties: Properties, origin: str) -> Iterator[Statement]:
    """Yield licences: those named as such in any words, those within other texts where they are known ones."""
    for name in (*LICENCES, USAGE_TERMS, WEB_STATEMENT, "dc:rights"):
        for value in map(plain_words, properties.get(name, ())):
            known = spdx(value) or licence_in(value)
            if known or (name in LICENCES and value):
                yield Statement("licence", known or value, f"{origin} {name}")
            if value.startswith(("http://", "https://")) and name != "dc:rights":
                yield Statement("licence_url", value, f"{origin} {name}")
