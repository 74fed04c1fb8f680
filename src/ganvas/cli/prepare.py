"""`ganvas prepare SOURCE... --out DIR --size N`."""

import sys
from dataclasses import field, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import OmitArgPrefixes, Positional, arg
from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

from ganvas.cli.arguments import parse
from ganvas.cli.invocation import program
from ganvas.cli.terminal import progress

if TYPE_CHECKING:
    from ganvas.data.choices import Choices

_SOURCES_HELP = "names, paths of folders, archives or files, or mix files; several become one dataset"
SOURCES: Any = (
    "sources",
    Annotated[
        Positional[tuple[str, ...]], arg(metavar="SOURCE ...", help=_SOURCES_HELP, help_behavior_hint="(at least one)")
    ],
    field(),
)
COMMON: list[Any] = [
    (
        "channels",
        Annotated[int | None, arg(help="1 grey, 3 colour, 4 with alpha; else as the sources")],
        field(default=None),
    ),
    (
        "data_dir",
        Annotated[Path | None, arg(help="where public sets lie already; else $GANVAS_DATA, else downloaded")],
        field(default=None),
    ),
]
ONLY_PREPARE: list[Any] = [
    ("out", Annotated[Path, arg(help="dataset folder to make")], field()),
    ("size", Annotated[str, arg(help="side of every image in pixels, or WIDTHxHEIGHT")], field()),
    *COMMON,
    ("overwrite", Annotated[bool, arg(help="replace an existing dataset folder")], field(default=False)),
]
_ABOUT = """Make a dataset folder of images from one or more sources.

A source is `digits` (1,797 handwritten digits, embedded), another set by its name (see `ganvas data`), a folder or
archive of images with a sub-folder for each class, a file of arrays, or a mix file (.toml). Files that cannot be used
are refused by name and never stop the run; an interrupted run goes on when started again."""
_SHOWN = 20


def run(arguments: list[str]) -> None:
    """Prepare a dataset folder and print what became of the files."""
    from ganvas.data.ledger import LEDGER
    from ganvas.data.place import REPORT
    from ganvas.workflows.prepare import prepare

    given = parse(
        arguments_with_choices("PrepareArguments", ONLY_PREPARE), "prepare", arguments, _ABOUT, operations_registry()
    )
    try:
        dataset = prepare(
            *given.sources,
            out=given.out,
            size=given.size,
            channels=given.channels,
            data_dir=given.data_dir,
            overwrite=given.overwrite,
            progress=progress(),
            **flat_choices(given.choices),
        )
    except KeyboardInterrupt:
        print("ganvas: the same command goes on where this one stopped.", file=sys.stderr)
        raise
    print(dataset.summary())
    left_out = dataset.left_out()
    for row, _ in zip(left_out, range(_SHOWN), strict=False):
        print(f"  {row.outcome} {row.path}: {row.reason}")
    rest = sum(1 for _ in left_out)
    if rest:
        print(f"  ... and {rest:,} more: the report shows them by reason, {dataset.folder / LEDGER} has every file")
    print(f"Report: {dataset.folder / REPORT}")
    for source in dataset.card.sources:
        if source.note:
            print(f"Note: {source.note}")
    option = _option(dataset.count("train"))
    print(f"Next: {program()} train compact --data {given.out} --out runs/{given.out.name}{option}")


def _option(num_images: int) -> str:
    """Return what few images need, as an option of `train`."""
    from ganvas.recipes.suits import AUGMENTED, FEW

    return f" {AUGMENTED}" if num_images < FEW else ""


def arguments_with_choices(name: str, first: list[Any]) -> type:
    """Return the type of a command line: the sources, `first`, then every choice by its own name."""
    from ganvas.data.choices import Choices

    choices: Any = ("choices", Annotated[OmitArgPrefixes[Choices], arg(name="")], field(default=Choices()))
    return make_dataclass(
        name,
        [SOURCES, *((name, kind, field(kw_only=True, default=entry.default)) for name, kind, entry in first), choices],
    )


def flat_choices(choices: "Choices") -> dict[str, Any]:
    """Return the choices by their own names."""
    return {name: value for part in choices.plain().values() for name, value in part.items()}


def operations_registry() -> ConstructorRegistry:
    """Return how an operation is written on a command line: `name`, `name:value` or `name:key=value,key=value`."""
    from ganvas.data.operations.operation import Operation, read_operation

    registry = ConstructorRegistry()

    @registry.primitive_rule
    def _rule(found: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Operation] | None:
        if found.type is not Operation:
            return None
        return PrimitiveConstructorSpec(
            nargs=1,
            metavar="NAME[:VALUES]",
            instance_from_str=lambda words: read_operation(words[0]),
            is_instance=lambda value: isinstance(value, Operation),
            str_from_instance=lambda operation: [_text(operation.plain())],
        )

    return registry


def _text(values: dict[str, Any]) -> str:
    parameters = ",".join(f"{key}={value}" for key, value in values.items() if key != "name")
    return f"{values['name']}:{parameters}".rstrip(":")
