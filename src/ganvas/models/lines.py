"""A player as a list of lines: each line's layer, sizes and shapes, checked one after another."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from math import prod
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from pydantic import ValidationError
from torch import Tensor, nn

from ganvas.catalogue import find
from ganvas.config import explain
from ganvas.errors import GanvasError, ModelError, UsageError
from ganvas.layers import LAYERS
from ganvas.layers.layer import Around, Input, Layer, LayerError, Shape
from ganvas.models.dimension import check_syntax, evaluate
from ganvas.players import Verdict

Player = Literal["generator", "discriminator"]
Entry = Mapping[str, Any]
START = "input"
"""The name of the values that a player begins with, for `source`."""
LARGEST_VALUES = 1 << 26  # of one sample: 256 MB


class NetworkError(ModelError):
    """A line of a network that cannot be; `finding` is what is wrong and how to mend it."""

    def __init__(self, player: Player, number: int, layer: str, finding: str, place: str = "") -> None:
        called = f" (`{layer}`)" if layer else ""
        super().__init__(f"{place}{player} line {number}{called}: {finding}")
        self.player: Player = player
        self.number = number
        self.layer = layer
        self.finding = finding
        self.place = place


class Line(NamedTuple):
    """One line, its sizes known: `number` from 1, shapes of one sample, the number of its source (0 = the input)."""

    number: int
    layer: Layer
    given: Shape
    gives: Shape
    around: Around
    source: int | None

    @property
    def key(self) -> str:
        """The name of its module among the player's modules."""
        return f"{self.number:02}_{self.layer.layer}"

    def takes(self, what: Input) -> bool:
        """Return whether it is given labels, latents or a source; one that may leave the labels out says so."""
        return what in self.layer.inputs and (what != "labels" or self.layer.plain().get("conditional", True))


def plan(
    player: Player, entries: Sequence[Entry], given: Shape, around: Around, sizes: Mapping[str, int]
) -> list[Line]:
    """Return the lines of a player whose values begin with shape `given`; raise `NetworkError` at the first misfit."""
    lines: list[Line] = []
    named: dict[str, tuple[int, Shape]] = {START: (0, given)}
    for number, entry in enumerate(entries, 1):
        layer = read_line(player, number, entry, sizes)
        if not given:
            finding = (
                f"line {number - 1} is a head, which ends the player. Leave this line out, or put it before the head."
            )
            raise NetworkError(player, number, layer.layer, finding)
        try:
            line = _line(number, layer, given, around, named)
        except LayerError as error:
            finding = f"values of shape {shown(given)} arrive here, and it takes {error.wanted}. {error.fix}"
            raise NetworkError(player, number, layer.layer, finding) from error
        except UsageError as error:
            raise NetworkError(player, number, layer.layer, str(error)) from error
        if prod(line.gives) > LARGEST_VALUES or min(line.gives, default=1) < 1:
            finding = f"{shown(given)} would become {shown(line.gives)}; a line gives 1 to {LARGEST_VALUES:,} values."
            raise NetworkError(player, number, layer.layer, f"{finding} Choose another size or stride.")
        if layer.name:
            named[layer.name] = (number, line.gives)
        lines.append(line)
        given = line.gives
    return lines


def _line(number: int, layer: Layer, given: Shape, around: Around, named: dict[str, tuple[int, Shape]]) -> Line:
    if layer.name in named:
        taken = named[layer.name][0]
        owner = f"line {taken} has it" if taken else "it is that of the values that the player begins with"
        raise UsageError(f"the name `{layer.name}` is taken: {owner}. Choose another `name`.")
    if not layer.source:
        return Line(number, layer, given, layer.output(given, around), around, None)
    if layer.source not in named:
        close = get_close_matches(layer.source, named, n=1)
        hint = f" Did you mean `{close[0]}`?" if close else ""
        raise UsageError(
            f"no earlier line has the name `{layer.source}`.{hint} There are: {', '.join(named)}. Give the line whose "
            f'values should come in here `name = "{layer.source}"`.'
        )
    if "source" not in layer.inputs:
        raise UsageError(
            f"it takes no `source`. Bring `{layer.source}` in by a layer that joins two values, on a line of its own: "
            f"{', '.join(name for name, row in LAYERS.items() if 'source' in row.load().inputs) or 'none is there'}."
        )
    source, shape = named[layer.source]
    around = around._replace(source=shape)
    return Line(number, layer, given, layer.output(given, around), around, source)


def read_line(player: Player, number: int, entry: Entry, sizes: Mapping[str, int] | None = None) -> Layer:
    """Return the layer of an entry, its words replaced by `sizes`; raise `NetworkError` for unknown names and values.

    Without `sizes` words count as 1, and only values that are none are checked.
    """
    name = entry.get("layer")
    if not isinstance(name, str):
        raise NetworkError(player, number, "", 'it names no `layer`. Write, for instance, layer = "linear".')
    try:
        kind: type[Layer] = find(LAYERS, "layer", name)
        _expect_settings(kind, entry)
        values = {key: _resolved(kind, key, value, sizes) for key, value in entry.items()}
    except GanvasError as error:
        raise NetworkError(player, number, name, _begun(str(error))) from error
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        if sizes is None and has_words(entry):
            return kind.model_construct(**values)
        settings = {found["loc"][0] for found in error.errors() if found["type"] == "missing"}
        fix = "".join(f" Write, for instance, {setting} = {_example(kind, str(setting))}." for setting in settings)
        raise NetworkError(player, number, name, f"{explain(error)}.{fix}") from error


def build(lines: Sequence[Line], player: Player) -> nn.ModuleDict:
    """Return the module of each line; raise `NetworkError` where torch cannot make it."""
    modules = nn.ModuleDict()
    for line in lines:
        try:
            modules[line.key] = line.layer.build(line.given, line.around)
        except (RuntimeError, TypeError, ValueError, OverflowError) as error:
            reason = str(error).splitlines()[0]
            finding = f"it cannot be built for values of shape {shown(line.given)}: {reason}. Choose other sizes."
            raise NetworkError(player, line.number, line.layer.layer, finding) from error
    return modules


def run(lines: Sequence[Line], modules: nn.ModuleDict, values: Tensor, beside: dict[Input, Tensor | None]) -> Any:  # noqa: ANN401
    """Return what the last line gives: values [N, ...], or the `Verdict` of a head."""
    wanted = {line.source for line in lines}
    kept: dict[int | None, Tensor] = {0: values}
    for line in lines:
        given = {**beside, "source": kept.get(line.source)}
        values = modules[line.key](values, *(given[what] for what in line.layer.inputs))
        if line.number in wanted:
            kept[line.number] = values
    return values


def verdict_of(values: Tensor | Verdict) -> Verdict:
    """Return the verdict on values [N, 1], [N] or, of patches, [N, 1, H, W]."""
    if isinstance(values, Verdict):
        return values
    if values.dim() == 4:  # [N, 1, H, W]
        return Verdict(values.flatten(1))
    return Verdict(values.flatten())


def shown(shape: Shape) -> str:
    """Return a shape in words: (64, 7, 7); one number for the values that have no axis."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})" if shape else "one number"


def has_words(entry: Entry) -> bool:
    """Return whether an entry has sizes relative to the data."""
    if not isinstance(entry.get("layer"), str) or entry["layer"] not in LAYERS:
        return False
    kind: type[Layer] = LAYERS[entry["layer"]].load()
    return any(_is_size(kind, key, part) for key, value in entry.items() for part in _parts(value))


def _parts(value: Any) -> list[Any]:  # noqa: ANN401
    return list(value) if isinstance(value, list | tuple) else [value]


def _is_size(kind: type[Layer], key: str, value: Any) -> bool:  # noqa: ANN401
    """Return whether `value` is text where a whole number stands; the words of a choice are none."""
    if not isinstance(value, str) or key not in kind.model_fields:
        return False
    types = _types(kind.model_fields[key].annotation)
    return int in types and str not in types and value not in types


def _types(annotation: Any) -> set[Any]:  # noqa: ANN401
    """Return the plain types in an annotation, and the values of its literals."""
    if get_origin(annotation) is Annotated:
        return _types(get_args(annotation)[0])
    inner = get_args(annotation)
    return set().union(*map(_types, inner)) if inner else {annotation}


def _resolved(kind: type[Layer], key: str, value: Any, sizes: Mapping[str, int] | None) -> Any:  # noqa: ANN401
    if isinstance(value, list | tuple):
        return [_resolved(kind, key, part, sizes) for part in value]
    if not _is_size(kind, key, value):
        return value
    try:
        if sizes is None:
            check_syntax(value)
            return 1
        return evaluate(value, sizes)
    except ModelError as error:
        raise ModelError(f"`{key}`: {error}") from error


def _expect_settings(kind: type[Layer], entry: Entry) -> None:
    known = list(kind.model_fields)
    for key in entry:
        if key not in known:
            close = get_close_matches(str(key), known, n=1)
            hint = f" Did you mean `{close[0]}`?" if close else ""
            raise UsageError(f"There is no setting `{key}`.{hint} There are: {', '.join(known)}.")


def _example(kind: type[Layer], key: str) -> str:
    return "64" if int in _types(kind.model_fields[key].annotation) else '"..."'


def _begun(message: str) -> str:
    return message[:1].lower() + message[1:] if message.startswith("There") else message
