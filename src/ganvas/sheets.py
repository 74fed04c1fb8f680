"""Cheat-sheets: docstrings of one sentence and named fields, read without importing what they describe.

    Fully connected layer: every output is a weighted sum of all inputs.

    Formula: y = W x + b
    Shapes: vector [N, F] -> [N, D]; a long text goes on in lines
        that are indented

Layers carry them as docstrings of their modules, recipes as docstrings of their functions.
"""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from ganvas.catalogue import Entry
from ganvas.errors import GanvasError

FIELDS = ("Formula", "Shapes", "Parameters", "Use it when", "Beware", "Paper", "See also")
"""What the sheet of a layer says, in this order."""

_FIELD = re.compile(r"([A-Z][A-Za-z ]*): +(\S.*)")


class SheetError(GanvasError):
    """A cheat-sheet that cannot be read: a field is missing, doubled, unknown or empty."""


class Sheet(NamedTuple):
    """A title and the texts of the fields by their names, in the order written."""

    title: str
    fields: dict[str, str]


class Setting(NamedTuple):
    """A field of a configuration: its default as TOML writes it, "" where it must be given, and what it means."""

    name: str
    default: str
    description: str


def parse_sheet(docstring: str, required: Sequence[str] = FIELDS, origin: str = "The sheet") -> Sheet:
    """Return the sheet in a docstring; raise `SheetError` where it lacks one of `required`, or has another."""
    title, _, body = docstring.strip().partition("\n\n")
    fields: dict[str, str] = {}
    name = ""
    for line in filter(str.strip, body.splitlines()):
        if name and line[0].isspace():
            fields[name] += f" {line.strip()}"
            continue
        found = _FIELD.fullmatch(line.rstrip())
        if not found or found[1] not in required or found[1] in fields:
            raise SheetError(
                f"{origin}: `{line[:60]}` should begin with a field, each once, a colon and its text (the fields are "
                f"{', '.join(required)}), or be indented to go on with the text before it."
            )
        name = found[1]
        fields[name] = found[2]
    if missing := [field for field in required if field not in fields]:
        raise SheetError(f"{origin} lacks the fields: {', '.join(missing)}.")
    return Sheet(" ".join(title.split()), fields)


def sheet_of(entry: Entry, required: Sequence[str] = FIELDS) -> Sheet:
    """Return the sheet in the docstring of the module that a row names."""
    tree = _parsed(entry)
    return parse_sheet(ast.get_docstring(tree) or "", required, f"The sheet of `{_module(entry)}`")


def docstring_of(entry: Entry) -> str:
    """Return the docstring of the function or class that a row names, "" where it has none.

    Raises `SheetError` where its module defines no such thing.
    """
    name = entry.path.partition(":")[2]
    for node in _parsed(entry).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return ast.get_docstring(node) or ""
    raise SheetError(f"`{_module(entry)}` defines no function or class `{name}` of its own.")


def settings_of(entry: Entry) -> list[Setting]:
    """Return the fields that the class named by a row declares with `Field(...)`, its bases' first."""
    classes = {node.name: node for node in _parsed(entry).body if isinstance(node, ast.ClassDef)}
    found = {setting.name: setting for setting in _declared(entry.path.partition(":")[2], classes)}
    return list(found.values())


def _declared(name: str, classes: dict[str, ast.ClassDef]) -> Iterator[Setting]:
    if name not in classes:
        return
    for base in classes[name].bases:
        yield from _declared(ast.unparse(base), classes)
    for node in classes[name].body:
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node.value.func) == "Field"
        ):
            given = {keyword.arg: keyword.value for keyword in node.value.keywords}
            default = json.dumps(ast.literal_eval(given["default"])) if "default" in given else ""
            yield Setting(ast.unparse(node.target), default, ast.literal_eval(given["description"]))


def _parsed(entry: Entry) -> ast.Module:
    """Return the syntax tree of a row's module, found without importing it."""
    spec = find_spec(_module(entry))
    if spec is None or spec.origin is None:
        raise SheetError(f"There is no module `{_module(entry)}`.")
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"), spec.origin)


def _module(entry: Entry) -> str:
    return entry.path.partition(":")[0]
