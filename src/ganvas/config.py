"""Configurations: frozen, typed, described; the one place where a hyperparameter is declared.

Command line flags, forms and `config.json` all derive from these models.
"""

import reprlib
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

from ganvas.errors import ConfigurationError

RESUMABLE: JsonDict = {"resumable": True}
"""Mark a field (`json_schema_extra=RESUMABLE`) that may change when a run is resumed: it alters no draw."""


class Config(BaseModel):
    """Base of all configurations: unknown fields, infinities and changes after construction are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:  # noqa: ANN401
        """Name the bounds of each field in its description, so that help and forms show them."""
        for field in cls.model_fields.values():
            bounds = _bounds(field)
            if bounds and not (field.description or "").endswith(bounds):
                field.description = f"{field.description} {bounds}".strip()

    @classmethod
    def read(cls, values: Any, origin: str) -> Self:  # noqa: ANN401
        """Build from plain JSON values; raise `ConfigurationError` naming `origin` and each wrong field."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigurationError(f"{origin} does not fit: {explain(error)}.") from error

    def plain(self) -> dict[str, Any]:
        """Return the configuration as plain JSON values."""
        return self.model_dump(mode="json")

    def override(self, **values: Any) -> Self:  # noqa: ANN401
        """Return a copy with fields replaced, checked again; dotted names reach nested configurations.

        >>> recipe.override(seed=3, **{"optimizer.learning_rate": 1e-3})

        Raises `ConfigurationError` where there is no such setting, or a value does not fit.
        """
        plain = self.plain()
        for name, value in values.items():
            *parents, last = name.split(".")
            target = plain
            for parent in parents:
                if not isinstance(target.get(parent), dict):
                    raise ConfigurationError(f"There is no setting `{name}`.")
                target = target[parent]
            if last not in target:
                raise ConfigurationError(f"There is no setting `{name}`; there are: {', '.join(target)}.")
            target[last] = value.plain() if isinstance(value, Config) else value
        return type(self).read(plain, "The settings given")


def explain(error: ValidationError) -> str:
    """Return pydantic's findings as one line: field, found value, what was expected."""
    return "; ".join(
        f"`{'.'.join(str(part) for part in found['loc']) or 'value'}` is {reprlib.repr(found['input'])}: "
        f"{found['msg'].removeprefix('Value error, ')}"
        for found in error.errors()
    )


def flat(config: Config, prefix: str = "") -> dict[str, Any]:
    """Return every field by its dotted name."""
    fields: dict[str, Any] = {}
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, Config):
            fields |= flat(value, f"{prefix}{name}.")
        else:
            fields[prefix + name] = value
    return fields


def resumable_fields(config: Config, prefix: str = "") -> set[str]:
    """Return the dotted names of the fields that may change when a run is resumed."""
    names: set[str] = set()
    for name, field in type(config).model_fields.items():
        value = getattr(config, name)
        if isinstance(value, Config):
            names |= resumable_fields(value, f"{prefix}{name}.")
        elif field.json_schema_extra == RESUMABLE:
            names.add(prefix + name)
    return names


def differences(old: Config, new: Config) -> dict[str, tuple[Any, Any]]:
    """Return the dotted names of the fields that differ, each with its old and new value."""
    before, after = flat(old), flat(new)
    return {
        name: (before.get(name), after.get(name))
        for name in [*before, *(name for name in after if name not in before)]
        if before.get(name) != after.get(name)
    }


def _bounds(field: FieldInfo) -> str:
    words = {"ge": "at least {}", "gt": "above {}", "le": "at most {}", "lt": "below {}"}
    found = [
        words[name].format(f"{value:,}" if isinstance(value, int) else value)
        for name in words
        for rule in field.metadata
        if (value := getattr(rule, name, None)) is not None
    ]
    return f"[{', '.join(found)}]" if found else ""


__all__ = ["RESUMABLE", "Config", "Field", "differences", "explain", "flat", "resumable_fields"]
