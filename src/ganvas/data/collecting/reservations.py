"""Reservations against training that a site tells in headers or in `tdmrep.json`.

`X-Robots-Tag: noai` and `noimageai`; the TDM Reservation Protocol (W3C Community Group final report, 2024).
"""

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

AGENT = "ganvas"
_AGAINST_TRAINING = frozenset({"noai", "noimageai"})
_WITH_VALUES = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
_AGENT_NAME = re.compile(r"[a-z0-9_*./ -]+", re.IGNORECASE)


class Rule(NamedTuple):
    """One entry of a `tdmrep.json`: paths, and whether their rights are reserved."""

    location: str
    is_reserved: bool


def reserved_by_robots_tag(lines: Sequence[str]) -> str | None:
    """Return the words of the `X-Robots-Tag` lines that reserve rights from us; None where none does.

    A line may begin with the name of an agent (`otherbot: noai`), which then is all it is about.
    """
    for line in lines:
        about_us = True
        for part in line.lower().split(","):
            head, colon, tail = part.partition(":")
            name = head.strip()
            if colon and name not in _WITH_VALUES and _AGENT_NAME.fullmatch(name):
                about_us = name in ("*", AGENT) or name.startswith(f"{AGENT}/")
                part = tail
            if about_us and part.strip() in _AGAINST_TRAINING:
                return f"The server's X-Robots-Tag says `{line.strip()[:100]}`."
    return None


def reserved_by_header(value: str | None) -> str | None:
    """Return the words of a `tdm-reservation` header that reserves rights; None where it does not."""
    parts = {part.strip() for part in (value or "").split(",")}
    return "The server's header says `tdm-reservation: 1`." if "1" in parts else None


def rules_of(content: bytes) -> list[Rule]:
    """Return the rules of a `tdmrep.json`; what starts like JSON and cannot be read reserves everything."""
    text = content.decode("utf-8-sig", "replace").strip()
    if not text.startswith(("[", "{")):
        return []  # a page that says there is no such file
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return [Rule("/", True)]
    entries = value if isinstance(value, list) else [value]
    return [rule for entry in entries if isinstance(entry, dict) and (rule := _rule(entry))]


def reserved_by_rules(rules: Sequence[Rule], path: str) -> str | None:
    """Return the words of the first rule that covers a path, where it reserves rights; None otherwise."""
    rule = next((rule for rule in rules if _covers(rule.location, path)), None)
    if rule is None or not rule.is_reserved:
        return None
    return f"The site's tdmrep.json reserves the rights of `{rule.location[:100]}`."


def _rule(entry: dict[str, Any]) -> Rule | None:
    location = entry.get("location", "/")
    if "tdm-reservation" not in entry or not isinstance(location, str):
        return None
    return Rule(location, str(entry["tdm-reservation"]).strip().lower() in ("1", "true", "1.0"))


def _covers(location: str, path: str) -> bool:
    """Match as robots.txt does: from the start, `*` is anything, `$` at the end is the end; in linear steps."""
    ends = location.endswith("$")
    first, *middle = re.sub(r"\*+", "*", location.removesuffix("$"))[:2000].split("*")
    if not path.startswith(first):
        return False
    if not middle:
        return not ends or path == first
    place = len(first)
    for part in middle[:-1]:
        found = path.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    last = middle[-1]
    return (path.endswith(last) and len(path) - len(last) >= place) if ends else path.find(last, place) >= 0
