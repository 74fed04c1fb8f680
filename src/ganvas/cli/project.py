"""`ganvas project RUN_OR_MODEL PICTURE... --out DIR`: what of a model's latents comes closest to pictures."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.cli.terminal import progress


def run(arguments: list[str]) -> None:
    """Project pictures into a model's latent space."""
    parse(project, "project", arguments)


def project(
    model: Annotated[Positional[Path], arg(metavar="RUN_OR_MODEL", help="run folder or model folder")],
    pictures: Annotated[
        Positional[tuple[Path, ...]], arg(metavar="PICTURE ...", help="files, folders or archives of pictures")
    ],
    /,
    out: Annotated[Path, arg(help="folder for latents.json and a grid: pictures above what they became")],
    label: Annotated[str | None, arg(help="class that all of them show; tried out unless given")] = None,
    steps: Annotated[int, arg(help="steps of gradient descent for each picture")] = 200,
) -> None:
    """Find the latents whose images come closest to your pictures; the same command always finds the same.

    Prints the distance of each: the root-mean-square difference, in levels of 255, beside that of the best of 256
    images drawn by chance. Then: ganvas generate MODEL --latents DIR/latents.json --out OTHER
    """
    from ganvas.workflows.project import LATENTS
    from ganvas.workflows.project import project as work

    for row in work(model, pictures, out, label, progress(), steps=steps):
        shown = "" if row.label is None else f", drawn as {row.label}"
        print(f"{row.picture}: distance {row.distance:.1f} of 255 (by chance {row.distance_drawn:.1f}){shown}")
    print(f"Latents: {out / LATENTS}")
