"""`ganvas prepare SOURCE... --out DIR --size N`."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.cli.terminal import progress


def run(arguments: list[str]) -> None:
    """Prepare a dataset folder and print what became of the files."""
    parse(prepare, "prepare", arguments)


def prepare(
    sources: Positional[tuple[str, ...]],
    /,
    out: Annotated[Path, arg(help="dataset folder to make")],
    size: Annotated[int, arg(help="height and width of every image, in pixels")],
    channels: Annotated[int | None, arg(help="1 grey, 3 colour; by default as the sources are")] = None,
    test_fraction: Annotated[float, arg(help="part held out where the source declares no test images")] = 0.2,
    seed: Annotated[int, arg(help="seed of the choice of held-out images")] = 0,
    data_dir: Annotated[
        Path | None, arg(help="where public sets lie already; else $GANVAS_DATA, else downloaded")
    ] = None,
    overwrite: Annotated[bool, arg(help="replace an existing dataset folder")] = False,
) -> None:
    """Make a dataset folder of images from one or more sources.

    A source is `digits` (1,797 handwritten digits, embedded), `mnist`, a folder of images with a sub-folder for each
    class, or IDX files. Files that cannot be used are refused by name and never stop the run.
    """
    from ganvas.workflows.prepare import prepare as work

    dataset = work(
        *sources,
        out=out,
        size=size,
        channels=channels,
        test_fraction=test_fraction,
        seed=seed,
        data_dir=data_dir,
        overwrite=overwrite,
        progress=progress(),
    )
    print(dataset.summary())
    for row in dataset.refusals():
        print(f"  refused {row.path}: {row.reason}")
    print(f"Next: ganvas train {'acgan' if dataset.num_classes > 1 else 'mlp_gan'} --data {out} --out runs/{out.name}")
