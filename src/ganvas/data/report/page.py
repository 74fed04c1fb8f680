"""The report's content, from the finished ledger and card, and its page."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from ganvas.data.balance import balance
from ganvas.data.ledger import Row
from ganvas.data.report.advice import WHAT_TO_DO, advice
from ganvas.data.report.charts import bars, histogram
from ganvas.data.store import Dataset
from ganvas.images import Pixels
from ganvas.pages import data_address, render
from ganvas.seeds import Stream
from ganvas.storage import replace_file

_SHOWN_OF_KIND = 24
_LISTED_OF_KIND = 500
"""Of files without a picture, which are lines of text."""
_SHOWN_GROUPS = 24
_SHOWN_OF_GROUP = 4
_SAMPLES = 48
_BECAME = {"kept": "kept", "refused": "refused", "duplicate": "left out as duplicates", "dropped": "dropped"}
_MEASURES = (
    ("width", "Width", "pixels", True),
    ("height", "Height", "pixels", True),
    ("width * 1.0 / height", "Width / height", "", True),
    ("num_bytes", "File size", "bytes", True),
    ("brightness", "Brightness", "(0 black, 1 white)", False),
    ("contrast", "Contrast", "", False),
    ("entropy", "Information", "bits", False),
    ("sharpness", "Sharpness", "", True),
)


class Picture(NamedTuple):
    """One image as the page shows it; `address` is a data address, None where there is nothing to show."""

    path: str
    words: str
    address: str | None


class Section(NamedTuple):
    """A kind of file: how many, and the first of them."""

    name: str
    outcome: str
    num: int
    pictures: list[Picture]
    to_do: str = ""


def write_report(path: Path, dataset: Dataset, pixels: Callable[[Sequence[int]], Pixels], title: str) -> None:
    """Write the report of a dataset; `pixels(places)` gives images [N, H, W, C], also those that were left out."""
    replace_file(path, report_html(dataset, pixels, title).encode())


def report_html(dataset: Dataset, pixels: Callable[[Sequence[int]], Pixels], title: str) -> str:
    """Return the report of a dataset as HTML; `pixels(places)` gives images [N, H, W, C]."""
    return render("ganvas.data.report", "report.html", **_content(dataset, pixels), title=title)


def _content(dataset: Dataset, pixels: Callable[[Sequence[int]], Pixels]) -> dict[str, Any]:
    card = dataset.card
    per_class = [sum(parts) for parts in zip(*(card.splits[split].per_class for split in card.splits), strict=True)]
    found = balance(card.splits["train"].per_class) if card.classes else None
    groups, num_alike = _groups(dataset, pixels)
    return {
        "card": card,
        "shape": str(dataset.shape),
        "outcomes": {
            _BECAME.get(name, name): count for name, count in card.outcomes.items() if count or name == "kept"
        },
        "left_out": _sections(dataset.left_out(), "kind", pixels),
        "unusual": [
            section._replace(to_do=WHAT_TO_DO.get(section.name, ""))
            for section in _sections(dataset.unusual(), "flags", pixels)
        ],
        "groups": groups,
        "num_alike": num_alike,
        "class_bars": Markup(_class_bars(dataset)) if per_class else "",  # noqa: S704 (escaped there)
        "balance": found,
        "charts": _charts(dataset),
        "samples": _samples(dataset),
        "licences": sorted(card.licences.items(), key=lambda entry: -entry[1]),
        "creators": _creators(dataset),
        "advice": advice(card, found, num_alike),
        "dimension": _dimension(dataset),
        "preprocessing": {name: _short(value) for name, value in card.preprocessing.plain().items()},
        "policies": card.policies.plain(),
    }


def _class_bars(dataset: Dataset) -> str:
    splits = list(dataset.card.splits)
    counts = list(zip(*(dataset.card.splits[split].per_class for split in splits), strict=True))
    return bars(dataset.classes, counts, splits)


def _charts(dataset: Dataset) -> list[tuple[str, Markup]]:
    charts: list[tuple[str, Markup]] = []
    for column, title, unit, logarithmic in _MEASURES:
        values = np.array([value for (value,) in dataset.ask(column) if value is not None], np.float64)
        charts.append((title, Markup(histogram(values, unit, logarithmic))))  # noqa: S704 (numbers and our own words)
    return charts


def _sections(rows: Iterable[Row], column: str, pixels: Callable[[Sequence[int]], Pixels]) -> list[Section]:
    """Return the rows by the names in `column`, the most frequent first; memory is flat in their number."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    first: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        for name in (getattr(row, column) or "").split(","):
            key = (name, row.outcome)
            if name and name != "unknown-licence":
                counts[key] += 1
                if len(first[key]) < (_LISTED_OF_KIND if row.place is None else _SHOWN_OF_KIND):
                    first[key].append(row)
    order = sorted(counts, key=lambda key: (-counts[key], key))
    return [
        Section(name, _BECAME.get(outcome, outcome), counts[name, outcome], _pictures(first[name, outcome], pixels))
        for name, outcome in order
    ]


def _pictures(rows: Sequence[Row], pixels: Callable[[Sequence[int]], Pixels]) -> list[Picture]:
    places = [row.place for row in rows if row.place is not None]
    images = iter(pixels(places)) if places else iter(())
    addresses = (None if row.place is None else data_address(next(images)) for row in rows)
    return [Picture(row.path, row.reason or "", address) for row, address in zip(rows, addresses, strict=True)]


def _groups(dataset: Dataset, pixels: Callable[[Sequence[int]], Pixels]) -> tuple[list[list[Picture]], int]:
    """Return the first images of the largest groups of images that look the same, and how many images repeat."""
    groups: dict[int, list[Row]] = defaultdict(list)
    sizes: dict[int, int] = defaultdict(int)
    kept: dict[int, int] = defaultdict(int)
    for row in dataset.find("cluster IS NOT NULL"):
        assert row.cluster is not None
        sizes[row.cluster] += 1
        kept[row.cluster] += row.outcome == "kept"
        if len(groups[row.cluster]) < _SHOWN_OF_GROUP:
            groups[row.cluster].append(row)
    largest = sorted(groups, key=lambda cluster: (-sizes[cluster], cluster))[:_SHOWN_GROUPS]
    shown = [_pictures([row._replace(reason=row.outcome) for row in groups[cluster]], pixels) for cluster in largest]
    return shown, sum(count - 1 for count in kept.values() if count)


def _samples(dataset: Dataset) -> list[Picture]:
    pixels = dataset.pixels("train")
    chosen = np.sort(Stream(0, "report").permutation(len(pixels))[:_SAMPLES]).tolist()
    places = ", ".join(map(str, chosen))
    rows = sorted(dataset.find(f"split = 'train' AND row IN ({places})"), key=lambda row: row.row or 0)
    labelled = bool(dataset.classes)
    return [Picture(row.path, (labelled and row.label) or "", data_address(pixels[row.row or 0])) for row in rows]


def _creators(dataset: Dataset) -> list[tuple[str, int]]:
    counts: dict[str, int] = defaultdict(int)
    for (creator,) in dataset.ask("creator"):
        if creator:
            counts[creator] += 1
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:20]


def _dimension(dataset: Dataset) -> float | None:
    """Return the effective number of dimensions of the thumbnails: (sum of variances)^2 / sum of their squares.

    The variances are the eigenvalues of the covariance; the ratio is their participation ratio.
    """
    rows = [thumbnail for (thumbnail,) in dataset.ask("thumbnail", limit=5000) if thumbnail]
    if len(rows) < 2:
        return None
    values = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1).astype(np.float64)
    covariance = np.cov(values, rowvar=False)
    total, squares = float(np.trace(covariance)), float((covariance**2).sum())
    return total**2 / squares if squares else None


def _short(value: Any) -> str:  # noqa: ANN401
    return value if isinstance(value, str) else json.dumps(value)
