"""`ganvas walk RUN_OR_MODEL --out FILM.gif`: a film from seed to seed; `--training`: a film of a run's samples."""

from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, UseAppendAction, arg

from ganvas.cli.arguments import parse
from ganvas.cli.generate import read_strengths
from ganvas.cli.terminal import progress
from ganvas.errors import UsageError


def run(arguments: list[str]) -> None:
    """Film a walk through the latent space, or a run's training."""
    parse(walk, "walk", arguments)


def walk(
    model: Annotated[Positional[Path], arg(metavar="RUN_OR_MODEL", help="run folder or model folder")],
    /,
    out: Annotated[Path, arg(help="film to write: .gif, .webp or .mp4; .png lays the frames out as a sheet")],
    seeds: Annotated[str, arg(help="seeds to walk over, and ranges of them")] = "0-7",
    label: Annotated[str | None, arg(help="class, or one for each seed, joined by commas: mixed on the way")] = None,
    frames: Annotated[int, arg(help="frames from each seed to the next")] = 24,
    per_second: Annotated[float | None, arg(help="frames a second; 12 unless given, 4 of a training")] = None,
    way: Annotated[
        Literal["linear", "spherical", "styles"] | None,
        arg(help="between latents, or between the styles of StyleGAN2; what suits its latents unless given"),
    ] = None,
    loop: Annotated[bool, arg(help="lead back to the first seed")] = True,
    truncation: Annotated[float, arg(help="below 1 more typical images, above 1 more varied ones")] = 1.0,
    direction: Annotated[UseAppendAction[tuple[str, ...]], arg(help="go along a direction: NAME=2.5; repeatable")] = (),
    favourites: Annotated[
        Path | None, arg(help="walk over the favourites of a file, as they were drawn, in place of --seeds and --label")
    ] = None,
    training: Annotated[bool, arg(help="film the samples of a run's training instead")] = False,
) -> None:
    """Write a film of images from seed to seed, or of a run's training.

    GIF and WebP need nothing; MP4 needs the package `av`. The film says how it was made.
    """
    from ganvas.workflows import walk as films
    from ganvas.workflows.model import load

    if training:
        print(f"Film: {films.film_training(model, out, 4.0 if per_second is None else per_second, progress())}")
        return
    if favourites is not None and (label, seeds) != (None, "0-7"):
        raise UsageError("The favourites say which pictures and classes: leave --seeds and --label out.")
    loaded = load(model)
    labels = label.split(",") if label and "," in label and label not in loaded.classes else label
    strengths = read_strengths(direction)
    made = films.walk(
        loaded, out, seeds, labels, frames, 12.0 if per_second is None else per_second, way, loop, progress(),
        favourites,        truncation=truncation, directions=strengths,
    )  # fmt: skip
    print(f"Film: {made}")
