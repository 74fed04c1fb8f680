"""`python docs/site/thumbnail.py RUN OUT.png [--steps 200,1722] [--rows 6] [--columns 8] [--scale 1]`: small grids.

The sample grids of the given steps (the last, without) stand side by side, their images at their own size or `scale`
times it, in few enough shades for a page.
"""

import argparse
import json
from pathlib import Path

from PIL import Image

GAP, BETWEEN = 2, 12  # pixels between images, and between grids
SHADES = 128
WHITE = {"L": 255, "RGB": (255, 255, 255)}


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", default="")
    parser.add_argument("--rows", type=int, default=10)
    parser.add_argument("--columns", type=int, default=10)
    parser.add_argument("--scale", type=int, default=1)
    asked = parser.parse_args()
    side = json.loads((asked.run / "config.json").read_text(encoding="utf-8"))["image_shape"][1]
    grids = sorted((asked.run / "samples").glob("*.png"))
    chosen = [asked.run / "samples" / f"{int(step):08d}.png" for step in asked.steps.split(",") if step] or grids[-1:]
    parts = [_part(Image.open(path), side, asked.rows, asked.columns, asked.scale) for path in chosen]
    width = sum(part.width + BETWEEN for part in parts) - BETWEEN
    whole = Image.new(parts[0].mode, (width, parts[0].height), WHITE[parts[0].mode])
    for number, part in enumerate(parts):
        whole.paste(part, (number * (part.width + BETWEEN), 0))
    _in_few_shades(whole).save(asked.out, optimize=True)


def _part(grid: Image.Image, side: int, rows: int, columns: int, scale: int) -> Image.Image:
    """Return the first images of a grid, whose own are some whole number of times larger than `side`."""
    grid = grid if grid.mode == "L" else grid.convert("RGB")
    cell = next(side * times for times in range(1, 65) if (grid.width - GAP) % (side * times + GAP) == 0)
    part = Image.new(
        grid.mode, (columns * (side * scale + GAP) + GAP, rows * (side * scale + GAP) + GAP), WHITE[grid.mode]
    )
    for row in range(rows):
        for column in range(columns):
            left, top = GAP + column * (cell + GAP), GAP + row * (cell + GAP)
            image = grid.crop((left, top, left + cell, top + cell)).resize(
                (side * scale,) * 2, Image.Resampling.NEAREST
            )
            part.paste(image, (GAP + column * (side * scale + GAP), GAP + row * (side * scale + GAP)))
    return part


def _in_few_shades(picture: Image.Image) -> Image.Image:
    return picture.point(lambda value: value // 17 * 17) if picture.mode == "L" else picture.quantize(SHADES)


if __name__ == "__main__":
    main()
