"""`ganvas generate RUN_OR_MODEL --num N [--label K] --seed S --out DIR`; a translator: `--sources FOLDER ...`."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.cli.terminal import progress
from ganvas.errors import UsageError


def run(arguments: list[str]) -> None:
    """Generate images into a folder."""
    parse(generate, "generate", arguments)


def generate(
    model: Positional[Path],
    /,
    out: Annotated[Path, arg(help="folder for the PNG files and their grid")],
    num: Annotated[int | None, arg(help="how many images; 64 without")] = None,
    label: Annotated[str | None, arg(help="class to draw, by name or number; by default all by chance")] = None,
    seed: Annotated[int | None, arg(help="seed; image i of a seed is always the same; 0 without")] = None,
    first: Annotated[int | None, arg(help="index of the first image; 0 without")] = None,
    sources: Annotated[tuple[Path, ...], arg(help="pictures to translate: files, folders; for translators only")] = (),
    view: Annotated[bool, arg(help="the sources are finished pictures: translate their edges, say")] = False,
) -> None:
    """Draw images from a run or model folder: PNG files, a list of them, and a grid.

    A model that turns pictures into others (pix2pix, CycleGAN) is given them by --sources.
    """
    if not sources:
        from ganvas.workflows.generate import generate as work

        chosen = (64 if num is None else num, label, seed or 0, first or 0)
        print(f"Grid: {work(model, out, *chosen, progress())}")
        return
    if (num, seed, first) != (None, None, None):
        raise UsageError("Each source gives one picture, without chance: leave --num, --seed and --first out.")
    from ganvas.workflows.translate import translate

    print(f"Grid: {translate(model, sources, out, label, view, progress())}")
