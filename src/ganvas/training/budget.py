"""A budget of training time: rounds of the game count, checkpoints, sample grids and scores do not."""

import time
from collections.abc import Callable, Iterable
from math import inf, isfinite

from ganvas.errors import ConfigurationError
from ganvas.progress import in_time
from ganvas.training.monitor import Record


class Budget:
    """Seconds that the rounds of a run may take in all, and those that they have taken so far."""

    def __init__(self, seconds: float = inf, used: float = 0.0) -> None:
        self.seconds = seconds
        self.used = used

    @property
    def spent(self) -> bool:
        """Whether no further round may begin."""
        return self.used >= self.seconds

    def spend(self, seconds: float) -> None:
        """Count one round."""
        self.used += seconds


class Pace:
    """How long a run will still take, by the clock: its rounds here so far, with all that was done between them."""

    def __init__(self, budget: Budget, steps: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.budget = budget
        self.steps = steps
        self.clock = clock
        self.begun: tuple[int, float] | None = None

    def left(self, step: int) -> str:
        """Return, after `step`, the time that is left, or what of the minutes is used where those end it first.

        The first round here is not counted: it warms up.
        """
        now, used, most = self.clock(), self.budget.used / 60, self.budget.seconds / 60
        self.begun = self.begun or (step, now)
        played, seconds = step - self.begun[0], now - self.begun[1]
        left = (self.steps - step) * seconds / played if played else inf
        if self.budget.seconds - self.budget.used < left < inf or left == inf > most:
            return f"{used:.{0 if most >= 10 else 1}f} of {most:g} min  "
        return f"{in_time(left)} left  " if left < inf else ""


def budget_of(minutes: float | None, records: Iterable[Record], images_a_step: int) -> Budget:
    """Return what is left of `minutes` after a run's log; without end for None."""
    return Budget(inf if minutes is None else 60 * minutes, seconds_of(records, images_a_step))


def check_minutes(minutes: float | None) -> None:
    """Raise `ConfigurationError` for what is no length of time."""
    if minutes is not None and not (isfinite(minutes) and minutes > 0):
        raise ConfigurationError(f"`minutes` is {minutes}; give a number above 0.")


def seconds_of(records: Iterable[Record], images_a_step: int) -> float:
    """Return the seconds that the rounds of a log took, from its images per second."""
    return sum(images_a_step / record["images_per_second"] for record in records)
