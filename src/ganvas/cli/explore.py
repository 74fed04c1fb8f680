"""`ganvas explore RUN_OR_MODEL --out DIR`: directions along which a model's images change; `--rename OLD=NEW`."""

from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, UseAppendAction, arg

from ganvas.cli.arguments import parse
from ganvas.cli.terminal import progress
from ganvas.errors import UsageError


def run(arguments: list[str]) -> None:
    """Find directions in a model's latent space."""
    parse(explore, "explore", arguments)


def explore(
    model: Annotated[Positional[Path], arg(metavar="RUN_OR_MODEL", help="run folder or model folder")],
    /,
    out: Annotated[Path | None, arg(help="folder for a strip of each direction, from -3 to +3")] = None,
    method: Annotated[
        tuple[Literal["pca", "weights"], ...], arg(help="what changes features most; what changes the first layer most")
    ] = ("pca", "weights"),
    num: Annotated[int, arg(help="how many directions of each method")] = 8,
    seeds: Annotated[str, arg(help="seeds whose images the strips show")] = "0-3",
    label: Annotated[str | None, arg(help="class of these images")] = None,
    rename: Annotated[
        UseAppendAction[tuple[str, ...]], arg(help="name a direction found before: pca1=thickness; repeatable")
    ] = (),
) -> None:
    """Find directions in which a model's images change, without labels, and keep them in its folder.

    Look at the strips, name those that mean something, and use them: ganvas generate MODEL --direction thickness=2.5
    """
    if (out is None) == (not rename):
        raise UsageError("Give --out DIR to find directions, or --rename OLD=NEW to name some found before.")
    from ganvas.workflows.explore import explore as work
    from ganvas.workflows.explore import rename as work_names

    if out is None:
        pairs = [text.partition("=") for text in rename]
        if wrong := [old for old, sign, new in pairs if not (old and sign and new)]:
            raise UsageError(f"`{wrong[0]}` gives no name: say --rename OLD=NEW, such as pca1=thickness.")
        found = work_names(model, {old: new for old, _, new in pairs})
        print(f"Directions: {', '.join(found.names)}")
        return
    paths = work(model, out, method, num, seeds, label, progress())
    print(f"Directions: {', '.join(path.stem for path in paths)}; a strip of each in {out}")
