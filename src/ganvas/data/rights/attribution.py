"""The file that credits the images of a set: Markdown, grouped by licence, then by creator."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from ganvas.data.rights.licences import spdx, url_of

UNKNOWN = "unknown"
_MAX_CHARACTERS = 300
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&:@$^=\"'])")
_BLANKS = re.compile(r"\s+")
_ADDRESS = re.compile(r"https?://[^\s<>\"'\\`{}|^\x00-\x20\x7f]+", re.IGNORECASE)


class Attribution(NamedTuple):
    """What is known about one image; `licence` is an SPDX name or words, `url` where the image was found."""

    title: str
    creator: str | None = None
    licence: str | None = None
    licence_url: str | None = None
    url: str | None = None


def attribution_lines(rows: Iterable[Attribution]) -> Iterator[str]:
    """Yield the lines of the file, without line ends; memory does not grow with the rows.

    `rows` must come in the order of licence, then creator (see `attribution_order`), as a database gives them: rows of
    one group that come apart get a heading each.
    """
    yield "# Attribution"
    for licence, of_licence in groupby(rows, lambda row: (row.licence or None, _address(row.licence_url))):
        yield ""
        yield f"## {_licence_link(*licence)}"
        for creator, of_creator in groupby(of_licence, lambda row: row.creator or None):
            yield ""
            yield f"### {escaped(creator or UNKNOWN)}"
            yield ""
            for row in of_creator:
                source = _address(row.url)
                yield f"- {escaped(row.title)}" + (f" ([source]({source}))" if source else "")


def attribution_text(rows: Iterable[Attribution]) -> str:
    """Return the whole file as Markdown, of rows in any order."""
    return "\n".join(attribution_lines(sorted(rows, key=attribution_order))) + "\n"


def attribution_order(row: Attribution) -> tuple[str, ...]:
    """Return the key to sort rows by: licence, creator, title; those that are unknown last."""
    return row.licence or "\U0010ffff", row.licence_url or "", row.creator or "\U0010ffff", row.title, row.url or ""


def escaped(text: str) -> str:
    """Return a foreign text as one line of Markdown that means nothing but itself, in Markdown and in HTML."""
    shown = "".join(" " if _is_hidden(character) else character for character in text[: 4 * _MAX_CHARACTERS])
    shown = _BLANKS.sub(" ", shown).strip()[:_MAX_CHARACTERS]
    return _SPECIAL.sub(_entity_or_escape, shown) or UNKNOWN


def _is_hidden(character: str) -> bool:
    """Return whether a character is a control, or changes the direction or joining of those beside it."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _entity_or_escape(found: re.Match[str]) -> str:
    entity = {"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&#39;"}.get(found[0])
    return entity or "\\" + found[0]


def _address(url: str | None) -> str | None:
    """Return an address that may be linked, safe within a Markdown link; None for anything but http and https."""
    if not url or len(url) > 2000 or not _ADDRESS.fullmatch(url.strip()):
        return None
    address = "".join("" if _is_hidden(character) else character for character in url.strip())
    for character, code in (("(", "%28"), (")", "%29"), ("[", "%5B"), ("]", "%5D"), ("&", "&amp;")):
        address = address.replace(character, code)
    return address


def _licence_link(licence: str | None, url: str | None) -> str:
    if licence is None:
        return f"Licence {UNKNOWN}"
    target = url or url_of(spdx(licence) or licence)
    return f"[{escaped(licence)}]({target})" if target else escaped(licence)
