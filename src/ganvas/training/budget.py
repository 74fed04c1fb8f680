"""A budget of training time: rounds of the game count, checkpoints, sample grids and scores do not."""

from collections.abc import Iterable
from math import inf, isfinite

from ganvas.errors import ConfigurationError
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
