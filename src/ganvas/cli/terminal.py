"""What a verb shows while it works: a live bar on a terminal, plain lines in a pipe."""

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Column

from ganvas.progress import TRAINING, Lines, Progress


def progress() -> Progress:
    """Return the live bar, or plain lines where standard error is not a terminal."""
    return LiveBar() if sys.stderr.isatty() else Lines()


class LiveBar:
    """A progress bar with the latest status beside it."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self.bar: Bar | None = None
        self.task = TaskID(0)

    def begin(self, task: str, total: int, done: int = 0) -> None:
        """Show a new bar."""
        self.end()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            MofNCompleteColumn(),
            *(() if task.startswith(TRAINING) else (TimeRemainingColumn(compact=True),)),
            TextColumn("{task.fields[note]}", table_column=Column(no_wrap=True, ratio=1)),  # it alone is cut short
        )
        self.bar = Bar(*columns, console=self.console, refresh_per_second=5, expand=True)
        self.task = self.bar.add_task(task, total=total, completed=done, note="")
        self.bar.start()

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Move the bar."""
        if self.bar:
            self.bar.update(self.task, advance=amount, note=note)

    def say(self, message: str) -> None:
        """Print a message above the bar."""
        (self.bar.console if self.bar else self.console).print(message, highlight=False, markup=False)

    def end(self) -> None:
        """Leave the finished bar on the screen."""
        if self.bar:
            self.bar.stop()
            self.bar = None
