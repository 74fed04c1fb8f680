"""The page of a report, from its contents."""

from typing import Any

import numpy as np
from markupsafe import Markup

from ganvas.exporting.report.answers import answers
from ganvas.exporting.report.charts import distributions, lines, plane
from ganvas.exporting.report.classes import class_rows, confusions, matrix
from ganvas.exporting.report.contents import Contents, Copies
from ganvas.exporting.report.scales import REAL, scale
from ganvas.exporting.report.verdicts import of_copies
from ganvas.images import Pixels
from ganvas.pages import data_address, render

_BAND = 14


def report_html(contents: Contents) -> str:
    """Return the report as one HTML file: no network, no script, light or dark as the reader's system is."""
    return render(
        "ganvas.exporting.report",
        "report.html",
        contents=contents,
        answers=answers(contents),
        band=[_picture(image) for image in _band(contents)],
        real=100 * REAL,
        scales=[scale(measure) for measure in contents.measures],
        rows=[(row.name, [_picture(image) for image in row.images]) for row in contents.rows],
        plane=plane(contents.plane),
        curves=[(curve, lines(curve)) for curve in contents.curves],
        **_classes(contents),
        **_copies(contents),
    )


def _classes(contents: Contents) -> dict[str, Any]:
    seen = contents.obedience
    if seen is None:
        return {"matrix": Markup(), "classes": [], "confusions": []}
    return {
        "matrix": matrix(seen),
        "classes": class_rows(seen, contents.class_distances),
        "confusions": confusions(seen),
    }


def _copies(contents: Contents) -> dict[str, Any]:
    neighbours = [
        (_picture(found.image), [_picture(image) for image in found.nearest], found) for found in contents.neighbours
    ]
    is_accused = contents.copies is not None and of_copies(contents.copies) in ("fair", "poor")
    return {"neighbours": neighbours, "is_accused": is_accused, "distances": _distances(contents.copies)}


def _distances(copies: Copies | None) -> Markup:
    if copies is None:
        return Markup()
    return distributions({"generated": copies.generated, "held-out real": copies.held_out}, "nearness")


def _band(contents: Contents) -> list[Pixels]:
    """Return a few images for the head of the page, of as many rows as there are."""
    rows = [row.images for row in contents.rows if len(row.images)]
    if not rows:
        return []
    return [rows[index % len(rows)][(index // len(rows)) % len(rows[index % len(rows)])] for index in range(_BAND)]


def _picture(image: Pixels) -> str:
    return data_address(np.asarray(image), largest=256)
