"""Milliseconds a training step takes, here and elsewhere: `python -m benchmarks.step_time`.

The contestants train the same networks on the same images in turns, A B C A B C ..., so that a busy machine slows all
of them; each is given as the median of its turns, and as the median of its ratios to ours within a turn.
"""

import json
import os
import platform
import statistics
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import torch
import tyro
from rich.console import Console
from rich.table import Table

from benchmarks.contestants import KerasProcess, Ours
from benchmarks.machine import CUBE, SHAPES, operations, product_rate
from benchmarks.pictures import digits, origin
from benchmarks.textbook import TEXTBOOK
from ganvas.images import Pixels

RECIPES = {"acgan_mnist": 1, "mlp_gan": 50}
"""Recipes, and how many of their steps count as one step of `--steps`: a turn should last a second at least."""
NUM_IMAGES = 6000
OURS, PLAIN, KERAS = "Ganvas", "plain PyTorch", "Keras"

Run = Callable[[int], float]
"""Takes some steps and returns the seconds they took."""


class Turn(NamedTuple):
    """One repetition: seconds a step of each contestant, and what the machine did just before."""

    seconds: dict[str, float]
    product_rate: float
    load: float


class Result(NamedTuple):
    """All repetitions of one recipe, and the floating-point operations of one of our steps."""

    recipe: str
    turns: list[Turn]
    operations: int


def main(
    steps: int = 4,
    repetitions: int = 7,
    threads: int = 2,
    recipes: tuple[str, ...] = tuple(RECIPES),
    keras_python: Path | None = None,
    json_out: Path | None = None,
) -> None:
    """Time a training step of our recipes beside plain PyTorch and Keras.

    Args:
        steps: Steps of `acgan_mnist` in a turn; `mlp_gan` takes 50 times as many.
        repetitions: Turns of each contestant.
        threads: CPU threads of each contestant.
        recipes: Which recipes.
        keras_python: An interpreter that has tensorflow; without it Keras is left out.
        json_out: File for all figures.
    """
    torch.set_num_threads(threads)
    console, (pixels, labels) = Console(), digits(NUM_IMAGES)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        keras = keras_python and stack.enter_context(KerasProcess(keras_python, pixels, labels, threads))
        if keras is None:
            console.print("Keras is left out: name an interpreter that has tensorflow with --keras-python.")
        results = []
        for recipe in recipes:
            console.print(f"{recipe}: {repetitions} turns of {steps * RECIPES[recipe]} steps ...")
            ours = Ours(recipe, pixels, labels, folder / recipe)
            runs: dict[str, Run] = {OURS: ours.run, PLAIN: TEXTBOOK[recipe](pixels, labels).run}
            if keras is not None:
                runs[KERAS] = lambda steps, recipe=recipe, keras=keras: keras.run(recipe, steps)
            turns = take_turns(runs, steps * RECIPES[recipe], repetitions)
            results.append(Result(recipe, turns, operations(ours.round)))
        machine = describe_machine(threads, pixels, keras)
    console.print(tabulate(results, machine))
    if json_out is not None:
        report = {"machine": machine, "results": {result.recipe: figures(result) for result in results}}
        json_out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def take_turns(runs: dict[str, Run], steps: int, repetitions: int) -> list[Turn]:
    """Warm everybody up, then let them take turns."""
    for run in runs.values():
        run(min(steps, 3))
    turns = []
    for _ in range(repetitions):
        rate = product_rate(CUBE)
        turns.append(Turn({name: run(steps) / steps for name, run in runs.items()}, rate, os.getloadavg()[0]))
    return turns


def describe_machine(threads: int, pixels: Pixels, keras: KerasProcess | None) -> dict[str, Any]:
    """Return what ran, and the machine's rate of float32 matrix products in GFLOP/s."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": threads,
        "images": f"{len(pixels)} of {origin()}",
        "torch": torch.__version__,
        "keras": keras.versions if keras is not None else None,
        "gflops": {"x".join(map(str, shape)): round(product_rate(shape, 7) / 1e9, 1) for shape in SHAPES},
    }


def figures(result: Result) -> dict[str, Any]:
    """Return the figures of one recipe: milliseconds a step, ratios to ours, and our share of the machine's rate."""
    rates = [result.operations / turn.seconds[OURS] for turn in result.turns]
    contestants = {}
    for name in result.turns[0].seconds:
        contestants[name] = {
            "milliseconds": _spread([1e3 * turn.seconds[name] for turn in result.turns]),
            "ratio": _spread([turn.seconds[name] / turn.seconds[OURS] for turn in result.turns]),
        }
    shares = [rate / turn.product_rate for rate, turn in zip(rates, result.turns, strict=True)]
    return {
        "contestants": contestants,
        "gflop_a_step": result.operations / 1e9,
        "gflops": _spread([rate / 1e9 for rate in rates]),
        "share_of_matrix_product_rate": _spread(shares),
        "turns": [turn._asdict() for turn in result.turns],
    }


def tabulate(results: list[Result], machine: dict[str, Any]) -> Table:
    """Return the table to print."""
    best = max(machine["gflops"].values())
    title = f"Milliseconds a training step, median (least to most); {machine['threads']} threads, {machine['images']}"
    table = Table("recipe", "", "ms a step", "times ours", "GFLOP a step", "of the matrix-product rate", title=title)
    for result in results:
        found = figures(result)
        for name, values in found["contestants"].items():
            mine = name == OURS
            table.add_row(
                result.recipe if mine else "",
                name,
                _words(values["milliseconds"], ".4g"),
                "1" if mine else _words(values["ratio"], ".2f"),
                f"{found['gflop_a_step']:.1f}" if mine else "",
                _words(found["share_of_matrix_product_rate"], ".0%") if mine else "",
            )
    loads = [turn.load for result in results for turn in result.turns]
    table.caption = (
        f"float32 matrix products: {machine['gflops']['x'.join(map(str, CUBE))]} GFLOP/s at 2048^3, best {best}; "
        f"load {min(loads):.1f} to {max(loads):.1f} on {machine['cores']} cores"
    )
    return table


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def _words(spread: dict[str, float], form: str) -> str:
    return f"{spread['median']:{form}} ({spread['least']:{form}} to {spread['most']:{form}})"


if __name__ == "__main__":
    tyro.cli(main)
