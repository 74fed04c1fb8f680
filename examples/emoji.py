"""Train a GAN on pictures with transparency, such as emoji: it draws them with transparency too.

python examples/emoji.py emoji/ --out emoji-example
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from tyro.conf import Positional, arg

import ganvas
from ganvas.images import contact_sheet, save_png

BACKGROUNDS = {"white": 255, "black": 0}


def laid_on(pixels: np.ndarray, grey: int) -> np.ndarray:
    """Return pictures uint8 [N, H, W, 4] laid on a grey: uint8 [N, H, W, 3]."""
    share = pixels[..., 3:] / 255
    return np.rint(share * pixels[..., :3] + (1 - share) * grey).astype(np.uint8)


def main(
    pictures: Positional[Annotated[Path, arg(help="folder or archive of PNG or WebP files with transparency")]],
    out: Annotated[Path, arg(help="folder to make, for everything that comes of it")],
    size: Annotated[int, arg(help="height and width to train at, in pixels")] = 32,
    steps: Annotated[int, arg(help="rounds of the game")] = 5_000,
) -> None:
    """Prepare the pictures with four channels, train, draw 36, show them on two backgrounds."""
    # Without `channels=4` they would be laid on white, and the model would know of no transparency.
    data = ganvas.prepare(pictures, out=out / "data", size=size, channels=4, fit="pad")
    run = ganvas.train("compact", data=data, out=out / "run", steps=steps, **{"training.mirror": True})

    gan = ganvas.load(run.folder)
    drawn = gan.generate(36, seed=0)  # uint8 [36, size, size, 4]: red, green, blue, opacity
    ganvas.generate(gan, out=out / "pictures", num=36)
    for name, grey in BACKGROUNDS.items():
        save_png(out / f"on-{name}.png", contact_sheet(laid_on(drawn, grey)))

    visible, of_real = ((pixels[..., 3] > 127).mean() for pixels in (drawn, data.pixels("train")))
    print(f"{visible:.0%} of the drawn pixels are visible, {of_real:.0%} of the real ones")
    print("Pictures:", out / "pictures", *(out / f"on-{name}.png" for name in BACKGROUNDS))


if __name__ == "__main__":
    tyro.cli(main)
