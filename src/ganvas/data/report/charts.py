"""Charts as inline SVG, coloured by the page's own style."""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

_WIDTH, _HEIGHT = 320, 96
_BINS = 32


def histogram(values: NDArray[np.float64], unit: str, logarithmic: bool = False) -> str:
    """Return a histogram [N] with its range below; empty where there are no values."""
    if not len(values):
        return ""
    scaled = np.log2(np.maximum(values, 1e-9)) if logarithmic else values
    low, high = float(scaled.min()), float(scaled.max())
    if low == high:
        return f"<p class='fact'>All alike: {_number(float(values[0]))} {escape(unit)}</p>"
    counts, edges = np.histogram(scaled, _BINS, (low, high))
    bounds = np.exp2(edges) if logarithmic else edges
    step = _WIDTH / _BINS
    bars = "".join(
        f"<rect x='{index * step:.1f}' y='{_HEIGHT - tall:.1f}' width='{step - 1:.1f}' height='{tall:.1f}'>"
        f"<title>{_number(bounds[index])} to {_number(bounds[index + 1])} {escape(unit)}: {count:,}</title></rect>"
        for index, count in enumerate(counts.tolist())
        if (tall := _HEIGHT * count / counts.max())
    )
    middle = float(np.median(values))
    words = f"{_number(float(values.min()))} to {_number(float(values.max()))} {unit}, median {_number(middle)}"
    return (
        f"<svg class='chart' viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' preserveAspectRatio='none' "
        f"aria-label='{escape(words)}'>{bars}</svg><p class='fact'>{escape(words)}</p>"
    )


def bars(names: Sequence[str], counts: Sequence[Sequence[int]], legend: Sequence[str]) -> str:
    """Return one horizontal bar for each name, made of as many parts as `legend` has, as table rows."""
    most = max((sum(parts) for parts in counts), default=0) or 1
    rows: list[str] = []
    for name, parts in zip(names, counts, strict=True):
        pieces = "".join(
            f"<i class='part{index}' style='width:{100 * part / most:.2f}%' title='{escape(label)}: {part:,}'></i>"
            for index, (part, label) in enumerate(zip(parts, legend, strict=True))
        )
        rows.append(
            f"<tr><th scope='row'>{escape(name)}</th><td class='number'>{sum(parts):,}</td>"
            f"<td class='bar'>{pieces}</td></tr>"
        )
    return "".join(rows)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
