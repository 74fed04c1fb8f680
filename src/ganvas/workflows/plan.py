"""Plan: how long would a recipe take on this machine, how much memory, and what would come of it? By a few real rounds.

Nothing is looked up in a table of machines: a process of its own plays the recipe on the dataset for some seconds.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any

from ganvas.data.reading import LARGEST_MAPPED
from ganvas.data.store import Dataset
from ganvas.progress import Lines, Progress
from ganvas.recipes import RECIPES
from ganvas.recipes.own import recipe_of
from ganvas.recipes.recipe import Recipe, fitted
from ganvas.training.budget import check_minutes
from ganvas.training.engine import choose_device, usable_cores
from ganvas.training.precision import is_bfloat16_fast
from ganvas.workflows.advice import advise, refusal, warnings, warnings_of_images
from ganvas.workflows.costs import measured_costs
from ganvas.workflows.memory import available_memory
from ganvas.workflows.prediction import Plan
from ganvas.workflows.probe import Task
from ganvas.workflows.train import with_length

_BUSY = 0.5  # load of a core that other programs take


def plan(
    recipe: str | Path | Recipe,
    data: Dataset | str | Path,
    steps: int | None = None,
    epochs: float | None = None,
    minutes: float | None = None,
    seconds: float = 20.0,
    patience: float = 120.0,
    **settings: Any,  # noqa: ANN401
) -> Plan:
    """Return what training `recipe` on a dataset folder would cost here, and what to expect; write nothing.

    Plays real rounds for about `seconds` in a process of its own; rounds longer than `patience` seconds are not waited
    for: their time is extrapolated from a smaller batch. `steps`, `epochs`, `minutes` and `settings` are those of
    `train`. Raises what `train` raises for settings that cannot be; what the recipe refuses is said in the plan.
    """
    check_minutes(minutes)
    dataset = data if isinstance(data, Dataset) else Dataset.open(Path(data))
    chosen = (recipe if isinstance(recipe, Recipe) else recipe_of(recipe)).override(**settings)
    chosen = fitted(with_length(chosen, dataset.count("train"), steps, epochs), dataset.num_classes)
    on_gpu = choose_device(chosen.training.device).type != "cpu"
    common = (*warnings_of_images(dataset, chosen.training.augment.kind != "none"), *_of_other_work())
    planned = _planned(chosen, dataset, seconds, patience)
    return planned._replace(common_warnings=common, minutes=minutes, advice=tuple(advise(dataset, on_gpu)))


def plans(
    data: Dataset | str | Path,
    recipes: Sequence[str | Path | Recipe] = (),
    seconds: float = 5.0,
    patience: float = 10.0,
    progress: Progress | None = None,
) -> list[Plan]:
    """Return the plans of `recipes`, by default of all there are, those advised first; each has the advice on all."""
    dataset = data if isinstance(data, Dataset) else Dataset.open(Path(data))
    chosen = [found if isinstance(found, Recipe) else recipe_of(found) for found in recipes or RECIPES]
    chosen = [fitted(recipe, dataset.num_classes) for recipe in chosen]
    common = (*warnings_of_images(dataset), *_of_other_work())
    progress, measured = progress or Lines(), []
    progress.begin("measuring", len(chosen))
    try:
        for recipe in chosen:
            measured.append(_planned(recipe, dataset, seconds, patience))
            progress.advance(note=recipe.recipe)
    finally:
        progress.end()
    advice = advise(dataset, choose_device("auto").type != "cpu", _hours(measured))
    asked = {found.recipe.recipe for found in measured}
    advice = tuple(found for found in advice if found.recipe in asked)
    places = {found.recipe: place for place, found in enumerate(advice)}
    measured.sort(key=lambda planned: places.get(planned.recipe.recipe, len(places)))
    return [planned._replace(common_warnings=common, advice=advice) for planned in measured]


def _of_other_work() -> Iterator[str]:
    """Yield a warning where other programs keep the processor busy, before ours does."""
    if not hasattr(os, "getloadavg"):  # Windows
        return
    load, cores = os.getloadavg()[0], usable_cores()
    if load > _BUSY * cores:
        yield (
            f"Other programs keep this machine busy (load {load:.1f} on {cores} cores): times hold for a machine so "
            "busy, and are shorter on a quiet one."
        )


def _hours(measured: Sequence[Plan]) -> dict[str, float]:
    return {planned.recipe.recipe: planned.seconds / 3600 for planned in measured if planned.seconds is not None}


def _faster(recipe: Recipe) -> str:
    """Return what would take less time on this machine."""
    settings = recipe.training
    if settings.precision != "float32" or not is_bfloat16_fast(choose_device(settings.device)):
        return ""
    return (
        "this processor multiplies in bfloat16: with `--training.precision bfloat16` a step of most recipes takes half "
        "to two thirds of the time (docs/scale.md)"
    )


def _planned(recipe: Recipe, dataset: Dataset, seconds: float, patience: float) -> Plan:
    """Return the plan of a recipe, without advice on others."""
    count, found = dataset.count("train"), warnings(recipe, dataset)
    size = count * prod(dataset.shape)
    mapped = 0 if dataset.shards or size > LARGEST_MAPPED else size
    unmeasured = Plan(recipe, count, None, "", (), found, (), mapped, faster=_faster(recipe))
    if reason := refusal(recipe, dataset):
        return unmeasured._replace(problem=reason)
    free = available_memory(choose_device(recipe.training.device))
    with tempfile.TemporaryDirectory(prefix="ganvas-plan-") as scratch:
        task = Task(recipe=recipe, data=dataset.place, scratch=scratch, seconds=seconds, patience=patience)
        costs, problem = measured_costs(task, free)
    return unmeasured._replace(costs=costs, problem=problem)
