"""A few real rounds of a recipe in a process of its own, timed, with the memory that they took.

`python -m ganvas.workflows.probe` reads what to play from standard input and writes a line of JSON after each round,
so that whoever waits can stop it at any time and keep what there is.
"""

import json
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from math import lcm
from pathlib import Path
from typing import Any

from ganvas.config import Config, Field
from ganvas.data.store import Dataset
from ganvas.errors import GanvasError
from ganvas.models.family import build_gan
from ganvas.recipes.recipe import Recipe
from ganvas.training.engine import Game, cpu_threads
from ganvas.training.loop import finite_record
from ganvas.training.monitor import Monitor
from ganvas.training.objective import ObjectiveConfig
from ganvas.training.round import Round
from ganvas.training.settings import TrainingConfig
from ganvas.workflows.memory import available_memory, peak_memory
from ganvas.workflows.run_folder import RunConfig, RunFolder
from ganvas.workflows.training_run import TrainingRun, feed_of

MARGIN = 0.8
"""Share of the free memory that a training process should take at most."""
_MOST_ROUNDS, _LONGEST_CYCLE = 200, 10_000


class Task(Config):
    """What to measure: a recipe on a dataset, for so long; rounds of more than `patience` seconds are not begun."""

    recipe: Recipe = Field(description="the recipe with all settings")
    data: str = Field(description="dataset folder")
    scratch: str = Field(description="empty folder for a checkpoint, to be removed")
    seconds: float = Field(gt=0, description="how long to play rounds of the full batch")
    patience: float = Field(gt=0, description="longest round")


class Sample(Config):
    """One round, or what is done between rounds: its kind, its batch, how long it took, the peak of memory so far."""

    kind: str = Field(description="`built`, `saved`, `drawn`, or the lazy terms that were due, joined by commas")
    batch: int = Field(default=0, description="real images in a discriminator step")
    seconds: float = Field(default=0.0, description="how long it took")
    peak: int = Field(default=0, description="most bytes held so far")
    free: int | None = Field(default=None, description="bytes free on the device before anything was built")
    device: str = Field(default="", description="device, `cpu` say")
    warm_up: bool = Field(default=False, description="the first round of this batch")


def kinds_of_rounds(objective: ObjectiveConfig) -> dict[str, list[int]]:
    """Return the numbers of the rounds of a cycle by the lazy terms due in them, the most frequent kind first."""
    terms = {f"{player}.{name}": term for player, name, term in _terms(objective) if term.weight > 0 and term.every > 1}
    cycle = min(lcm(*(term.every for term in terms.values())), _LONGEST_CYCLE)
    rounds: dict[str, list[int]] = {}
    for step in range(1, cycle + 1):  # all are due in round 0, and so in round `cycle`
        rounds.setdefault(",".join(name for name, term in terms.items() if term.due(step)), []).append(step)
    return dict(sorted(rounds.items(), key=lambda item: -len(item[1])))


def measure(task: Task) -> Iterator[Sample]:
    """Yield what was measured, after each round: growing batches first, then rounds of the recipe's own batch."""
    dataset, recipe, settings = Dataset.open(task.data), task.recipe, task.recipe.training
    begun = time.perf_counter()
    game = Game(build_gan(recipe.model, dataset.shape, dataset.num_classes, settings.seed), settings)
    free = available_memory(game.device) if game.device.type == "cuda" else None
    yield _sample(game, "built", 0, time.perf_counter() - begun, free=free, device=str(game.device))
    for batch, next_batch in pairwise([*_ladder(settings.batch_size), settings.batch_size]):
        yield (rung := _rung(game, dataset, settings, batch))
        if not _can_go_on(task, rung, next_batch, game):
            return
    monitor = Monitor(settings.monitor)
    yield from _full_rounds(game, dataset, task, monitor)
    yield from _between_rounds(game, dataset, task, monitor)


def main() -> None:
    """Measure what standard input asks for."""
    task = Task.read(json.loads(sys.stdin.read()), "What to measure")
    try:
        with cpu_threads(task.recipe.training.threads):
            for sample in measure(task):
                _say(sample.plain())
    except GanvasError as error:
        _say({"problem": str(error)})
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and "memory" not in str(error):
            raise
        _say({"problem": "there is too little memory for a round"})


def _say(values: dict[str, Any]) -> None:
    print(json.dumps(values), flush=True)


def _terms(objective: ObjectiveConfig) -> Iterator[tuple[str, str, Any]]:
    for player, terms in (("discriminator", objective.discriminator), ("generator", objective.generator)):
        for name in type(terms).model_fields:
            yield player, name, getattr(terms, name)


def _ladder(batch: int) -> list[int]:
    """Return smaller batches than the recipe's, to learn what an image costs before a full round is risked."""
    return sorted({max(2, batch // 8), max(2, batch // 4)} - {batch})


def _rung(game: Game, dataset: Dataset, settings: TrainingConfig, batch: int) -> Sample:
    """Play one round of a smaller batch, with every lazy term."""
    generated = settings.generator_batch_size and max(2, settings.generator_batch_size * batch // settings.batch_size)
    smaller = settings.override(batch_size=batch, generator_batch_size=generated, workers=0)
    seconds = _timed(Round(game, smaller, feed_of(dataset, smaller, dataset.scaling)), 0, Monitor(settings.monitor))
    return _sample(game, "", batch, seconds, warm_up=True)


def _can_go_on(task: Task, last: Sample, batch: int, game: Game) -> bool:
    """Return whether a round of a larger batch would be over in time, and fit the memory that is free now."""
    growth = batch / last.batch
    free = available_memory(game.device)
    fits = free is None or last.peak * (growth - 1) < MARGIN * free
    return fits and last.seconds * growth <= task.patience


def _full_rounds(game: Game, dataset: Dataset, task: Task, monitor: Monitor) -> Iterator[Sample]:
    settings = task.recipe.training
    with feed_of(dataset, settings, dataset.scaling) as feed:
        game_round = Round(game, settings, feed)
        yield _sample(game, "", settings.batch_size, _timed(game_round, 0, monitor), warm_up=True)
        begun, kinds = time.perf_counter(), kinds_of_rounds(settings.objective)
        for turn in range(_MOST_ROUNDS):
            for kind, steps in kinds.items():
                seconds = _timed(game_round, steps[turn % len(steps)], monitor)
                yield _sample(game, kind, settings.batch_size, seconds)
                if time.perf_counter() - begun >= task.seconds:
                    return


def _between_rounds(game: Game, dataset: Dataset, task: Task, monitor: Monitor) -> Iterator[Sample]:
    """Do once what a run does between rounds: a sample grid, and a checkpoint; scores take a small share anyway."""
    config = RunConfig(
        recipe=task.recipe,
        data=task.data,
        content_hash=dataset.content_hash,
        image_shape=dataset.shape,
        classes=dataset.classes,
        scaling=dataset.card.scaling,
    )
    run = RunFolder.create(Path(task.scratch), config, dataset.scaling)
    traces = TrainingRun(run, dataset)
    begun = time.perf_counter()
    traces.snapshot(game)
    drawn = time.perf_counter()
    yield _sample(game, "drawn", 0, drawn - begun)
    traces.save(game, monitor)
    yield _sample(game, "saved", 0, time.perf_counter() - drawn)


def _timed(game_round: Round, step: int, monitor: Monitor) -> float:
    """Return the seconds of one round, ended as the loop ends it: its measures are fetched from the device, watched."""
    begun = time.perf_counter()
    monitor.watch(finite_record(game_round.play(step), step))
    return time.perf_counter() - begun


def _sample(game: Game, kind: str, batch: int, seconds: float, **more: Any) -> Sample:  # noqa: ANN401
    return Sample(kind=kind, batch=batch, seconds=seconds, peak=peak_memory(game.device), **more)


if __name__ == "__main__":
    main()
