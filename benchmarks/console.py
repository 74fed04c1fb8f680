"""Where tables are printed: a terminal as wide as it is, a file or a pipe wide enough for whole lines."""

from rich.console import Console

WIDTH = 170


def wide_console() -> Console:
    """Return the console of standard output."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)
