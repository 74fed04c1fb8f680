"""Contestants take turns, A B C A B C ..., so that a busy machine slows all of them: ratios are taken within a turn."""

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from benchmarks.machine import CUBE, product_rate
from benchmarks.outcome import Row, Spread


class Turn(NamedTuple):
    """One repetition: what each contestant took or did, and what the machine did just before."""

    values: dict[str, float]
    product_rate: float
    load: float


def take_turns(runs: Mapping[str, Callable[[], float]], repetitions: int) -> list[Turn]:
    """Let contestants take turns; each returns what is measured of it."""
    turns = []
    for _ in range(repetitions):
        rate, load = product_rate(CUBE), os.getloadavg()[0]
        turns.append(Turn({name: run() for name, run in runs.items()}, rate, load))
    return turns


def spread(turns: list[Turn], name: str, scale: float = 1.0) -> Spread:
    """Return the spread of what was measured of a contestant."""
    return Spread.of([scale * turn.values[name] for turn in turns])


def ratio(turns: list[Turn], name: str, beside: str) -> Spread:
    """Return the spread of a contestant's values over those of another in the same turn."""
    return Spread.of([turn.values[name] / turn.values[beside] for turn in turns])


def row(name: str, unit: str, turns: list[Turn], ours: str, peer: str, scale: float = 1.0, rate: bool = False) -> Row:
    """Return the comparison of two contestants, as seconds (less is better) or as rates (more is)."""
    times = ratio(turns, ours, peer) if rate else ratio(turns, peer, ours)
    return Row(name, unit, spread(turns, ours, scale).median, peer, spread(turns, peer, scale).median, times)


def plain(turns: list[Turn]) -> list[dict[str, Any]]:
    """Return the turns as plain values."""
    return [turn._asdict() for turn in turns]
