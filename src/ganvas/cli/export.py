"""`ganvas export RUN --to model --out DIR`."""

from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse


def run(arguments: list[str]) -> None:
    """Export a run."""
    parse(export, "export", arguments)


def export(
    run: Positional[Path],
    /,
    out: Annotated[Path, arg(help="folder to make")],
    to: Annotated[Literal["model"], arg(help="model: safetensors, JSON, a card and sample images")] = "model",
) -> None:
    """Write the best generator of a run as something to hand on."""
    from ganvas.workflows.export import export as work

    print(f"Model folder: {work(run, out, to)}")
