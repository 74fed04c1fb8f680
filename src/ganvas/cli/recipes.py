"""`ganvas recipes [NAME]`: what can be trained; a recipe's sheet, and every one of its settings."""

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.cli.columns import columns, paragraph
from ganvas.config import Config
from ganvas.errors import unknown_name
from ganvas.recipes import RECIPES, SHEET_FIELDS
from ganvas.sheets import docstring_of, parse_sheet


class Row(NamedTuple):
    """One setting: its name, its value as it is written on a command line, what it is."""

    name: str
    value: str
    description: str


def run(arguments: list[str]) -> None:
    """List the recipes, or print one."""
    parse(recipes, "recipes", arguments)


def recipes(
    name: Annotated[
        Positional[str | None], arg(metavar="NAME", help="a recipe, to read its sheet and settings")
    ] = None,
    /,
    short: Annotated[bool, arg(help="the sheet alone, without the settings")] = False,
) -> None:
    """List what can be trained, a line each; with NAME print the sheet of a recipe and every setting of it."""
    if name is None:
        print("\n".join(columns([(known, entry.summary) for known, entry in RECIPES.items()])))
        print("\n`ganvas recipes NAME` prints a recipe's sheet and settings; `ganvas train NAME` trains it.")
        return
    if name not in RECIPES:
        raise unknown_name("recipe", name, RECIPES)
    print("\n".join(_sheet(name)))
    if not short:
        print("\n".join(_settings(name)))
        print(f"\nTo change one: ganvas train {name} --data DIR --out RUN --training.batch_size 32")


def _sheet(name: str) -> list[str]:
    """Return the lines of a recipe's sheet, read without importing torch."""
    sheet = parse_sheet(docstring_of(RECIPES[name]), SHEET_FIELDS, f"The sheet of recipe `{name}`")
    title = sheet.title.removeprefix("Return ")
    return [*columns([(name, f"{title[:1].upper()}{title[1:]}")]), "", *columns(list(sheet.fields.items()))]


def _settings(name: str) -> Iterator[str]:
    """Yield the lines of a recipe's complete configuration, in groups."""
    from ganvas.recipes.recipe import find_recipe

    for group, description, rows in groups(find_recipe(name)):
        if group:
            yield "\n" + "\n".join(paragraph(f"{group}: {description}"))
            yield from columns(rows, "  ")


def groups(config: Config, prefix: str = "", description: str = "") -> Iterator[tuple[str, str, list[Row]]]:
    """Yield each nested configuration that has settings of its own: dotted name, what it is, its settings."""
    rows: list[Row] = []
    nested: list[tuple[str, str, Config]] = []
    for name, field in type(config).model_fields.items():
        value, words = getattr(config, name), field.description or ""
        if isinstance(value, Config):
            nested.append((f"{prefix}.{name}".lstrip("."), words, value))
        else:
            rows.append(Row(name, _written(value), words))
    if rows:
        yield prefix, description, rows
    for name, words, value in nested:
        yield from groups(value, name, words)


def _written(value: Any) -> str:  # noqa: ANN401
    """Return a setting's value as a command line takes it."""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return str(value)
