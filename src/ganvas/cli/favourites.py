"""`ganvas favourites FILE`: pictures worth keeping, as how they were made; `--keep PICTURE.png`, `--forget NUMBER`."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, UseAppendAction, arg

from ganvas.cli.arguments import parse


def run(arguments: list[str]) -> None:
    """List, keep and forget favourites."""
    parse(favourites, "favourites", arguments)


def favourites(
    file: Annotated[Positional[Path], arg(metavar="FILE", help="favourites.json, or the workspace that holds it")],
    /,
    keep: Annotated[UseAppendAction[tuple[Path, ...]], arg(help="a generated PNG file to keep; repeatable")] = (),
    forget: Annotated[UseAppendAction[tuple[int, ...]], arg(help="number of one to forget; repeatable")] = (),
) -> None:
    """Keep pictures as how they were made: model, seed, index, class, truncation, directions; list what is kept.

    Walk over them: ganvas walk MODEL --favourites FILE --out walk.webp. The studio shows and keeps the same.
    """
    from ganvas.workflows.favourites import forget_favourites, keep_favourites, read_favourites

    if forget:
        forget_favourites(file, forget)
    found = keep_favourites(file, keep) if keep else read_favourites(file)
    for number, said in enumerate(found, 1):
        made_of = {"seed": said.seed, "image": said.index, "label": said.label, **said.settings}
        told = ", ".join(f"{name} {str(value)[:40]}" for name, value in made_of.items() if value not in (None, {}, []))
        print(f"{number:>4}  {said.model[:12]}  {told}")
    if not found:
        print("No favourites yet: ganvas favourites FILE --keep PICTURE.png")
