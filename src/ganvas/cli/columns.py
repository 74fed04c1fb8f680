"""Text for a terminal: its width, paragraphs, and rows of aligned columns."""

from collections.abc import Sequence
from shutil import get_terminal_size
from textwrap import wrap

NARROWEST, WIDEST = 60, 120
"""Columns within which text reads well."""
WIDEST_NAME = 28
"""Columns of a first cell beyond which the text beside it begins on a line of its own."""


def width() -> int:
    """Return the columns of the terminal, within what reads well."""
    return min(max(get_terminal_size((WIDEST, 24)).columns, NARROWEST), WIDEST)


def paragraph(text: str, margin: str = "", first: str | None = None) -> list[str]:
    """Return a text as lines of the terminal's width, the first of them after `first` instead of `margin`."""
    begin = margin if first is None else first
    lines = wrap(text, width(), initial_indent=begin, subsequent_indent=margin, break_on_hyphens=False)
    return lines or [begin.rstrip()]


def columns(rows: Sequence[Sequence[str]], margin: str = "") -> list[str]:
    """Return rows of texts as aligned columns, the last wrapped to the terminal."""
    *widths, _ = (max(map(len, column)) + 2 for column in zip(*rows, strict=True))
    hanging = margin + " " * sum(widths)
    lines: list[str] = []
    for *cells, text in rows:
        start = margin + "".join(f"{cell:<{wide}}" for cell, wide in zip(cells, widths, strict=True))
        lines += paragraph(text, hanging, start)
    return lines


def described(rows: Sequence[tuple[str, str]], margin: str = "  ") -> list[str]:
    """Return names with what they are beside them, or below those that are long."""
    short = [len(name) for name, _ in rows if len(name) <= WIDEST_NAME]
    hanging = margin + " " * (max(short, default=WIDEST_NAME - 4) + 2)
    lines: list[str] = []
    for name, text in rows:
        if len(name) > WIDEST_NAME:
            lines += [margin + name, *paragraph(text, hanging)]
        else:
            lines += paragraph(text, hanging, f"{margin}{name}".ljust(len(hanging)))
    return lines
