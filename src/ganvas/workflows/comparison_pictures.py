"""The pictures of a comparison: a row of images for each recipe, and scores over the time of training as SVG."""

from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image, ImageDraw

from ganvas.data.store import Dataset
from ganvas.images import Pixels, contact_sheet
from ganvas.workflows.comparison import Contestant, Point
from ganvas.workflows.model import Model

_COLUMNS = 12
_WIDTH, _HEIGHT, _EDGE = 640, 320, 48
_STROKES = ("#0b6bcb", "#c9371d", "#2e7d32", "#8e24aa", "#b8860b", "#00838f", "#5d4037", "#546e7a")


def strip(model: Model, name: str, dataset: Dataset) -> Pixels:
    """Return one row of pictures [H, W, C] under the recipe's name, the same latents for all recipes of a size.

    Of a translator they are translations of the dataset's first images, held-out ones where there are any.
    """
    if model.translates:
        split = "test" if dataset.count("test") >= _COLUMNS else "train"
        first, labels = np.asarray(dataset.pixels(split)[:_COLUMNS]), dataset.labels(split)
        pixels = model.translate_real(first, None if labels is None else labels[:_COLUMNS]).images
    else:
        pixels = model.generate(_COLUMNS, np.arange(_COLUMNS) % len(model.classes) if model.conditional else None)
    row = contact_sheet(pixels, _COLUMNS)
    label = Image.new("L", (row.shape[1], 16), 255)
    ImageDraw.Draw(label).text((4, 2), name, fill=0)
    above = np.repeat(np.asarray(label)[..., None], row.shape[2], axis=2)
    if row.shape[2] == 4:
        above[..., 3] = 255
    return np.concatenate([above, row])


def curves(contestants: Sequence[Contestant]) -> str:
    """Return the scores on the way over the seconds of training, a line for each contestant, as one SVG picture."""
    drawn = [contestant for contestant in contestants if contestant.points]
    points = [point for contestant in drawn for point in contestant.points]
    longest = max((point.seconds for point in points), default=0) or 1.0
    largest = max((point.value for point in points), default=0) or 1.0
    parts = [_axes(longest, largest, drawn[0].protocol if drawn else "no scores")]
    for index, contestant in enumerate(drawn):
        colour = _STROKES[index % len(_STROKES)]
        places = [_place(point, longest, largest) for point in contestant.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        dots = "".join(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='{colour}'/>" for x, y in places)
        corner, name = f"x='{_EDGE + _WIDTH + 12}' y='{_EDGE + 18 * index}'", escape(contestant.recipe)
        label = f"<text {corner} fill='{colour}'>{name}</text>"
        parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>{dots}{label}")
    size = f"0 0 {_WIDTH + 2 * _EDGE + 160} {_HEIGHT + 2 * _EDGE}"
    style = f"viewBox='{size}' font-family='sans-serif' font-size='13'"
    return "\n".join([f"<svg xmlns='http://www.w3.org/2000/svg' {style}>", *parts, "</svg>", ""])


def _place(point: Point, longest: float, largest: float) -> tuple[float, float]:
    return _EDGE + _WIDTH * point.seconds / longest, _EDGE + _HEIGHT * (1 - point.value / largest)


def _axes(longest: float, largest: float, protocol: str) -> str:
    left, bottom = _EDGE, _EDGE + _HEIGHT
    return (
        f"<rect width='100%' height='100%' fill='white'/><path d='M{left},{_EDGE}V{bottom}H{left + _WIDTH}' "
        f"fill='none' stroke='#444'/><text x='{left}' y='{_EDGE - 12}'>{escape(protocol)}, lower is better; "
        f"top {largest:.3g}</text><text x='{left + _WIDTH}' y='{bottom + 20}' text-anchor='end'>"
        f"{longest:,.0f} s of training</text><text x='{left}' y='{bottom + 20}'>0</text>"
    )
