"""The row type of every table of the project: recipes, models, sources, metrics.

A row names the object by its import path and says in one line what it is, so that a list can be printed, and
a name checked, without importing torch (about 2 s).
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

from ganvas.errors import unknown_name


class Entry(NamedTuple):
    """One row: where the object is (`package.module:name`) and what it is, in one line."""

    path: str
    summary: str

    def load(self) -> Any:  # noqa: ANN401  (a row may name any object)
        """Import and return the object."""
        module, _, name = self.path.partition(":")
        return getattr(import_module(module), name)


def find(table: Mapping[str, Entry], kind: str, name: str) -> Any:  # noqa: ANN401
    """Return the object of row `name`; raise `UsageError` naming the rows there are."""
    if name not in table:
        raise unknown_name(kind, name, table)
    return table[name].load()
