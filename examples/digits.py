"""Train a GAN that draws wanted digits, and use it: images of one class, of wanted classes, one image again.

python examples/digits.py --out digits-example
"""

from pathlib import Path

import numpy as np
import tyro

import ganvas
from ganvas.images import contact_sheet, save_png


def main(out: Path, steps: int = 1_000) -> None:
    """Prepare the 1,797 embedded digits, train on them, draw.

    Args:
        out: folder to make, for everything that comes of it.
        steps: rounds of the game; 1,000 take a minute or two on a laptop.
    """
    data = ganvas.prepare("digits", out=out / "data", size=16)
    run = ganvas.train("compact", data=data, out=out / "run", steps=steps)
    gan = ganvas.load(run.folder)

    sevens = gan.generate(16, labels=7, seed=0)  # uint8 [16, 16, 16, 1]
    save_png(out / "sevens.png", contact_sheet(sevens))

    # Image 5 of seed 0 is the same whether it is drawn among sixteen or alone.
    alone = gan.generate(1, labels=7, seed=0, first=5)
    assert np.array_equal(sevens[5], alone[0])

    # A number for each image, row by row: the digits of pi.
    digits_of_pi = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3]
    save_png(out / "pi.png", contact_sheet(gan.generate(16, labels=digits_of_pi, seed=1)))

    print("Pictures:", out / "sevens.png", out / "pi.png")
    print(f"Scores: ganvas evaluate {run.folder} --data {data.folder}")


if __name__ == "__main__":
    tyro.cli(main)
