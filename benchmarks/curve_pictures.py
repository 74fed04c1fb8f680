"""Curves as one SVG picture, both axes by orders of magnitude."""

from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT, EDGE, LEGEND = 640, 360, 56, 200
STROKES = ("#0b6bcb", "#c9371d", "#2e7d32", "#8e24aa", "#b8860b", "#00838f")
Curve = list[tuple[float, float]]
Bounds = tuple[float, float]


def svg(curves: dict[str, Curve], across: str, up: str) -> str:
    """Return lines through points (x, y), all above 0, named by their keys; `across` and `up` say what axes show."""
    points = [point for curve in curves.values() for point in curve]
    bounds = _bounds([x for x, _ in points]), _bounds([y for _, y in points])
    parts = [_axis(bounds[0], across, upright=False), _axis(bounds[1], up, upright=True)]
    for index, (name, curve) in enumerate(curves.items()):
        parts.append(_line(name, curve, bounds, STROKES[index % len(STROKES)], index))
    size = f"0 0 {WIDTH + 2 * EDGE + LEGEND} {HEIGHT + 2 * EDGE}"
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='{size}' font-family='sans-serif' font-size='13'>"
    return "\n".join([head, "<rect width='100%' height='100%' fill='white'/>", *parts, "</svg>", ""])


def _line(name: str, curve: Curve, bounds: tuple[Bounds, Bounds], colour: str, index: int) -> str:
    places = [(_across(x, bounds[0]), _up(y, bounds[1])) for x, y in curve]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='{colour}'/>" for x, y in places)
    label = f"<text x='{EDGE + WIDTH + 12}' y='{EDGE + 18 * index + 12}' fill='{colour}'>{escape(name)}</text>"
    return f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>{dots}{label}"


def _axis(bounds: Bounds, what: str, upright: bool) -> str:
    """Return lines at 1, 2 and 5 of every order of magnitude, with their numbers, and what the axis shows."""
    values = [digit * 10.0**order for order in range(floor(bounds[0]), ceil(bounds[1]) + 1) for digit in (1, 2, 5)]
    parts = []
    for value in values:
        if not bounds[0] <= log10(value) <= bounds[1]:
            continue
        if upright:
            y = _up(value, bounds)
            parts.append(f"<path d='M{EDGE},{y:.1f}H{EDGE + WIDTH}' stroke='#ddd'/>")
            parts.append(f"<text x='{EDGE - 8}' y='{y + 4:.1f}' text-anchor='end'>{value:g}</text>")
        else:
            x = _across(value, bounds)
            parts.append(f"<path d='M{x:.1f},{EDGE}V{EDGE + HEIGHT}' stroke='#ddd'/>")
            parts.append(f"<text x='{x:.1f}' y='{EDGE + HEIGHT + 18}' text-anchor='middle'>{value:g}</text>")
    place = (EDGE, EDGE - 16) if upright else (EDGE + WIDTH / 2, EDGE + HEIGHT + 40)
    parts.append(
        f"<text x='{place[0]}' y='{place[1]}' text-anchor='{'start' if upright else 'middle'}'>{escape(what)}</text>"
    )
    return "".join(parts)


def _bounds(values: list[float]) -> Bounds:
    """Return the orders of magnitude around some values."""
    return log10(min(values)) - 0.05, log10(max(values)) + 0.05


def _across(value: float, bounds: Bounds) -> float:
    return EDGE + WIDTH * (log10(value) - bounds[0]) / (bounds[1] - bounds[0])


def _up(value: float, bounds: Bounds) -> float:
    return EDGE + HEIGHT * (1 - (log10(value) - bounds[0]) / (bounds[1] - bounds[0]))
