"""`ganvas generate RUN_OR_MODEL --num N [--label K] --seed S --out DIR`."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.cli.terminal import progress


def run(arguments: list[str]) -> None:
    """Generate images into a folder."""
    parse(generate, "generate", arguments)


def generate(
    model: Positional[Path],
    /,
    out: Annotated[Path, arg(help="folder for the PNG files and their grid")],
    num: Annotated[int, arg(help="how many images")] = 64,
    label: Annotated[str | None, arg(help="class to draw, by name or number; by default all by chance")] = None,
    seed: Annotated[int, arg(help="seed; image i of a seed is always the same")] = 0,
    first: Annotated[int, arg(help="index of the first image")] = 0,
) -> None:
    """Draw images from a run or model folder: PNG files, a list of them, and a grid."""
    from ganvas.workflows.generate import generate as work

    print(f"Grid: {work(model, out, num, label, seed, first, progress())}")
