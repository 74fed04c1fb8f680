"""Scores in columns: heads short enough for a terminal, the protocols behind them, printed values, which is best."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ganvas.metrics import METRICS
from ganvas.metrics.protocol import Score

WIDTH = 120
"""Characters of a terminal that a table of several models is made for."""
NARROW = 80
"""Characters of a terminal that the table of one model is made for."""
_GAP = 2
_NO_SHARES = {"inception-score", "stacked-modes", "stacked-sure-modes", "c-t"}
"""Metrics of which a lower value is not better, and which are no shares."""


class Column(NamedTuple):
    """A head and the cells below it; `best` are the numbers of the best of them."""

    head: str
    cells: tuple[str, ...]
    best: frozenset[int] = frozenset()

    @property
    def width(self) -> int:
        """Characters that it takes."""
        return max(map(len, (self.head, *self.cells)))

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return any(cell.removeprefix("-")[:1].isdigit() for cell in self.cells)


class Scores(list[Score]):
    """Scores of one model; `print` shows them as `ganvas evaluate` does, as a table of model, real images and noise."""

    def __str__(self) -> str:
        return "\n".join(lines_of(self))


def figure(score: Score, value: float) -> str:
    """Return a value of a score as it is printed: in per cent where it is a share."""
    return f"{value:.2%}" if is_share(score) else f"{value:.4g}"


def is_share(score: Score) -> bool:
    """Return whether a score is a share, from 0 to about 1."""
    return not score.lower_is_better and score.metric not in _NO_SHARES


def direction(score: Score) -> str:
    """Return which way a score is better, in words."""
    if score.floor_is_best:
        return "nearest to real is best"
    return "lower is better" if score.lower_is_better else "higher is better"


def lines_of(scores: Sequence[Score]) -> list[str]:
    """Return the scores of one model as a table for each feature network, with what metrics and features tell."""
    lines: list[str] = []
    for network, num, caution in dict.fromkeys((network_of(one), one.num_samples, one.caution) for one in scores):
        named = [one for one in scores if (network_of(one), one.num_samples) == (network, num)]
        lines += ["", f"Scores of protocols {network}-METRIC{num}", ""]
        for block in blocks(_columns(named), NARROW):
            lines += [*text_of(block), ""]
        lines += [*_about(named), *textwrap.wrap(caution, NARROW)]
    return lines[1:]


def _columns(scores: Sequence[Score]) -> list[Column]:
    """Return the table of one model: real images and noise are the floor and the ceiling of its scores."""
    better = [direction(score).split(" is ")[0].replace("nearest to real", "as real") for score in scores]
    ranges = [" to ".join(_short(score, end) for end in score.interval) if score.interval else "" for score in scores]
    found = [
        Column("metric", tuple(score.metric for score in scores)),
        Column("better", tuple(better)),
        Column("model", tuple(_short(score, score.value) for score in scores)),
        Column("95 %", tuple(ranges)),
        Column("real", tuple(_short(score, score.floor) for score in scores)),
        Column("noise", tuple(_short(score, score.ceiling) for score in scores)),
    ]
    return found if any(ranges) else [column for column in found if column.head != "95 %"]


def _short(score: Score, value: float) -> str:
    """Return a value with as many digits as a table of 80 characters has room for."""
    if is_share(score):
        return f"{value:.1%}"
    return f"{value:,.0f}" if 1_000 <= abs(value) < 1_000_000 else f"{value:.3g}"


def _about(scores: Sequence[Score]) -> list[str]:
    """Return what the columns and each of the metrics are, in lines of a narrow terminal."""
    told = "real: what held-out real images score; noise: what random pixels score."
    known = {score.metric: METRICS[score.metric].summary for score in scores if score.metric in METRICS}
    width = 2 + max(map(len, known), default=0)
    wrapped = (
        textwrap.wrap(f"{name:{width}}{words}", NARROW, subsequent_indent=" " * width) for name, words in known.items()
    )
    return [told, "", *(line for lines in wrapped for line in lines), ""]


def heads(scores: Iterable[Score]) -> dict[str, str]:
    """Return a short head for each protocol: the metric, with the features where two networks have it."""
    by_protocol = {score.protocol: score for score in scores}
    metrics = [score.metric for score in by_protocol.values()]
    return {
        protocol: score.metric if metrics.count(score.metric) == 1 else f"{score.metric} {features_of(score)}"
        for protocol, score in by_protocol.items()
    }


def features_of(score: Score) -> str:
    """Return the row of FEATURES of a score, which its protocol begins with."""
    return score.features or score.protocol.partition("-")[0]


def network_of(score: Score) -> str:
    """Return the feature network of a score, as its protocol names it."""
    return score.protocol.removesuffix(f"-{score.metric}{score.num_samples}")


def legend(scores: Iterable[Score]) -> list[str]:
    """Return a line for each head: its protocol, and which way is better."""
    by_protocol = {score.protocol: score for score in scores}
    short = heads(by_protocol.values())
    width = max(map(len, short.values()), default=0)
    return [f"{short[name].ljust(width)}  {name}, {direction(score)}" for name, score in by_protocol.items()]


def leaders(scores: Sequence[Score | None]) -> frozenset[int]:
    """Return the number of the best of scores of one protocol, and of those whose 95 % intervals meet its.

    None where there are fewer than two to choose from.
    """
    found = {number: score for number, score in enumerate(scores) if score is not None}
    if len(found) < 2:
        return frozenset()
    best = min(found, key=lambda number: _loss(found[number]))
    return frozenset(number for number, score in found.items() if number == best or _meet(score, found[best]))


def blocks(columns: Sequence[Column], width: int = WIDTH, gap: int = _GAP) -> list[list[Column]]:
    """Return columns in as few blocks as fit `width`, each beginning with the first column."""
    first, *others = columns
    found = [[first]]
    for column in others:
        if len(found[-1]) > 1 and sum(kept.width + gap for kept in found[-1]) + column.width > width:
            found.append([first])
        found[-1].append(column)
    return found


def text_of(block: Sequence[Column]) -> list[str]:
    """Return the lines of a block of columns: names to the left, numbers to the right."""
    return [(" " * _GAP).join(line).rstrip() for line in zip(*map(_padded, block), strict=True)]


def _padded(column: Column) -> list[str]:
    pad = str.rjust if column.is_number else str.ljust
    return [pad(cell, column.width) for cell in (column.head, *column.cells)]


def _loss(score: Score) -> float:
    if score.floor_is_best:
        return abs(score.value - score.floor)
    return score.value if score.lower_is_better else -score.value


def _meet(one: Score, other: Score) -> bool:
    (low, high), (other_low, other_high) = (score.interval or (score.value, score.value) for score in (one, other))
    return low <= other_high and other_low <= high
