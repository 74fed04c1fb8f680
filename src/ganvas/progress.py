"""How long work tells whoever waits how far it is.

Workflows take a `Progress` and know nothing of terminals or browsers: the command line hands in a live bar,
the Python API a plain line every few seconds, tests nothing.
"""

import sys
import time
from typing import Protocol, TextIO


class Progress(Protocol):
    """Receives how far a piece of work is."""

    def begin(self, task: str, total: int, done: int = 0) -> None:
        """Start the piece of work `task` of `total` units, `done` of them already done."""
        ...

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Count `amount` more units as done; `note` is a short live status."""
        ...

    def say(self, message: str) -> None:
        """Show a message that should stay visible."""
        ...

    def end(self) -> None:
        """Finish the piece of work begun last."""
        ...


class Silent:
    """Tells nobody."""

    def begin(self, task: str, total: int, done: int = 0) -> None:
        """Ignore the start."""

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Ignore the advance."""

    def say(self, message: str) -> None:
        """Ignore the message."""

    def end(self) -> None:
        """Ignore the end."""


class Lines:
    """Prints a plain line at most every `interval_seconds`: for notebooks, logs and pipes."""

    def __init__(self, interval_seconds: float = 5.0, stream: TextIO | None = None) -> None:
        self.interval_seconds = interval_seconds
        self.stream = stream
        self.task, self.total, self.done = "", 0, 0
        self.printed_at = 0.0

    def begin(self, task: str, total: int, done: int = 0) -> None:
        """Remember the task; its first line comes with its first advance."""
        self.task, self.total, self.done = task, total, done
        self.printed_at = time.monotonic()

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Print a line when the interval has passed."""
        self.done += amount
        now = time.monotonic()
        if now - self.printed_at >= self.interval_seconds:
            self.printed_at = now
            self.say(f"{self.task}: {self.done}/{self.total} {note}".rstrip())

    def say(self, message: str) -> None:
        """Print the message."""
        print(message, file=self.stream or sys.stderr, flush=True)

    def end(self) -> None:
        """Print nothing: results speak for themselves."""


def in_time(seconds: float) -> str:
    """Return a time in the unit that suits it."""
    for unit, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 1.5 * unit:
            return f"{seconds / unit:.2g} {name}" if seconds < 10 * unit else f"{seconds / unit:,.0f} {name}"
    return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
