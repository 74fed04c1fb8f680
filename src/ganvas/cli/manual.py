"""The page that `ganvas VERB --help` prints: what a verb does, how it is called, every option, examples."""

import os
import sys
from collections.abc import Callable
from typing import Any

from ganvas.cli.columns import described, paragraph
from ganvas.cli.examples import EXAMPLES
from ganvas.cli.invocation import program
from ganvas.cli.options import Group, Option, groups_of

EXIT_CODES = (
    ("0", "done"),
    ("1", "an error, told in one line"),
    ("2", "a command line that cannot be read"),
    ("128 + n", "stopped by signal n: 130 after Ctrl-C"),
)
_HELP = ("-h, --help", "this text")


def page(what: Callable[..., Any], command: str, description: str | None = None) -> str:
    """Return the page of a command that a function or dataclass describes."""
    first, *others = groups_of(what)
    arguments = [option for option in first.options if option.positional]
    options = [option for option in first.options if not option.positional]
    lines = [*paragraph(_usage(command, arguments, options), " " * 14, "usage: "), ""]
    lines += prose(description or what.__doc__ or "")
    if arguments:
        lines += ["", heading("arguments"), *described([(option.name, _words(option)) for option in arguments])]
    lines += ["", heading("options"), *described([*map(_row, options), _HELP])]
    for group in others:
        lines += _group(group)
    return "\n".join([*lines, *closing(command)])


def closing(command: str) -> list[str]:
    """Return the last lines of a command's page: examples, exit codes, where to read on."""
    examples, further = EXAMPLES.get(command) or EXAMPLES[command.partition(" ")[0]]
    lines = ["", heading("examples"), *(f"  {_as_typed(example)}" for example in examples)]
    lines += ["", heading("exit codes"), *described(EXIT_CODES)]
    return [*lines, "", heading("see also"), *paragraph(further, "  ")]


def prose(text: str) -> list[str]:
    """Return a docstring as lines: indented ones as they are, paragraphs wrapped to the terminal."""
    lines: list[str] = []
    for part in text.strip().split("\n\n"):
        words: list[str] = []
        indented = [line.removeprefix("    ") if line.startswith("      ") else line for line in part.splitlines()]
        for line in indented:
            if line.startswith("  ") and line[2] != " ":
                lines += [*(paragraph(" ".join(words)) if words else []), line]
                words = []
            else:
                words.append(line.strip())
        lines += [*(paragraph(" ".join(words)) if words else []), ""]
    return lines[:-1]


def heading(text: str) -> str:
    """Return a heading, bold on a terminal."""
    bold = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return f"\033[1m{text}:\033[0m" if bold else f"{text}:"


def _as_typed(example: str) -> str:
    """Return an example beginning with what called this program."""
    return example.replace("ganvas", program(), 1) if example.startswith("ganvas ") else example


def _usage(command: str, arguments: list[Option], options: list[Option]) -> str:
    words = [option.name if option.required else f"[{option.name}]" for option in arguments]
    words += [f"{option.name} {option.value}" for option in options if option.required]
    return " ".join([program(), command.partition(" --")[0], *words, "[OPTIONS]"])


def _group(group: Group) -> list[str]:
    title = paragraph(group.words, "  ")
    return ["", heading(group.name), *title, *described([_row(option) for option in group.options], "    ")]


def _row(option: Option) -> tuple[str, str]:
    return f"{option.name} {option.value}".rstrip(), _words(option)


def _words(option: Option) -> str:
    """Return what an option is, with its default or that it is needed."""
    words = option.words
    if option.required:
        return f"{words} (required)"
    return f"{words} (default: {option.default})" if option.default else words
