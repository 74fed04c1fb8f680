"""Scores in columns: heads short enough for a terminal, the protocols behind them, printed values, which is best."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ganvas.metrics.protocol import Score

WIDTH = 120
"""Characters of a terminal that a table of text is made for."""
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
        return any(cell[:1].isdigit() for cell in self.cells)


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
