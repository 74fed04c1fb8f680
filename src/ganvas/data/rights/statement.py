"""One thing that a file says about its rights, and where it says so."""

import re
import unicodedata
from typing import Literal, NamedTuple

About = Literal["opt_out", "licence", "licence_url", "creator", "credit", "copyright", "synthetic", "unreadable"]

MAX_WORDS = 500
"""Longer texts are cut: a file may say anything at any length."""

_BLANKS = re.compile(r"\s+")


class Statement(NamedTuple):
    """`value` about `about`, read at `where` (such as "XMP dc:creator"); `kind` names the sort of an opt-out."""

    about: About
    value: str
    where: str
    kind: str = ""


def plain_words(text: str, limit: int = MAX_WORDS) -> str:
    """Return a foreign text as one line of at most `limit` characters without control characters."""
    text = text[: 4 * limit]
    text = "".join(" " if unicodedata.category(character).startswith("C") else character for character in text)
    return _BLANKS.sub(" ", text).strip()[:limit]


def decoded(content: bytes, limit: int = MAX_WORDS) -> str:
    """Return bytes as text of one line: UTF-8 where they are, else Latin-1."""
    content = content[: 8 * limit]
    try:
        return plain_words(content.decode(), limit)
    except UnicodeDecodeError as error:
        cut = error.start > len(content) - 4  # inside the last character
        return plain_words(content.decode("utf-8" if cut else "latin-1", "ignore"), limit)
