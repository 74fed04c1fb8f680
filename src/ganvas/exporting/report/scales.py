"""Where a score lies on the way from noise to real images."""

import math
from typing import NamedTuple

from ganvas.exporting.report.contents import Measure

REAL = 0.94
"""Where real images stand on the bar: what is better than them shows too."""
_LEAST = 1e-5
"""Part of noise's distance that an unbiased distance of 0 or below is drawn at."""


class Scale(NamedTuple):
    """A measure with its bar: places in per cent of its length, 0 at noise."""

    measure: Measure
    place: float
    interval: tuple[float, float] | None
    better: str

    @property
    def value(self) -> str:
        """The value as it is printed."""
        return self.measure.figure(self.measure.value)


def scale(measure: Measure) -> Scale:
    """Return a measure with its bar: distances on a logarithmic scale, shares on a linear one."""
    ends = None
    if measure.interval:
        ends = tuple(sorted(100 * place(measure, end) for end in measure.interval))
        ends = (ends[0], ends[1])
    better = "lower is better" if measure.lower_is_better else "higher is better"
    better = "nearest to real is best" if measure.floor_is_best else better
    return Scale(measure, 100 * place(measure, measure.value), ends, better)


def place(measure: Measure, value: float) -> float:
    """Return where a value stands on the bar, in [0, 1]: 0 at noise, `REAL` at real images."""
    floor, ceiling = measure.floor, measure.ceiling
    if measure.floor_is_best:
        floor, ceiling, value = 0.0, abs(ceiling - floor), abs(value - floor)
    elif measure.lower_is_better and ceiling > 0:
        least = _LEAST * ceiling
        floor, ceiling, value = (math.log(max(least, number)) for number in (floor, ceiling, value))
    part = (value - ceiling) / (floor - ceiling) if floor != ceiling else 1.0
    return min(1.0, max(0.0, REAL * part))
