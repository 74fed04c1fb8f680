"""The settings of a configuration as a tree that forms show; what is typed, read by pydantic; changes as flags.

There is no other list of settings: names, types, descriptions, bounds and defaults are those of the configuration.
"""

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import ValidationError, create_model
from pydantic.fields import FieldInfo

from ganvas.config import Config

_FLAG = re.compile(r"`--([a-z_.]+)(?: ([^`]+))?`")


class Setting(NamedTuple):
    """A field of a configuration: its dotted name, what pydantic knows of it, and its value."""

    name: str
    field: FieldInfo
    value: Any

    @property
    def label(self) -> str:
        """Its own name, in words."""
        return _words(self.name)

    @property
    def description(self) -> str:
        """What it is, with its bounds."""
        return self.field.description or ""

    @property
    def kind(self) -> Any:  # noqa: ANN401
        """Its type, without the None of those that may be left open."""
        return _inner(self.field.annotation)

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values there are, where they can be listed."""
        return get_args(self.kind) if get_origin(self.kind) is Literal else ()

    def read(self, typed: Any) -> Any:  # noqa: ANN401
        """Return what was typed as its type has it; raise `ValueError` in words where it is none."""
        value = typed
        if isinstance(typed, str) and not self.choices:
            value = self._of_text(typed.strip())
        declared: Any = (self.field.annotation, self.field)
        try:
            found = create_model("One", value=declared).model_validate({"value": value})
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error
        read = dict(found)["value"]
        of_parts = isinstance(read, tuple) and any(isinstance(item, Config) for item in read)
        return value if of_parts else read  # an operation is written, and sent, as its short text

    def _of_text(self, text: str) -> Any:  # noqa: ANN401
        if get_origin(self.kind) is tuple:
            return tuple(text.replace(", ", " ").split())
        return None if not text and self.kind is not self.field.annotation else text


class Group(NamedTuple):
    """A configuration within another: its dotted name, its description, its settings and the groups in it."""

    name: str
    description: str
    settings: list[Setting]
    groups: list["Group"]

    @property
    def label(self) -> str:
        """Its own name, in words."""
        return _words(self.name)

    def all(self) -> Iterator[Setting]:
        """Yield its settings and those of the groups in it."""
        yield from self.settings
        for group in self.groups:
            yield from group.all()


def group_of(config: Config, name: str = "", description: str = "") -> Group:
    """Return the settings of a configuration; a field that has but one value is none."""
    settings, groups = [], []
    for field_name, field in type(config).model_fields.items():
        full = f"{name}.{field_name}" if name else field_name
        value = getattr(config, field_name)
        if isinstance(value, Config):
            groups.append(group_of(value, full, field.description or ""))
        elif len((found := Setting(full, field, value)).choices) != 1:
            settings.append(found)
    return Group(name, description, settings, groups)


def flags(values: Mapping[str, Any]) -> list[str]:
    """Return settings as flags of the command line: dashes for underscores, `--no-x` for what is switched off."""
    found: list[str] = []
    for name, value in values.items():
        parent, dot, last = name.replace("_", "-").rpartition(".")
        if isinstance(value, bool):
            found.append(f"--{parent}{dot}{'' if value else 'no-'}{last}")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            found += [f"--{parent}{dot}{last}", *map(str, value)]
        elif str(value).startswith("-"):
            found.append(f"--{parent}{dot}{last}={value}")
        else:
            found += [f"--{parent}{dot}{last}", str(value)]
    return found


def in_form(words: str) -> str:
    """Return words for people at a form: flags of the command line as the names that settings have there."""
    return _FLAG.sub(lambda found: f'"{_words(found[1])}"' + (f" at {found[2]}" if found[2] else ""), words)


def shown(value: Any) -> str:  # noqa: ANN401
    """Return a value as a field of text shows it."""
    if value is None:
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


def _words(name: str) -> str:
    return name.rpartition(".")[2].replace("_", " ")


def _inner(kind: Any) -> Any:  # noqa: ANN401
    """Return X of `X | None`, other types as they are."""
    if get_origin(kind) not in (Union, types.UnionType):
        return kind
    inner = [argument for argument in get_args(kind) if argument is not type(None)]
    return inner[0] if len(inner) == 1 else kind
