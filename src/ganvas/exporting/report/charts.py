"""Charts as inline SVG, coloured by the page's own style: lines over steps, the plane, two distributions."""

from collections.abc import Sequence
from html import escape

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ganvas.exporting.report.contents import Curve, Point

_WIDTH, _HEIGHT = 340, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 8, 20
_BINS = 170
_PLANE, _EDGE = 340, 42
Values = NDArray[np.float64]


def lines(curve: Curve) -> Markup:
    """Return the lines of a curve: the mean of neighbouring steps, above a band from their least to their greatest."""
    every = [values for _, values in curve.lines.values() if len(values)]
    if not every:
        return Markup()
    low, high = curve.bounds or _bounds(np.concatenate(every))
    first = min(float(steps[0]) for steps, values in curve.lines.values() if len(values))
    last = max(float(steps[-1]) for steps, values in curve.lines.values() if len(values))
    parts = [_axes(low, high, first, last)]
    for index, (steps, values) in enumerate(curve.lines.values()):
        parts.append(_line(steps, np.clip(values, low, high), (first, last), (low, high), index))
    return _svg(_WIDTH, _HEIGHT, f"{curve.title}. {curve.caption}", parts)


def plane(points: Sequence[Point]) -> Markup:
    """Return the plane of recall (to the right) and precision (upwards), both from 0 to 1."""
    parts = [_plane_grid()]
    way = [_on_plane(point) for point in points if point.kind in ("earlier", "model")]
    if len(way) > 1:
        parts.append(f"<polyline class='way' points='{_points(np.array(way))}'/>")
    for point in sorted(points, key=lambda point: point.kind == "model"):
        parts.append(_mark(point))
    return _svg(_PLANE, _PLANE, "Precision over recall", parts)


def distributions(named: dict[str, Values], unit: str) -> Markup:
    """Return how values [N] >= 0 of several kinds are distributed, as outlines of equal area over one axis."""
    together = np.concatenate(list(named.values()))
    low, high = 0.0, float(np.quantile(together, 0.995)) or 1.0
    counted = {name: np.histogram(values, 40, (low, high), density=True)[0] for name, values in named.items()}
    tallest = max(float(counts.max()) for counts in counted.values()) or 1.0
    parts = [_axes(0, 1, low, high, values=False)]
    for index, counts in enumerate(counted.values()):
        xs = np.repeat(np.linspace(_LEFT, _WIDTH - _RIGHT, 41), 2)[1:-1]
        ys = np.repeat(_HEIGHT - _BOTTOM - counts / tallest * (_HEIGHT - _TOP - _BOTTOM), 2)
        corners = f"{_WIDTH - _RIGHT},{_HEIGHT - _BOTTOM} {_LEFT},{_HEIGHT - _BOTTOM}"
        parts.append(f"<polygon class='area{index}' points='{_points(np.stack([xs, ys], 1))} {corners}'/>")
    return _svg(_WIDTH, _HEIGHT, f"Distribution of {unit} of {' and '.join(named)}", parts)


def _line(steps: Values, values: Values, across: tuple[float, float], up: tuple[float, float], index: int) -> str:
    if not len(values):
        return ""
    edges = np.unique(np.linspace(0, len(values), min(_BINS, len(values)) + 1).astype(np.int64))
    starts = edges[:-1]
    means = np.add.reduceat(values, starts) / np.diff(edges)
    least, most = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    xs = _scaled(np.add.reduceat(steps, starts) / np.diff(edges), across, _LEFT, _WIDTH - _RIGHT)
    heights = [_scaled(found, up, _HEIGHT - _BOTTOM, _TOP) for found in (means, least, most)]
    if len(xs) == 1:
        return f"<circle class='dot{index}' cx='{xs[0]:.1f}' cy='{heights[0][0]:.1f}' r='3'/>"
    below, above = np.stack([xs, heights[1]], 1), np.stack([xs, heights[2]], 1)
    band = _points(np.concatenate([below, above[::-1]])) if len(values) > _BINS else ""
    middle = _points(np.stack([xs, heights[0]], 1))
    return f"<polygon class='band{index}' points='{band}'/><polyline class='line{index}' points='{middle}'/>"


def _axes(low: float, high: float, first: float, last: float, values: bool = True) -> str:
    bottom, right, parts = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT, []
    for part in (0.0, 0.5, 1.0):
        y, x = bottom + part * (_TOP - bottom), _LEFT + part * (right - _LEFT)
        anchor = {0.0: "start", 0.5: "middle", 1.0: "end"}[part]
        step, value = _number(first + part * (last - first)), _number(low + part * (high - low))
        parts.append(f"<path class='grid' d='M{_LEFT},{y:.1f}H{right}'/>")
        if values:
            parts.append(f"<text x='{_LEFT - 5}' y='{y + 4:.1f}' text-anchor='end'>{value}</text>")
        parts.append(f"<text x='{x:.1f}' y='{_HEIGHT - 4}' text-anchor='{anchor}'>{step}</text>")
    return "".join(parts)


def _plane_grid() -> str:
    parts, near, far = [], _EDGE, _PLANE - 8
    for tick in np.linspace(0, 1, 6):
        x, y = near + tick * (far - near), _PLANE - _EDGE + tick * (8 - _PLANE + _EDGE)
        parts.append(f"<path class='grid' d='M{x:.1f},8V{_PLANE - _EDGE}M{near},{y:.1f}H{far}'/>")
        parts.append(f"<text x='{x:.1f}' y='{_PLANE - _EDGE + 14}' text-anchor='middle'>{tick:.1f}</text>")
        parts.append(f"<text x='{near - 5}' y='{y + 4:.1f}' text-anchor='end'>{tick:.1f}</text>")
    parts.append(f"<text class='axis' x='{far}' y='{_PLANE - 4}' text-anchor='end'>recall: is it diverse?</text>")
    turned = "x='10' y='8' text-anchor='end' transform='rotate(-90 10 8)'"
    parts.append(f"<text class='axis' {turned}>precision: is it good?</text>")
    return "".join(parts)


def _mark(point: Point) -> str:
    x, y = _on_plane(point)
    title = f"<title>{escape(point.name)}: precision {point.precision:.1%}, recall {point.recall:.1%}</title>"
    if point.kind == "earlier":
        return f"<circle class='earlier' cx='{x:.1f}' cy='{y:.1f}' r='4'>{title}</circle>"
    words_x, words_y, anchor = _label_place(point, x, y)
    label = f"<text class='name' x='{words_x:.1f}' y='{words_y:.1f}' text-anchor='{anchor}'>{escape(point.name)}</text>"
    shape = f"<circle class='{point.kind}' cx='{x:.1f}' cy='{y:.1f}' r='6'>{title}</circle>"
    return shape + label


def _label_place(point: Point, x: float, y: float) -> tuple[float, float, str]:
    """Return where the name of a point stands: the model's below it, beside it at the lower edge, others' above."""
    anchor, side = ("end", -1) if x > _PLANE / 2 else ("start", 1)
    if point.kind != "model":
        return x + 2 * side, y - 9, anchor
    return (x + 10 * side, y + 4, anchor) if y > _PLANE - _EDGE - 20 else (x + 2 * side, y + 17, anchor)


def _on_plane(point: Point) -> tuple[float, float]:
    recall, precision = np.clip([point.recall, point.precision], 0, 1)
    return _EDGE + recall * (_PLANE - 8 - _EDGE), (_PLANE - _EDGE) + precision * (8 - _PLANE + _EDGE)


def _svg(width: int, height: int, words: str, parts: Sequence[str]) -> Markup:
    content = "".join(parts)
    return Markup(  # noqa: S704 (numbers, and names that are escaped)
        f"<svg class='plot' viewBox='0 0 {width} {height}' role='img' aria-label='{escape(words)}'>{content}</svg>"
    )


def _bounds(values: Values) -> tuple[float, float]:
    """Return the range of all values but the most extreme hundredth on either side, which a few steps fill."""
    low, high = np.quantile(values, [0.01, 0.99])
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(high) + 0.5)


def _scaled(values: Values, source: tuple[float, float], begin: float, end: float) -> Values:
    return begin + (values - source[0]) / ((source[1] - source[0]) or 1.0) * (end - begin)


def _points(places: Values) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
