"""`ganvas generate RUN_OR_MODEL --num N [--label K] --seed S --out DIR`; a translator: `--sources FOLDER ...`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, UseAppendAction, arg

from ganvas.cli.arguments import parse
from ganvas.cli.terminal import progress
from ganvas.errors import UsageError

if TYPE_CHECKING:
    from ganvas.workflows.model import Model


def run(arguments: list[str]) -> None:
    """Generate images into a folder."""
    parse(generate, "generate", arguments)


def generate(
    model: Annotated[Positional[Path], arg(metavar="RUN_OR_MODEL", help="run folder or model folder")],
    /,
    out: Annotated[Path, arg(help="folder for the PNG files and their grid")],
    num: Annotated[int | None, arg(help="how many images of a seed; 64 unless given, or 1 of each of --seeds")] = None,
    label: Annotated[
        str | None, arg(help="class, by name or number, or a mixture: 3:0.5,8:0.5; by chance unless given")
    ] = None,
    each_class: Annotated[bool, arg(help="each class in turn: of ten classes, image 13 shows class 3")] = False,
    seed: Annotated[int | None, arg(help="seed; image i of a seed is always the same; 0 unless given")] = None,
    seeds: Annotated[str | None, arg(help="many seeds, and ranges of them: 0-31,40")] = None,
    first: Annotated[int | None, arg(help="index of the first image; 0 unless given")] = None,
    truncation: Annotated[float, arg(help="below 1 more typical images, above 1 more varied ones")] = 1.0,
    direction: Annotated[
        UseAppendAction[tuple[str, ...]],
        arg(help="go along a direction of `ganvas explore`: NAME=2.5, in standard deviations; repeatable"),
    ] = (),
    mix: Annotated[str | None, arg(help="take some layers' styles of a seed: SEED:FIRST-LAST; StyleGAN2 only")] = None,
    latents: Annotated[Path | None, arg(help="latents of `ganvas project` in place of seeds")] = None,
    bits: Annotated[Literal[8, 16], arg(help="bits of each value of the PNG files")] = 8,
    captions: Annotated[bool, arg(help="write class and seed beneath each image of the grid")] = False,
    sources: Annotated[tuple[Path, ...], arg(help="pictures to translate: files, folders; for translators only")] = (),
    view: Annotated[bool, arg(help="the sources are finished pictures: translate their edges, say")] = False,
    overwrite: Annotated[bool, arg(help="replace the pictures that the folder lists")] = False,
) -> None:
    """Draw images from a run or model folder: PNG files, a list of them, and a grid.

    Each file says how it was made: `ganvas doctor FILE.png`. A model that turns pictures into others (pix2pix,
    CycleGAN) is given them by --sources.
    """
    if sources:
        drawn = [num, seed, seeds, first, mix, latents, *direction, captions or None, each_class or None]
        drawn += [None if truncation == 1 else truncation, None if bits == 8 else bits]
        _translate(model, out, label, sources, view, overwrite, drawn)
        return
    if seed is not None and seeds is not None:
        raise UsageError("Give --seed or --seeds, not both.")
    from ganvas.workflows.model import load

    loaded = load(model)
    single, mixture = read_label(label, loaded.classes)
    choices: dict[str, Any] = {"truncation": truncation, "directions": read_strengths(direction), "bits": bits}
    choices |= {"mixture": mixture, "overwrite": overwrite} | read_mix(mix)
    if latents is not None:
        _draw_from(loaded, latents, out, captions, choices, [num, label, seed, seeds, first, each_class or None])
        return
    from ganvas.workflows.generate import generate as work
    from ganvas.workflows.launch import is_first

    choices["each_class"] = each_class
    grid = work(loaded, out, num, single, seed or 0, first or 0, progress(), seeds, captions, **choices)
    if is_first():
        print(f"Grid: {grid}")


def read_label(text: str | None, classes: tuple[str, ...]) -> tuple[str | None, dict[str, float]]:
    """Return the class that a label names, or the mixture {class: share} that it is."""
    if text is None or text in classes or ":" not in text:
        return text, {}
    return None, read_strengths(text.split(","), ":", "a mixture of classes, such as 3:0.5,8:0.5")


def read_strengths(
    texts: Iterable[str], sign: str = "=", what: str = "a direction, such as NAME=2.5"
) -> dict[str, float]:
    """Return {name: number} of texts such as NAME=2.5; raise `UsageError` for anything else."""
    found: dict[str, float] = {}
    for text in texts:
        name, _, number = text.rpartition(sign)
        try:
            found[name.strip()] = float(number)
        except ValueError:
            name = ""
        if not name.strip():
            raise UsageError(f"`{text}` is not {what}.")
    return found


def read_mix(text: str | None) -> dict[str, Any]:
    """Return the seed and the layers of a text such as 7:4-9."""
    if text is None:
        return {}
    seed, _, layers = text.partition(":")
    low, _, high = layers.partition("-")
    if not all(word.isdecimal() for word in (seed, low, high or low)):
        raise UsageError(f"`{text}` is no style to mix: give SEED:FIRST-LAST, such as 7:4-9.")
    return {"mix_seed": int(seed), "mix_layers": (int(low), int(high or low))}


def _draw_from(
    model: "Model", latents: Path, out: Path, captions: bool, choices: dict[str, Any], others: list[Any]
) -> None:
    if any(other is not None for other in others):
        raise UsageError("The latents say which images: leave --num, --label, --seed, --seeds and --first out.")
    from ganvas.workflows.project import generate_from

    print(f"Grid: {generate_from(model, latents, out, captions, progress(), **choices)}")


def _translate(
    model: Path, out: Path, label: str | None, sources: tuple[Path, ...], view: bool, overwrite: bool, others: list
) -> None:
    if any(other is not None for other in others):
        raise UsageError(
            "Each source gives one picture, without chance: leave --num, --seed, --first and all that chooses how a "
            "picture is drawn out."
        )
    from ganvas.workflows.translate import translate

    print(f"Grid: {translate(model, sources, out, label, view, progress(), overwrite)}")
