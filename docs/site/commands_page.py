"""The page of all verbs: what `ganvas VERB --help` prints, without the frames."""

import os
import subprocess
import sys

from markup import fenced

from ganvas.cli.main import VERBS

COLUMNS = "100"
FRAME = "─╭╮╰╯│ "


def commands_page() -> str:
    """Return the page: a section for each verb."""
    text = "# Commands\n\nEvery verb with its options, as `ganvas VERB --help` prints them.\n"
    for verb, entry in VERBS.items():
        text += (
            f"\n## ganvas {verb}\n\n{entry.summary[:1].upper()}{entry.summary[1:]}.\n\n{fenced(_help(verb), 'text')}"
        )
    return text


def _help(verb: str) -> str:
    """Return a verb's help, asked of a process, as a reader would."""
    place = os.environ | {"COLUMNS": COLUMNS, "TERM": "dumb", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "ganvas", verb, "--help"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, env=place).stdout  # noqa: S603
    return "\n".join(line for line in map(_unframed, printed.splitlines()) if line is not None)


def _unframed(line: str) -> str | None:
    """Return a line without its frame: a title for the upper edge, None for lines that are edges alone."""
    if not line.strip(FRAME):
        return None if line.strip() else ""
    if line.startswith("╭"):
        return "\n" + line.strip(FRAME) + ":"
    return f"  {line[2:].rstrip('│ ')}" if line.startswith("│") else line.rstrip()
