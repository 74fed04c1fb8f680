"""Reading: the bytes of a body as one JSON object, nothing in it deeper, larger or stranger than it may be."""

import json
from typing import Any, NoReturn

from ganvas.serving.refusals import Refusal, unreadable

_LONGEST_NUMBER = 30
"""Digits; any number that is asked for has fewer."""


def read_object(body: bytes, most_depth: int) -> dict[str, Any]:
    """Return the JSON object that a body is; raise `Refusal` for anything else.

    NaN, infinities, numbers that overflow and a name given twice are no JSON here, whatever Python thinks of them.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise unreadable(f"The body is not UTF-8, from byte {error.start} on.") from None
    if depth_of(text) > most_depth:
        raise unreadable(f"The body holds objects or lists more than {most_depth} deep.")
    try:
        value = json.loads(
            text, parse_constant=_no_constant, parse_int=_integer, parse_float=_real, object_pairs_hook=_object
        )
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except Refusal:
        raise
    except (ValueError, RecursionError) as error:
        raise unreadable(f"The body is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise unreadable("The body is JSON, but no object {...}.")
    return value


def depth_of(text: str) -> int:
    """Return how many brackets are open at once at most, those in texts not counted."""
    depth = deepest = 0
    inside = skip = False
    for letter in text:
        if skip:
            skip = False
        elif inside:
            skip, inside = letter == "\\", letter != '"'
        elif letter == '"':
            inside = True
        elif letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    return deepest


def _no_constant(name: str) -> NoReturn:
    raise unreadable(f"The body holds {name}, which is no JSON number.")


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise unreadable(f"The body holds a number of {len(digits):,} digits.")
    return int(digits)


def _real(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise unreadable(f"The body holds a number that is too large: {text[:_LONGEST_NUMBER]}.")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise unreadable("The body holds an object with the same name twice.")
    return found
