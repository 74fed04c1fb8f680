"""`ganvas network FILE [--data DIR | --size 28 --channels 1 --classes 10] [--diagram OUT.svg]`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.errors import UsageError, unknown_name
from ganvas.recipes import RECIPES
from ganvas.recipes.file import is_recipe_file

if TYPE_CHECKING:
    from ganvas.images import ImageShape
    from ganvas.workflows.network import PlayerSummary

HEADINGS = ("layer", "output", "parameters", "multiply-adds")


def run(arguments: list[str]) -> None:
    """Show a network."""
    parse(network, "network", arguments)


def network(
    recipe: Annotated[Positional[str], arg(metavar="RECIPE", help="name of a recipe, or a recipe file (.toml, .yaml)")],
    /,
    data: Annotated[Path | None, arg(help="dataset folder whose images it is for, instead of size and so on")] = None,
    size: Annotated[int | None, arg(help="height and width of the images, in pixels; 28 unless given")] = None,
    channels: Annotated[int | None, arg(help="1 for grey, 3 for colour; 1 unless given")] = None,
    classes: Annotated[int | None, arg(help="number of classes, 0 for none; 10 unless given")] = None,
    diagram: Annotated[Path | None, arg(help="SVG picture to write")] = None,
) -> None:
    """Show both players of a network: what each layer gives for one image, its parameters, its multiply-adds."""
    if recipe not in RECIPES and not is_recipe_file(recipe):
        raise unknown_name("recipe", recipe, RECIPES)
    shape, num_classes = _images(data, size, channels, classes)
    from ganvas.recipes.own import naming_lines, recipe_of
    from ganvas.storage import on_disk, replace_file
    from ganvas.workflows import network as workflow

    with naming_lines(recipe):
        summaries = workflow.summarise(recipe_of(recipe).model, shape, num_classes)
    words = f"{recipe}: {shape}, {num_classes or 'no'} classes"
    print(words)
    for summary in summaries:
        print("\n" + "\n".join(_table(summary)))
    if diagram is not None:
        picture = workflow.diagram(summaries, words).encode()
        on_disk(lambda: replace_file(diagram, picture), diagram)
        print(f"\nDiagram: {diagram}")


def _images(data: Path | None, size: int | None, channels: int | None, classes: int | None) -> tuple["ImageShape", int]:
    """Return shape and number of classes of the images that the network is for."""
    from ganvas.images import ImageShape

    if data is not None:
        if (size, channels, classes) != (None, None, None):
            raise UsageError("--data says size, channels and classes; leave --size, --channels and --classes out.")
        from ganvas.data.store import Dataset

        dataset = Dataset.open(data)
        return dataset.shape, dataset.num_classes
    size, channels, classes = (28 if size is None else size, 1 if channels is None else channels, classes)
    classes = 10 if classes is None else classes
    if size < 1 or channels < 1 or classes < 0 or classes == 1:
        raise UsageError("Give a --size and --channels of at least 1, and --classes 0 or at least 2.")
    return ImageShape(channels, size, size), classes


def _table(summary: "PlayerSummary") -> list[str]:
    """Return a player's table: columns aligned, numbers to the right."""
    rows = [
        (
            _with_beside(part.name, part.kind, part.beside),
            part.gives,
            _number(part.num_parameters),
            _number(part.multiply_adds),
        )
        for part in summary.parts
    ]
    totals = ("total", "", f"{summary.num_parameters:,}", f"{summary.multiply_adds:,}")
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, totals, strict=True)]
    rule = "-" * (sum(widths) + 6)
    lines = [f"{summary.title}, given {summary.takes}", _row(HEADINGS, widths), rule]
    return [*lines, *(_row(row, widths) for row in rows), rule, _row(totals, widths)]


def _with_beside(name: str, kind: str, beside: Sequence[str]) -> str:
    layer = name if name[:1].isdigit() and " " in name else f"{name} {kind}".rstrip()
    return f"{layer} + {', '.join(beside)}" if beside else layer


def _number(count: int) -> str:
    return f"{count:,}" if count else "-"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, gives, *numbers = cells
    aligned = [f"{number:>{width}}" for number, width in zip(numbers, widths[2:], strict=True)]
    return "  ".join([f"{name:<{widths[0]}}", f"{gives:<{widths[1]}}", *aligned]).rstrip()
