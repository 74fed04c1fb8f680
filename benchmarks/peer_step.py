"""A training step of ours beside that of another's program, imported from a checkout: take one that you trust."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.contestants import Contestant, Ours
from benchmarks.outcome import Occasion, Outcome
from benchmarks.pictures import pictures
from benchmarks.turns import plain, row, take_turns
from ganvas.images import Pixels
from ganvas.recipes.recipe import Recipe
from ganvas.training.engine import cpu_threads

OURS = "Ganvas"
SIDE, NUM_PICTURES = 32, 1000


def beside(
    occasion: Occasion,
    recipe: Recipe,
    folder: str,
    theirs: Callable[[Path, Recipe, Pixels, NDArray[np.int64]], Contestant],
    peer: str,
) -> Outcome:
    """Time both in turns, on the same images in colour; `theirs` is made of the checkout `folder` among the peers."""
    assert occasion.peers is not None
    pixels, labels = pictures(NUM_PICTURES, SIDE, 3)
    steps = occasion.either(1, 4)
    with cpu_threads(occasion.threads):
        runners: dict[str, Contestant] = {
            OURS: Ours(recipe, pixels, labels, occasion.folder / f"run-{folder}"),
            peer: theirs(occasion.peers / folder, recipe, pixels, labels),
        }
        runs = {name: lambda runner=runner: runner.run(steps) / steps for name, runner in runners.items()}
        for run in runs.values():
            run()  # warms up
        turns = take_turns(runs, occasion.either(1, 5))
    batch, width = recipe.training.batch_size, recipe.model.model_dump()["width"]
    name = f"training step, {recipe.recipe} ({SIDE}x{SIDE}x3, batch {batch}, width {width})"
    return Outcome([row(name, "ms", turns, OURS, peer, 1e3)], {"turns": plain(turns)})
