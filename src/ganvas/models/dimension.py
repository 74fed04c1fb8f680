"""Sizes relative to the data: `height / 4`, `channels * height * width`; whole numbers once the images are known.

The grammar is all there is: words and whole numbers, joined by `*` and `/`. Nothing else is evaluated.
"""

import re
from collections.abc import Mapping
from fractions import Fraction

from ganvas.errors import ModelError

WORDS = ("channels", "height", "width", "classes", "latent_size")
_FACTOR = r"(?:[a-z_]{1,16}|\d{1,9})"
_EXPRESSION = re.compile(rf"{_FACTOR}(?: ?[*/] ?{_FACTOR}){{0,7}}")
_FARTHEST = 4096


class SizeError(ModelError):
    """A size that cannot be: not of the grammar, or no whole number for these images."""


def evaluate(text: str, sizes: Mapping[str, int]) -> int:
    """Return the whole number that `text` stands for, where `sizes` has a value for each of `WORDS`.

    >>> evaluate("height / 4", {"height": 28, ...})
    7

    Raises `SizeError` where it is no whole number of at least 1 here.
    """
    check_syntax(text)
    value = _value(text, sizes)
    if value is None:
        raise SizeError(f'"{text}" divides by 0.')
    if value.denominator != 1:
        raise SizeError(
            f'"{text}" is {_filled(text, sizes)} = {float(value):.2f} here, not a whole number. {_advice(text, sizes)}'
        )
    if value < 1:
        raise SizeError(f'"{text}" is {value} here, and a size is at least 1. {_without(text, sizes)}')
    return int(value)


def check_syntax(text: str) -> None:
    """Raise `SizeError` for what is not words and whole numbers joined by `*` and `/`."""
    unknown = [word for word in re.findall(r"[A-Za-z_]\w*", text[:200]) if word not in WORDS]
    if len(text) > 200 or unknown or not _EXPRESSION.fullmatch(text):
        raise SizeError(
            f'"{text[:40]}" is no size. Write a whole number, one of the words {", ".join(WORDS)}, or a product or '
            'quotient of them, such as "height / 4".'
        )


def _value(text: str, sizes: Mapping[str, int]) -> Fraction | None:
    parts = re.findall(rf"([*/])? ?({_FACTOR})", text)
    value = Fraction(1)
    for operator, factor in parts:
        number = sizes[factor] if factor in sizes else int(factor)
        if operator == "/" and number == 0:
            return None
        value = value / number if operator == "/" else value * number
    return value


def _filled(text: str, sizes: Mapping[str, int]) -> str:
    return re.sub(r"[a-z_]+", lambda word: str(sizes[word.group()]), text)


def _advice(text: str, sizes: Mapping[str, int]) -> str:
    """Name the nearest sizes of the images with which the quotient is whole."""
    for word in WORDS:
        if word not in text:
            continue
        near = [size for step in (-1, 1) if (size := _nearest(text, sizes, word, step))]
        if near:
            return f"It would be for a {word.replace('_', ' ')} of {' or '.join(map(str, near))}."
    return "Write another divisor."


def _nearest(text: str, sizes: Mapping[str, int], word: str, step: int) -> int:
    """Return the size nearest to that of `word`, below or above it, for which `text` is whole; 0 without one."""
    for distance in range(1, _FARTHEST):
        size = sizes[word] + step * distance
        if size < 1:
            return 0
        value = _value(text, {**sizes, word: size})
        if value is not None and value.denominator == 1:
            return size
    return 0


def _without(text: str, sizes: Mapping[str, int]) -> str:
    if "classes" in text and not sizes["classes"]:
        return "This network has no classes: leave the line out, or use a dataset of classes."
    return "Write a larger one."
