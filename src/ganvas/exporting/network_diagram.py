"""A network as an SVG picture: a column of boxes for each player, curves for values that come in again later."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, GAP, COLUMN = 340, 40, 18, 480
TOP, LEFT = 96, 32
FONT = "font-family='ui-sans-serif, system-ui, Helvetica, Arial, sans-serif'"
INK, FAINT, LINE, FILL, ACCENT = "#1f2937", "#6b7280", "#9ca3af", "#f8fafc", "#2563eb"


class Box(NamedTuple):
    """A part: its name, the shape it gives, how many numbers it holds, what comes in beside and from which boxes."""

    name: str
    gives: str
    num_parameters: int
    beside: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()


class Column(NamedTuple):
    """A player: its heading, what it takes, its boxes from first to last; a source of -1 is what it takes."""

    heading: str
    takes: str
    boxes: Sequence[Box]


def network_diagram(title: str, columns: Sequence[Column]) -> str:
    """Return the picture as SVG text: data flows from top to bottom."""
    rows = max(len(column.boxes) for column in columns) + 1
    width, height = LEFT + COLUMN * len(columns), TOP + rows * (HEIGHT + GAP) + 8
    parts = [part for index, column in enumerate(columns) for part in _column(column, LEFT + index * COLUMN)]
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}' "
            f"{FONT} font-size='13' role='img' aria-label='{escape(title)}'>",
            _marker("arrow", LINE),
            _marker("source", ACCENT),
            f"<rect width='{width}' height='{height}' fill='#ffffff'/>",
            _text(LEFT, 36, title, "font-size='18' font-weight='600'"),
            *parts,
            "</svg>\n",
        ]
    )


def _column(column: Column, left: int) -> list[str]:
    parts = [_text(left, 68, column.heading, f"fill='{FAINT}'"), _start(column.takes, left)]
    for index, box in enumerate(column.boxes):
        top = _top(index)
        middle = left + WIDTH // 2
        parts += [_line(middle, top - GAP, top - 2), *_box(box, left, top)]
        parts += [_curve(source, index, left + WIDTH) for source in box.sources]
    return parts


def _start(takes: str, left: int) -> str:
    top = _top(-1)
    shape = f"<rect x='{left}' y='{top}' width='{WIDTH}' height='{HEIGHT}' rx='20' fill='#ffffff' stroke='{LINE}'/>"
    return shape + _text(left + WIDTH // 2, top + 25, takes, "text-anchor='middle'")


def _box(box: Box, left: int, top: int) -> list[str]:
    fill = "#eff6ff" if box.num_parameters else FILL
    beside = f"+ {', '.join(box.beside)}" if box.beside else ""
    numbers = f"{box.num_parameters:,}" if box.num_parameters else ""
    return [
        f"<rect x='{left}' y='{top}' width='{WIDTH}' height='{HEIGHT}' rx='6' fill='{fill}' stroke='{LINE}'/>",
        _text(left + 12, top + (17 if beside else 25), _short(box.name), "font-weight='500'"),
        _text(left + 12, top + 33, beside, f"font-size='11' fill='{ACCENT}'") if beside else "",
        _text(left + WIDTH - 12, top + (17 if numbers else 25), box.gives, "text-anchor='end'"),
        _text(left + WIDTH - 12, top + 33, numbers, f"font-size='11' text-anchor='end' fill='{FAINT}'")
        if numbers
        else "",
    ]


def _curve(source: int, target: int, right: int) -> str:
    """Return the curve from the right of one box to that of a later one; longer ways swing further out."""
    begin, end = _top(source) + HEIGHT // 2, _top(target) + HEIGHT // 2 + 8
    out = right + min(24 + 12 * (target - source), COLUMN - WIDTH - 24)
    path = f"M {right} {begin} C {out} {begin}, {out} {end}, {right + 3} {end}"
    return f"<path d='{path}' fill='none' stroke='{ACCENT}' stroke-width='1.5' marker-end='url(#source)'/>"


def _line(x: int, top: int, bottom: int) -> str:
    return f"<path d='M {x} {top} L {x} {bottom}' stroke='{LINE}' stroke-width='1.5' marker-end='url(#arrow)'/>"


def _marker(name: str, colour: str) -> str:
    return (
        f"<marker id='{name}' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' markerHeight='7' orient='auto'>"
        f"<path d='M 0 0 L 8 4 L 0 8 z' fill='{colour}'/></marker>"
    )


def _text(x: int, y: int, words: str, style: str = "") -> str:
    fill = "" if "fill=" in style else f" fill='{INK}'"
    return f"<text x='{x}' y='{y}'{fill} {style}>{escape(words)}</text>"


def _top(index: int) -> int:
    return TOP + (index + 1) * (HEIGHT + GAP)


def _short(name: str) -> str:
    return name if len(name) <= 30 else f"{name[:29]}…"
