"""A run's log, read as it grows: only what is new is read, and a series keeps a bounded number of points."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.exporting.report.contents import Curve
from ganvas.training.scoring import SCORE

_MOST_POINTS = 1200
_PIECE = 4 << 20  # bytes read at a time
_NOT_TERMS = ("loss", "gradient_norm")
_PLOTS = (
    (
        "Losses",
        "what each player minimises, all terms",
        {"discriminator": "d/loss", "generator": "g/loss"},
        None,
    ),
    ("Equilibrium", "1: the discriminator cannot tell real from generated; 0: it can", {"": "equilibrium"}, (0.0, 1.0)),
    ("Diversity", "of generated images, as a part of that of real ones", {"": "diversity"}, None),
    (
        "Classes seen by the discriminator",
        "share of images given the right class",
        {"real images": "class_accuracy/real", "generated images": "class_accuracy/fake"},
        (0.0, 1.0),
    ),
)
Line = tuple[NDArray[np.float64], NDArray[np.float64]]


class Series:
    """Values over steps; where they become too many, neighbours are joined to their mean."""

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []
        self.pending: list[tuple[float, float]] = []
        self.width = 1
        self.last = 0.0

    def add(self, step: float, value: float) -> None:
        """Take in the value of a step."""
        self.last = value
        self.pending.append((step, value))
        if len(self.pending) == self.width:
            self.points.append(_mean(self.pending))
            self.pending = []
        if len(self.points) >= _MOST_POINTS:
            pairs = zip(self.points[::2], self.points[1::2], strict=False)
            self.points = [_mean(pair) for pair in pairs]
            self.width *= 2

    def line(self) -> Line:
        """Return steps [M] and values [M]."""
        points = self.points + ([_mean(self.pending)] if self.pending else [])
        steps, values = np.array(points, np.float64).reshape(-1, 2).T
        return steps, values


class RunLog:
    """The log of one run: its series by name, and the last record."""

    def __init__(self, run: Path) -> None:
        self.path = run / "log.jsonl"
        self._begin()

    def _begin(self) -> None:
        self.series: dict[str, Series] = {}
        self.last: dict[str, Any] = {}
        self.offset, self.inode, self.rest = 0, 0, b""

    def read(self) -> bool:
        """Read what was added; return whether there was anything. A log that was cut, by a resume, is read anew."""
        try:
            with self.path.open("rb") as file:
                found = self.path.stat()
                if found.st_ino != self.inode or found.st_size < self.offset:
                    self._begin()
                    self.inode = found.st_ino
                file.seek(self.offset)
                before = self.offset
                while piece := file.read(_PIECE):
                    self.offset += len(piece)
                    self._take(piece)
                return self.offset > before
        except OSError:
            return False

    def _take(self, piece: bytes) -> None:
        *lines, self.rest = (self.rest + piece).split(b"\n")
        for line in lines:
            try:
                record = json.loads(line)
                step = float(record["step"])
            except (ValueError, KeyError, TypeError):
                continue  # torn by a kill
            self.last = record
            for name, value in record.items():
                if name != "step" and isinstance(value, int | float):
                    self.series.setdefault(name, Series()).add(step, value)

    def recent(self, name: str, num: int = 50) -> float | None:
        """Return the mean of the last values of a series, None where there is none."""
        series = self.series.get(name)
        if series is None:
            return None
        values = [value for _, value in (series.points + series.pending)[-num:]]
        return float(np.mean(values)) if values else None

    def lines(self, names: dict[str, str]) -> dict[str, Line]:
        """Return the lines of series, by what each is to be called."""
        return {shown: self.series[name].line() for shown, name in names.items() if name in self.series}

    def curves(self) -> list[Curve]:
        """Return what is to be drawn: losses and the terms of each, the game, scores."""
        plots = [_PLOTS[0], *(found for player in "dg" if (found := self._terms(player)) is not None), *_PLOTS[1:]]
        curves = [Curve(title, caption, self.lines(names), bounds) for title, caption, names, bounds in plots]
        for name in self.scores():
            curves.append(
                Curve("Score on the way", f"{name.removeprefix(SCORE)}: lower is better", self.lines({"": name}))
            )
        return [curve for curve in curves if curve.lines]

    def scores(self) -> list[str]:
        """Return the names of the series of scores."""
        return [name for name in self.series if name.startswith(SCORE)]

    def _terms(self, player: str) -> tuple[str, str, dict[str, str], None] | None:
        terms = [name for name in self.series if name.startswith(f"{player}/") and name[2:] not in _NOT_TERMS]
        if len(terms) < 2:
            return None
        words = {"d": "Terms of the discriminator", "g": "Terms of the generator"}[player]
        names = {name[2:].replace("_", " "): name for name in terms}
        return words, "each before its weight", names, None


def _mean(points: Any) -> tuple[float, float]:  # noqa: ANN401
    steps, values = zip(*points, strict=True)
    return sum(steps) / len(steps), sum(values) / len(values)
