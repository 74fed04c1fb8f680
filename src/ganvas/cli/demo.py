"""`ganvas demo`: the whole road on embedded handwritten digits."""

import time
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from ganvas.cli.arguments import parse
from ganvas.cli.evaluate import print_scores
from ganvas.cli.invocation import program
from ganvas.cli.terminal import progress

STEPS = 1_500


def run(arguments: list[str]) -> None:
    """Walk the road once."""
    parse(demo, "demo", arguments)


def demo(out: Annotated[Path, arg(help="folder for everything made")] = Path("demo")) -> None:
    """Prepare handwritten digits, train a GAN that draws wanted ones, evaluate it, draw a grid.

    Takes about two minutes on a laptop without a GPU.
    """
    from ganvas.workflows.prepare import prepare

    place = fresh_folder(out)
    show = progress()
    print("1/4 Preparing 1,797 handwritten digits at 16x16 pixels")
    data = prepare("digits", out=place / "digits", size=16, progress=show)
    from ganvas.workflows.train import train  # torch takes 2 s, the digits are prepared without it

    print("2/4 Training a class-conditional GAN (Ctrl-C saves and stops)")
    begun = time.monotonic()
    finished = train("compact", data, place / "run", steps=STEPS, progress=show)
    if finished.stopped_by is not None:
        raise SystemExit(128 + finished.stopped_by)
    print(f"    {STEPS} steps in {time.monotonic() - begun:.0f} s")
    from ganvas.workflows.evaluate import evaluate
    from ganvas.workflows.generate import draw_classes
    from ganvas.workflows.model import load

    print("3/4 Evaluating, by a classifier trained on the real digits")
    model = load(finished.folder)
    print_scores(evaluate(model, data, progress=show))
    print("4/4 Drawing ten of each digit")
    grid = draw_classes(model, place / "digits.png")
    print(f"""
Done. The pictures:
  {grid}
  {finished.folder / "samples"}  (how they came about)

Three things to try next:
  {program()} generate {finished.folder} --num 25 --label 7 --seed 1 --out {place / "sevens"}
  {program()} train --resume {finished.folder} --steps {3 * STEPS}
  {program()} prepare PHOTOS/ --out data/photos --size 32   (your own images, a sub-folder for each class)""")


def fresh_folder(wanted: Path) -> Path:
    """Return `wanted`, or the first of `wanted-2`, `wanted-3` ... that does not exist: nothing is ever replaced."""
    number, place = 1, wanted
    while place.exists():
        number += 1
        place = wanted.with_name(f"{wanted.name}-{number}")
    return place
