"""Command lines from typed functions and configurations, by tyro."""

import os
from collections.abc import Callable
from typing import TypeVar

import tyro
from pydantic import ValidationError

from ganvas.config import explain
from ganvas.errors import ConfigurationError

T = TypeVar("T")


def parse(what: Callable[..., T], verb: str, arguments: list[str], description: str | None = None) -> T:
    """Call a function or class with arguments from a command line; tyro prints help and usage errors, and exits."""
    config = (tyro.conf.FlagCreatePairsOff,)
    os.environ.setdefault("PYDANTIC_ERRORS_INCLUDE_URL", "0")  # findings without addresses of pydantic's site
    try:
        return tyro.cli(what, prog=f"ganvas {verb}", args=arguments, description=description, config=config)
    except ValidationError as error:
        raise ConfigurationError(f"The settings given do not fit: {explain(error)}.") from error
