"""Milliseconds a training step takes, here and elsewhere: `python -m benchmarks.step_time`.

The contestants train the same networks on the same images in turns, A B C A B C ..., so that a busy machine slows all
of them; each is given as the median of its turns, and as the median of its ratios to ours within a turn.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import tyro
from rich.table import Table

from benchmarks.console import wide_console
from benchmarks.contestants import KerasProcess, Ours
from benchmarks.machine import CUBE, SHAPES, facts, operations, product_rate
from benchmarks.outcome import Occasion, Outcome, Row, Spread
from benchmarks.pictures import origin, pictures
from benchmarks.plain_loop import PlainLoop
from benchmarks.step_cases import CASES, Case
from benchmarks.textbook import TEXTBOOK
from benchmarks.turns import Turn, plain, ratio, row, spread, take_turns
from ganvas.errors import unknown_name
from ganvas.training.engine import cpu_threads

NUM_IMAGES = 6000
OURS, TEXTBOOK_LOOP, PLAIN, KERAS = "Ganvas", "plain PyTorch", "eager plain loop", "Keras"
IN_KERAS = ("acgan_mnist", "mlp_gan")
"""What `keras_gans.py` has."""

Run = Callable[[int], float]
"""Takes some steps and returns the seconds they took."""


class Result(NamedTuple):
    """All turns of one case, seconds a step of each contestant, and the floating-point operations of a step of ours."""

    case: str
    turns: list[Turn]
    operations: int


class Length(NamedTuple):
    """How often, and how long, each contestant has its turn."""

    steps: int = 4
    turns: int = 7


def main(
    steps: int = 4,
    repetitions: int = 7,
    threads: int = 2,
    recipes: tuple[str, ...] = ("acgan_mnist", "mlp_gan"),
    keras_python: Path | None = None,
    device: str = "cpu",
    json_out: Path | None = None,
) -> None:
    """Time a training step of our recipes beside plain PyTorch and Keras.

    Args:
        steps: Steps of `acgan_mnist` in a turn; others take a multiple, so that a turn lasts a second at least.
        repetitions: Turns of each contestant.
        threads: CPU threads of each contestant.
        recipes: Which cases (`step_cases.py`), or `all`.
        keras_python: An interpreter that has tensorflow; without it Keras is left out.
        device: Where ours and plain PyTorch compute: cpu or cuda.
        json_out: File for all figures.
    """
    console = wide_console()
    names = tuple(CASES) if recipes == ("all",) else recipes
    with cpu_threads(threads), _keras(keras_python, threads) as keras:
        if keras is None:
            console.print("Keras is left out: name an interpreter that has tensorflow with --keras-python.")
        results = [_timed(name, Length(steps, repetitions), device, keras, console.print) for name in names]
        rates = {"x".join(map(str, shape)): round(product_rate(shape, 7) / 1e9, 1) for shape in SHAPES}
        versions = keras.versions if keras is not None else None
        machine = facts(threads) | {"images": f"{NUM_IMAGES} of {origin()}", "keras": versions, "gflops": rates}
    console.print(tabulate(results, machine))
    if json_out is not None:
        report = {"machine": machine, "results": {result.case: figures(result) for result in results}}
        json_out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def benchmark(occasion: Occasion) -> Outcome:
    """Time a step of every case beside the loop as one writes it first."""
    return measured(occasion, tuple(CASES), "cpu", None)


def keras(occasion: Occasion) -> Outcome:
    """Time a step of both GANs of the book beside Keras."""
    return measured(occasion, IN_KERAS, "cpu", occasion.keras_python)


def on_gpu(occasion: Occasion) -> Outcome:
    """Time a step of every case on a GPU."""
    return measured(occasion, tuple(CASES), "cuda", None)


def measured(occasion: Occasion, names: tuple[str, ...], device: str, keras_python: Path | None) -> Outcome:
    """Return the rows of some cases; with Keras beside them where its interpreter is named."""
    length = Length(occasion.either(1, 4), occasion.either(1, 5))
    rows, details = [], {}
    with cpu_threads(occasion.threads), _keras(keras_python, occasion.threads) as keras:
        for name in names:
            result = _timed(name, length, device, keras, occasion.say)
            details[name] = figures(result)
            rows += rows_of(result, [KERAS] if keras else [peer for peer in result.turns[0].values if peer != OURS])
    return Outcome(rows, details)


def rows_of(result: Result, peers: list[str]) -> list[Row]:
    """Return the comparisons of a case."""
    name = f"training step, {result.case} ({CASES[result.case].words()})"
    return [row(name, "ms", result.turns, OURS, peer, 1e3) for peer in peers]


def _timed(name: str, length: Length, device: str, keras: KerasProcess | None, say: Callable[[str], None]) -> Result:
    if name not in CASES:
        raise unknown_name("case", name, CASES)
    case = CASES[name]
    steps = length.steps * case.steps
    say(f"{name}: {length.turns} turns of {steps} steps ...")
    with tempfile.TemporaryDirectory() as folder:
        ours, runs = _contestants(name, case, device, Path(folder, "run"))
        if keras is not None and name in IN_KERAS:
            runs[KERAS] = lambda steps: keras.run(name, steps)
        for run in runs.values():
            run(min(steps, 3))  # warms up
        timed = {name: lambda run=run: run(steps) / steps for name, run in runs.items()}
        return Result(name, take_turns(timed, length.turns), operations(ours.round))


def _contestants(name: str, case: Case, device: str, folder: Path) -> tuple[Ours, dict[str, Run]]:
    pixels, labels = pictures(NUM_IMAGES, case.side, case.channels)
    recipe = case.configured(device)
    ours = Ours(recipe, pixels, labels, folder)
    runs: dict[str, Run] = {OURS: ours.run}
    if name in TEXTBOOK and device == "cpu":
        runs[TEXTBOOK_LOOP] = TEXTBOOK[name](pixels, labels).run
    else:
        runs[PLAIN] = PlainLoop(recipe, pixels, labels).run
    return ours, runs


@contextmanager
def _keras(python: Path | None, threads: int) -> Iterator[KerasProcess | None]:
    """Begin Keras in a process of its own, where its interpreter is named."""
    with ExitStack() as stack:
        digits = pictures(NUM_IMAGES, 28, 1)
        yield python and stack.enter_context(KerasProcess(python, *digits, threads))


def figures(result: Result) -> dict[str, Any]:
    """Return the figures of one case: milliseconds a step, ratios to ours, and our share of the machine's rate."""
    turns = result.turns
    rates = [result.operations / turn.values[OURS] for turn in turns]
    shares = [rate / turn.product_rate for rate, turn in zip(rates, turns, strict=True)]
    contestants = {
        name: {
            "milliseconds": spread(turns, name, 1e3)._asdict(),
            "ratio": ratio(turns, name, OURS)._asdict(),
        }
        for name in turns[0].values
    }
    return {
        "contestants": contestants,
        "gflop_a_step": result.operations / 1e9,
        "gflops": Spread.of([rate / 1e9 for rate in rates])._asdict(),
        "share_of_matrix_product_rate": Spread.of(shares)._asdict(),
        "turns": plain(turns),
    }


def tabulate(results: list[Result], machine: dict[str, Any]) -> Table:
    """Return the table to print."""
    best = max(machine["gflops"].values())
    title = f"Milliseconds a training step, median (least to most); {machine['threads']} threads, {machine['images']}"
    table = Table("recipe", "", "ms a step", "times ours", "GFLOP a step", "of the matrix-product rate", title=title)
    for result in results:
        found, turns = figures(result), result.turns
        share = Spread(**found["share_of_matrix_product_rate"])
        for name in turns[0].values:
            mine = name == OURS
            table.add_row(
                result.case if mine else "",
                name,
                spread(turns, name, 1e3).words(".4g"),
                "1" if mine else ratio(turns, name, OURS).words(".2f"),
                f"{found['gflop_a_step']:.1f}" if mine else "",
                share.words(".0%") if mine else "",
            )
    loads = [turn.load for result in results for turn in result.turns]
    table.caption = (
        f"float32 matrix products: {machine['gflops']['x'.join(map(str, CUBE))]} GFLOP/s at 2048^3, best {best}; "
        f"load {min(loads):.1f} to {max(loads):.1f} on {machine['cores']} cores"
    )
    return table


if __name__ == "__main__":
    tyro.cli(main)
