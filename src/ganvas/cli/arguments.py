"""Command lines from typed functions and configurations, by tyro."""

import os
from collections.abc import Callable
from typing import TypeVar

import tyro
from tyro.constructors import ConstructorRegistry

T = TypeVar("T")


def parse(
    what: Callable[..., T],
    verb: str,
    arguments: list[str],
    description: str | None = None,
    registry: ConstructorRegistry | None = None,
) -> T:
    """Call a function or class with arguments from a command line; tyro prints help and usage errors, and exits.

    `registry` says how types that tyro does not know are written.
    """
    config = (tyro.conf.FlagCreatePairsOff,)
    os.environ.setdefault("PYDANTIC_ERRORS_INCLUDE_URL", "0")  # findings without addresses of pydantic's site
    return tyro.cli(
        what, prog=f"ganvas {verb}", args=arguments, description=description, config=config, registry=registry
    )
