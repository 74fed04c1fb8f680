"""What an independent classifier sees of each class: a table, and a matrix of which class is taken for which."""

from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from ganvas.exporting.report.contents import Obedience

MOST_IN_MATRIX = 30
MOST_CONFUSIONS = 20


class ClassRow(NamedTuple):
    """A class: images asked for, shares seen as it (of generated and of real images), what it is taken for."""

    name: str
    num: int
    seen: float | None
    real: float | None
    taken_for: str
    distance: float | None = None


class Confusion(NamedTuple):
    """How often one class is taken for another."""

    asked: str
    seen: str
    share: float


def class_rows(obedience: Obedience, distances: tuple[float | None, ...] = ()) -> list[ClassRow]:
    """Return a row for each class; `distances` are those of each class where they were measured."""
    rows = []
    for index, name in enumerate(obedience.classes):
        others = obedience.generated[index].copy()
        others[index] = 0
        rows.append(
            ClassRow(
                name,
                int(obedience.generated[index].sum()),
                _share(obedience.generated, index),
                _share(obedience.real, index),
                obedience.classes[int(others.argmax())] if others.any() else "",
                distances[index] if distances else None,
            )
        )
    return rows


def confusions(obedience: Obedience) -> list[Confusion]:
    """Return the most frequent confusions of generated images, the worst first."""
    counts = obedience.generated.copy()
    np.fill_diagonal(counts, 0)
    shares = counts / np.maximum(obedience.generated.sum(1, keepdims=True), 1)
    worst = np.argsort(shares, axis=None)[::-1][:MOST_CONFUSIONS]
    places = [divmod(int(place), len(obedience.classes)) for place in worst]
    names = obedience.classes
    return [Confusion(names[a], names[b], float(shares[a, b])) for a, b in places if shares[a, b]]


def matrix(obedience: Obedience) -> Markup:
    """Return the rows of a table of per cents, asked by seen; nothing where there are too many classes to read it."""
    count = len(obedience.classes)
    if count > MOST_IN_MATRIX:
        return Markup()
    head = Markup("").join(Markup("<th scope='col'>{}</th>").format(name) for name in obedience.classes)
    rows = [Markup("<tr><td></td>{}</tr>").format(head)]
    shares = obedience.generated / np.maximum(obedience.generated.sum(1, keepdims=True), 1)
    for index, name in enumerate(obedience.classes):
        cells = Markup("").join(_cell(float(shares[index, seen]), seen == index) for seen in range(count))
        rows.append(Markup("<tr><th scope='row'>{}</th>{}</tr>").format(name, cells))
    return Markup("").join(rows)


def _cell(share: float, right: bool) -> Markup:
    """Return a cell whose colour grows with the root of the share, so that rare confusions are seen too."""
    words = "" if share < 0.0005 else "100" if share >= 0.9995 else f"{100 * share:.1f}"
    kind, depth = ("right" if right else "wrong"), round(100 * share**0.5)
    return Markup("<td class='{}' style='--depth: {}%'>{}</td>").format(kind, depth, words)


def _share(counts: np.ndarray, index: int) -> float | None:
    total = int(counts[index].sum())
    return float(counts[index, index] / total) if total else None
