"""Curves over the steps of a training as one SVG file that is legible on light and on dark pages."""

from collections.abc import Iterable, Mapping
from html import escape

import numpy as np

from ganvas.exporting.report.charts import lines
from ganvas.exporting.report.contents import Curve

COLOURS = ("#1f6f78", "#d98e3f", "#8e5bb5", "#a33b2a")
DARK_COLOURS = ("#57b5bf", "#e0a35e", "#b996d8", "#e5806c")
_WIDTH, _HEIGHT, _EDGE, _LINE = 680, 340, 16, 24


def curve_picture(
    title: str, curves: Mapping[str, Iterable[tuple[float, float]]], bounds: tuple[float, float] | None = None
) -> str:
    """Return curves, each of points (step, value) under a name, as SVG text; `bounds` are the ends of the values.

    Of more steps than the picture is wide, the mean of neighbours is drawn, above a band from least to greatest.
    """
    arrays = {name: np.array(list(points), float).reshape(-1, 2) for name, points in curves.items()}
    chart = lines(Curve(title, "", {name: (points[:, 0], points[:, 1]) for name, points in arrays.items()}, bounds))
    top = 2 * _EDGE + _LINE * (1 + len(arrays))
    width, height = _WIDTH + 2 * _EDGE, top + _HEIGHT + _EDGE
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}' "
            f"font-family='system-ui, sans-serif' role='img' aria-label='{escape(title)}'>",
            f"<style>{_style()}</style>",
            f"<rect class='paper' width='{width}' height='{height}' rx='8'/>",
            f"<text class='title' x='{_EDGE}' y='{_EDGE + 12}' font-size='16' font-weight='600'>{escape(title)}</text>",
            *(_label(name, index) for index, name in enumerate(arrays)),
            f"<svg x='{_EDGE}' y='{top}' width='{_WIDTH}' height='{_HEIGHT}' font-size='9'>{chart}</svg>",
            "</svg>\n",
        ]
    )


def _label(name: str, index: int) -> str:
    y = _EDGE + _LINE * (index + 1) + 14
    mark = f"<path class='line{index}' d='M{_EDGE},{y - 5}h28'/>"
    return f"{mark}<text x='{_EDGE + 38}' y='{y}' font-size='14'>{escape(name)}</text>"


def _style() -> str:
    """Return the colours of both schemes; the paper is drawn too, whatever the page around it."""
    return (
        f"text {{ fill: #1d2126 }} .paper {{ fill: #fbfaf7 }} .grid {{ stroke: #dcd9d0; fill: none }} "
        f"{_marks(COLOURS)} "
        "@media (prefers-color-scheme: dark) { text { fill: #e6e4de } .paper { fill: #15181c } "
        f".grid {{ stroke: #323840 }} {_marks(DARK_COLOURS)} }}"
    )


def _marks(colours: tuple[str, ...]) -> str:
    return " ".join(
        f".line{index} {{ fill: none; stroke: {colour}; stroke-width: 1.6 }} "
        f".band{index} {{ fill: {colour}; opacity: .2 }} .dot{index} {{ fill: {colour} }}"
        for index, colour in enumerate(colours)
    )
