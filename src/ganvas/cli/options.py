"""What a command line may hold, read from the same typed functions and configurations that tyro parses it by."""

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from tyro.conf import OmitArgPrefixes, Positional, UseAppendAction, arg

if TYPE_CHECKING:
    from ganvas.config import Config

_VALUES: dict[Any, str] = {int: "N", float: "NUMBER", Path: "PATH", str: "TEXT"}
_SAID: type = type(arg())
"""What `tyro.conf.arg` notes beside a type."""
_SENTENCE = re.compile(r"([A-Z])([a-z ].*)\.( \[.*\])?")


class Option(NamedTuple):
    """An option, or an argument without a name of its own."""

    name: str
    """With its dashes; of an argument what stands for it in the usage."""
    value: str
    """What stands for its value: `N`, `{a,b}`, `PATH ...`; "" of a switch."""
    words: str
    default: str
    required: bool
    choices: tuple[str, ...] = ()
    group: str = ""
    """Dotted name of the configuration that it is a setting of; "" of the verb's own."""

    @property
    def positional(self) -> bool:
        """Whether it is given without a name."""
        return not self.name.startswith("--")


class Group(NamedTuple):
    """Options that belong together: the name of a configuration, what it is, its options."""

    name: str
    words: str
    options: list[Option]


def groups_of(what: Callable[..., Any]) -> list[Group]:
    """Return the options of a function or dataclass, its own first, then those of each configuration in it."""
    own: list[Option] = []
    nested: list[Group] = []
    for name, kind, default in _parameters(what):
        plain, said = _bare(kind)
        if _is_config(plain):
            value = plain() if default is inspect.Parameter.empty else default
            nested += _settings(value, "" if OmitArgPrefixes in said else f"{name}.", "")
        else:
            own.append(_argument(name, plain, said, default))
    return [Group("", "", own), *nested]


def options_of(what: Callable[..., Any]) -> list[Option]:
    """Return all options of a function or dataclass."""
    return [option for group in groups_of(what) for option in group.options]


def _parameters(what: Callable[..., Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield the name, type and default (or `Parameter.empty`) of each parameter or field."""
    hints = get_type_hints(what, include_extras=True)
    defaults = {name: parameter.default for name, parameter in inspect.signature(what).parameters.items()}
    order = [entry.name for entry in fields(what)] if is_dataclass(what) else list(defaults)
    for name in order:
        yield name, hints[name], defaults[name]


def _is_config(kind: Any) -> bool:  # noqa: ANN401
    """Return whether a type is a configuration; the import of pydantic (0.2 s) is left to those who have one."""
    there = sys.modules.get("ganvas.config")
    return there is not None and isinstance(kind, type) and issubclass(kind, there.Config)


def _bare(kind: Any) -> tuple[Any, tuple[Any, ...]]:  # noqa: ANN401
    """Return a type without what is noted beside it, and those notes."""
    if get_origin(kind) is not Annotated:
        return kind, ()
    plain, *said = get_args(kind)
    return plain, tuple(said)


def _argument(name: str, kind: Any, said: tuple[Any, ...], default: Any) -> Option:  # noqa: ANN401
    config = next((note for note in said if isinstance(note, _SAID)), None)
    words = (config.help if config else None) or ""
    required = default is inspect.Parameter.empty
    metavar = config.metavar if config else None
    name = (config.name if config else None) or name
    if Positional in said:
        return Option(metavar or name.upper(), "", words, "" if required else _typed(default), required)
    value, choices = _value(kind)
    if UseAppendAction in said:
        value = value.removesuffix(" ...")
    return _named(name, metavar or value, words, default, required, choices)


def _named(
    name: str,
    value: str,
    words: str,
    default: Any,  # noqa: ANN401
    required: bool = False,
    choices: tuple[str, ...] = (),
    group: str = "",
) -> Option:
    *parents, last = name.replace("_", "-").split(".")
    words = _phrase(words)
    if default is True:
        return Option(f"--{'.'.join([*parents, f'no-{last}'])}", "", f"turn off: {words}", "", False, (), group)
    if default is False:
        return Option(f"--{'.'.join([*parents, last])}", "", words, "", False, (), group)
    text = "" if required else _typed(default)
    return Option(f"--{'.'.join([*parents, last])}", value, words, text, required, choices, group)


def _settings(config: "Config", prefix: str, words: str) -> Iterator[Group]:
    """Yield a configuration's own settings as a group, then those of each configuration in it."""
    own: list[Option] = []
    nested: list[Group] = []
    group = prefix.rstrip(".").replace("_", "-")
    for name, field in type(config).model_fields.items():
        value, said = getattr(config, name), field.description or ""
        if _is_config(type(value)):
            inner = f"{prefix}{name}." if prefix else ""
            found = list(_settings(value, inner, said))
            nested += found if inner else [entry._replace(name=entry.name or name) for entry in found]
        else:
            shown, choices = _value(field.annotation)
            own.append(_named(f"{prefix}{name}", shown, said, value, False, choices, group))
    if own:
        yield Group(group, words or (inspect.getdoc(type(config)) or "").partition("\n")[0], own)
    yield from nested


def _value(kind: Any) -> tuple[str, tuple[str, ...]]:  # noqa: ANN401
    """Return what stands for a value of a type, and the values there are where they are few."""
    kind, _ = _bare(kind)
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        choices = tuple(map(str, inside))
        return f"{{{','.join(choices)}}}", choices
    if origin in (Union, UnionType):
        return _value(next(each for each in inside if each is not NoneType))
    if origin is tuple:
        value, choices = _value(inside[0])
        return f"{value} ...", choices
    return _VALUES.get(kind) or kind.__name__.upper(), ()


def _phrase(words: str) -> str:
    """Return a sentence as a phrase, so that all options read alike; bounds in brackets stay behind it."""
    sentence = _SENTENCE.fullmatch(words)
    return f"{sentence[1].lower()}{sentence[2]}{sentence[3] or ''}" if sentence else words


def _typed(default: Any) -> str:  # noqa: ANN401
    """Return a default as it would be typed, "" for none."""
    if default is None or default in ((), ""):
        return ""
    return " ".join(map(str, default)) if isinstance(default, tuple) else str(default)
