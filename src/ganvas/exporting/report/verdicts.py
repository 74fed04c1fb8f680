"""The rules by which measured values become words: each compares with real held-out images under the same protocol.

Words are no measurement. The rules are stated beside the answers that they give, and nothing is compared with a number
from elsewhere.
"""

from collections.abc import Iterable
from typing import Literal

from ganvas.exporting.report.contents import Copies, Earlier, Measure

Mark = Literal["good", "fair", "poor", "unknown"]
AS_REAL, MOSTLY = 0.9, 0.6
"""Shares of real images' precision or recall from which on the answer is yes, or nearly so."""
TWICE, TENFOLD = 2.0, 10.0
"""Multiples of real images' distance up to which the answer is yes, or nearly so."""
AS_ASKED, MOSTLY_ASKED = 0.98, 0.8
"""Shares of real images' accuracy."""
MANY_SUSPECTS = 0.01
"""Share of generated images."""
LESS_AUTHENTIC = 0.05
NEARER = -3.0
"""Standard errors."""
SAME = 0.05
"""Relative difference that says nothing, where there is no interval."""


def worst(marks: Iterable[Mark]) -> Mark:
    """Return the worst of several marks; `unknown` where none of them is known."""
    order: tuple[Mark, ...] = ("poor", "fair", "good", "unknown")
    return min((*marks, order[-1]), key=order.index)


def of_share(measure: Measure, good: float = AS_REAL, fair: float = MOSTLY) -> Mark:
    """Judge a share by its part of that of real images."""
    if measure.floor <= 0:
        return "unknown"
    part = measure.value / measure.floor
    return "good" if part >= good else "fair" if part >= fair else "poor"


def of_accuracy(measure: Measure) -> Mark:
    """Judge how often the class asked for is seen by its part of that of real images."""
    return of_share(measure, AS_ASKED, MOSTLY_ASKED)


def of_distance(measure: Measure) -> Mark:
    """Judge a distance by its multiple of that of real images."""
    if measure.floor <= 0:
        return "unknown"
    times = measure.value / measure.floor
    return "good" if times <= TWICE else "fair" if times <= TENFOLD else "poor"


def of_copies(copies: Copies) -> Mark:
    """Judge what the audit found: `good` where nothing points at copies."""
    more = copies.num_suspects > copies.by_chance
    if more and copies.share >= MANY_SUSPECTS:
        return "poor"
    less_authentic = copies.held_out_authenticity - copies.authenticity > LESS_AUTHENTIC
    return "fair" if more or (less_authentic and copies.statistic <= NEARER) else "good"


def of_difference(measure: Measure, other: Earlier) -> Mark:
    """Judge a value against another: `good` where it is better, `fair` where they cannot be told apart."""
    low, high = _range(measure.value, measure.interval)
    other_low, other_high = _range(other.value, other.interval)
    if not (high < other_low or low > other_high):
        return "fair"
    return "good" if (high < other_low) == measure.lower_is_better else "poor"


def _range(value: float, interval: tuple[float, float] | None) -> tuple[float, float]:
    return interval or (value - SAME * abs(value) / 2, value + SAME * abs(value) / 2)
