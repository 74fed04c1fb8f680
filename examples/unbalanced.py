"""Train on classes of very unequal size, and see whether the small ones are drawn as well as the large ones.

python examples/unbalanced.py photos/ --out unbalanced-example
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from tyro.conf import Positional, arg

import ganvas
from ganvas.data.balance import balance
from ganvas.images import contact_sheet, save_png


def main(
    photos: Positional[Annotated[Path, arg(help="folder with a sub-folder of images for each class")]],
    out: Annotated[Path, arg(help="folder to make, for everything that comes of it")],
    size: Annotated[int, arg(help="height and width to train at, in pixels")] = 32,
    steps: Annotated[int, arg(help="rounds of the game")] = 3_000,
    alpha: Annotated[float, arg(help="1 = as often as there are images, 0 = all classes equally often")] = 0.25,
) -> None:
    """Prepare the pictures, say how unequal the classes are, train on more equal batches, draw every class."""
    data = ganvas.prepare(photos, out=out / "data", size=size)
    counts = np.bincount(data.labels("train"), minlength=data.num_classes)
    shown = counts**alpha / (counts**alpha).sum()
    for name, count, share in zip(data.classes, counts, shown, strict=True):
        print(f"{name:20} {count:6,} images, {count / counts.sum():6.1%} of the set, {share:6.1%} of what is shown")
    print(f"For one image of the smallest class there are {balance(counts).imbalance_ratio:.1f} of the largest.")

    # A class of n images is shown by n ** alpha, but no image more than 8 times an epoch: else it is learned by heart.
    settings = {"training.balance_alpha": alpha, "training.max_repeats": 8}
    run = ganvas.train("compact", data=data, out=out / "run", steps=steps, **settings)

    gan = ganvas.load(run.folder)
    rows = [gan.generate(8, labels=name, seed=0) for name in data.classes]
    save_png(out / "classes.png", contact_sheet(np.concatenate(rows), columns=8))
    print("A row for each class:", out / "classes.png")


if __name__ == "__main__":
    tyro.cli(main)
