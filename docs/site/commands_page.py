"""The page of all verbs: what `ganvas VERB --help` prints."""

import os
import subprocess
import sys

from markup import fenced

from ganvas.cli.examples import EXAMPLES
from ganvas.cli.main import VERBS

COLUMNS = "86"


def commands_page() -> str:
    """Return the page: a section for each verb, and in it one for each of its forms that has a page of its own."""
    text = "# Commands\n\nEvery verb with its options, as `ganvas VERB --help` prints them.\n"
    for verb, entry in VERBS.items():
        text += f"\n## ganvas {verb}\n\n{entry.summary[:1].upper()}{entry.summary[1:]}.\n\n{_help(verb)}"
        for form in EXAMPLES:
            if form.startswith(f"{verb} "):
                text += f"\n### ganvas {form}\n\n{_help(form)}"
    return text


def _help(command: str) -> str:
    """Return the help of a command as a block, asked of a process, as a reader would."""
    words = [sys.executable, "-m", "ganvas", *command.split(), "--help"]
    place = os.environ | {"COLUMNS": COLUMNS}
    printed = subprocess.run(words, capture_output=True, text=True, check=True, env=place).stdout  # noqa: S603
    return fenced(printed.rstrip(), "text")
