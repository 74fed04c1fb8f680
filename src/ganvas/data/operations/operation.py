"""What every operation is, and its two forms: text (`gamma:0.8`) and JSON (`{"name": "gamma", "gamma": 0.8}`)."""

from abc import abstractmethod
from importlib.util import find_spec
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, SerializeAsAny

from ganvas.catalogue import find
from ganvas.config import Config
from ganvas.data.operations import OPERATIONS
from ganvas.errors import GanvasError, RefusedImage, UsageError, unknown_name
from ganvas.extras import install
from ganvas.images import Pixels

_LIBRARIES = {"skimage": "scikit-image", "scipy": "SciPy"}


class Operation(Config):
    """An edit of one image, uint8 [H, W, C] to uint8 [H, W, C] with C = 1, 3 or 4: a pure function of its pixels.

    Alpha, the fourth channel, passes unchanged; colours under it count whether they are seen or not.
    A subclass has a field `name`, a literal that is its row in `OPERATIONS`, and its parameters; the first of them is
    the one that the short text form means.
    """

    invertible: ClassVar[bool] = False
    """Whether it is an `InvertibleOperation`."""
    needs_colour: ClassVar[bool] = False
    moves_pixels: ClassVar[bool] = False
    """Whether `_edit` gets alpha too, because it moves whole pixels."""
    library: ClassVar[str | None] = None
    """The optional package it imports."""

    def apply(self, pixels: Pixels) -> Pixels:
        """Return the image [H, W, C] edited, as a new array; raise `RefusedImage` where that cannot be."""
        self._demand(pixels)
        if pixels.shape[-1] == 4 and not self.moves_pixels:
            return with_alpha(self._edit(pixels[..., :3]), pixels)
        return self._edit(pixels)

    def refuse(self, channels: int) -> str | None:
        """Return why images of so many channels cannot be edited here, in words; None where they can."""
        name = operation_name(self)
        if self.needs_colour and channels == 1:
            return f"The operation `{name}` needs colour images; these are greyscale. Leave it out, or keep 3 channels."
        if self.library and find_spec(self.library) is None:
            package = _LIBRARIES[self.library]
            return f"The operation `{name}` needs {package}, which is not installed. {install('data')}"
        return None

    def _demand(self, pixels: Pixels) -> None:
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[-1] not in (1, 3, 4):
            raise UsageError(
                f"An operation edits uint8 images [H, W, 1, 3 or 4]; this one is {pixels.dtype} {list(pixels.shape)}."
            )
        if reason := self.refuse(pixels.shape[-1]):
            raise RefusedImage("operation", reason)

    @abstractmethod
    def _edit(self, pixels: Pixels) -> Pixels:
        """Return the image [H, W, 1 or 3] edited, its shape kept, as a new array."""


class InvertibleOperation(Operation):
    """An operation that can be undone, up to the rounding to bytes."""

    invertible: ClassVar[bool] = True

    def invert(self, pixels: Pixels) -> Pixels:
        """Return an edited (or generated) image [H, W, C] as it was before the edit, as a new array."""
        self._demand(pixels)
        if pixels.shape[-1] == 4:
            return with_alpha(self._undo(pixels[..., :3]), pixels)
        return self._undo(pixels)

    @abstractmethod
    def round_trip_error(self) -> int:
        """Return the largest difference, in levels of 255, that `apply` and then `invert` can leave."""

    @abstractmethod
    def _undo(self, pixels: Pixels) -> Pixels:
        """Return the image [H, W, 1 or 3] as it was before the edit, as a new array."""


def to_bytes(values: NDArray[Any]) -> Pixels:
    """Return real values [...] as the nearest bytes [...] (half to even), those outside 0 ... 255 clamped."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def with_alpha(colours: Pixels, pixels: Pixels) -> Pixels:
    """Return colours [H, W, 3] with the alpha of an image [H, W, 4]."""
    return np.concatenate([colours, pixels[..., 3:]], axis=-1)


def operation_name(operation: Operation) -> str:
    """Return the row of an operation in `OPERATIONS`."""
    return type(operation).model_fields["name"].default


def read_operation(text: str) -> Operation:
    """Return the operation of a text: `name`, `name:value` (its first parameter) or `name:key=value,key=value`.

    Raise `UsageError` for names and parameters that do not exist, `ConfigurationError` for values that do not fit.
    """
    name, _, rest = text.strip().partition(":")
    name = _underscored(name)
    known = _parameters(find(OPERATIONS, "operation", name))
    values: dict[str, Any] = {"name": name}
    for part in filter(None, (part.strip() for part in rest.split(","))):
        key, equals, value = part.partition("=")
        if not equals:
            key, value = _shorthand(text, part, known, values), part
        key = _underscored(key)
        if key in values:
            raise UsageError(f"The operation `{text}` gives `{key}` twice. Give each parameter once.")
        values[key] = _number(value.strip())
    return operation_from(values)


def operation_from(values: dict[str, Any]) -> Operation:
    """Return the operation of its JSON form; the errors are those of `read_operation`.

    Raises `UsageError` where it has no name or other parameters than the operation.
    """
    name = values.get("name")
    if not isinstance(name, str):
        raise UsageError('An operation is written as `name:value` or as {"name": ..., parameters}; this has no name.')
    kind: type[Operation] = find(OPERATIONS, "operation", name)
    known = _parameters(kind)
    for key in values:
        if key not in ("name", *known):
            if not known:
                raise UsageError(f"The operation `{name}` has no parameters; `{key}` was given. Leave it out.")
            raise unknown_name(f"parameter of `{name}`", key, known)
    return kind.read(values, f"The operation `{name}`")


def _parameters(kind: type[Operation]) -> list[str]:
    return [key for key in kind.model_fields if key != "name"]


def _shorthand(text: str, part: str, known: list[str], values: dict[str, Any]) -> str:
    if not known:
        raise UsageError(f"The operation `{text}` gives `{part}`, but it has no parameters. Leave it out.")
    if len(values) > 1:
        raise UsageError(f"In `{text}`, `{part}` has no name. Write key=value; there are: {', '.join(known)}.")
    return known[0]


def _number(value: str) -> int | str:
    """Return a whole number as such, for fields of a few; pydantic reads all else."""
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else value


def _underscored(name: str) -> str:
    return name.strip().replace("-", "_")


def _accept(value: Any) -> Any:  # noqa: ANN401
    """Return the operation of a text, its JSON form or itself; pydantic turns `ValueError` into a finding."""
    try:
        if isinstance(value, str):
            return read_operation(value)
        return operation_from(value) if isinstance(value, dict) else value
    except GanvasError as error:
        raise ValueError(str(error)) from error


AnyOperation = Annotated[SerializeAsAny[Operation], BeforeValidator(_accept)]
"""The type of a field of a configuration: takes an operation, its text or its JSON form; dumps the JSON form."""
