"""Command lines from typed functions and configurations, by tyro."""

import os
import sys
from collections.abc import Callable
from typing import TypeVar

import tyro
from tyro.constructors import ConstructorRegistry

from ganvas.cli.invocation import program
from ganvas.errors import did_you_mean

T = TypeVar("T")

LIST = "--list-options"
"""In place of what a command needs: print its options, a line each, for `ganvas completion`."""


def parse(
    what: Callable[..., T],
    command: str,
    arguments: list[str],
    description: str | None = None,
    registry: ConstructorRegistry | None = None,
) -> T:
    """Call a function or class with arguments from a command line.

    --help prints the page of the command and exits; tyro prints usage errors and exits. `registry` says how types that
    tyro does not know are written.
    """
    if LIST in arguments:
        from ganvas.cli.options import options_of

        for option in options_of(what):
            print(option.name, option.value, " ".join(option.choices), sep="\t")
        raise SystemExit(0)
    if {"-h", "--help"} & set(arguments):
        from ganvas.cli.manual import page

        print(page(what, command, description))
        raise SystemExit(0)
    config = (tyro.conf.FlagCreatePairsOff,)
    os.environ.setdefault("PYDANTIC_ERRORS_INCLUDE_URL", "0")  # findings without addresses of pydantic's site
    prog = f"{program()} {command.partition(' --')[0]}"
    try:
        return tyro.cli(what, prog=prog, args=arguments, description=description, config=config, registry=registry)
    except SystemExit as ended:
        if ended.code == 2:
            _tell_what_was_meant(what, arguments)
        raise


def _tell_what_was_meant(what: Callable[..., T], arguments: list[str]) -> None:
    """Print the likeliest meant of each option that a command does not have; nothing where none comes close."""
    from ganvas.cli.options import options_of

    known = [option.name for option in options_of(what) if not option.positional]
    for word in arguments:
        name = word.partition("=")[0].replace("_", "-")
        if name.startswith("--") and name not in known and (hint := did_you_mean(name, known)):
            print(f"ganvas: There is no option `{name}`.{hint}", file=sys.stderr)
