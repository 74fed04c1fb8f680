"""Train a GAN on a folder of your own pictures and hand the model on.

With one sub-folder per class it learns to draw wanted classes; a flat folder has no classes.

python examples/own_photos.py photos/ --out photos-example --size 32
"""

from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional, arg

import ganvas


def main(
    photos: Positional[Annotated[Path, arg(help="folder of images")]],
    out: Annotated[Path, arg(help="folder to make, for everything that comes of it")],
    size: Annotated[int, arg(help="height and width to train at, in pixels")] = 32,
    steps: Annotated[int, arg(help="rounds of the game")] = 3_000,
) -> None:
    """Prepare the pictures, say what was refused, train, draw 64 images, export the model."""
    data = ganvas.prepare(photos, out=out / "data", size=size)
    print(data.summary())
    for row in data.refusals():
        print(f"refused {row.path}: {row.reason}")

    run = ganvas.train("compact", data=data, out=out / "run", steps=steps)

    print("Pictures:", ganvas.generate(run.folder, out=out / "pictures", num=64))
    model = ganvas.export(run.folder, out=out / "model")

    # What was handed on draws the same pictures as the run.
    assert (ganvas.load(model).generate(4, seed=0) == ganvas.load(run.folder).generate(4, seed=0)).all()
    print("Model:", model)


if __name__ == "__main__":
    tyro.cli(main)
