"""Compare: recipes and a dataset folder in; each trained for as long, all scored alike, in one table, out.

compare.json           the budget and what every recipe was given
contestants/NAME.json  how far a contestant is, and its outcome
runs/NAME/             its run folder
data/                  the images of a benchmark
table.txt .md .json    the outcome of all
grid.png, curves.svg   a row of pictures for each recipe; scores over the time of training
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ganvas.catalogue import find
from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError, RunError, UsageError
from ganvas.images import save_png
from ganvas.metrics.protocol import Score
from ganvas.progress import Lines, Progress
from ganvas.provenance import Provenance
from ganvas.recipes.own import variant_of
from ganvas.recipes.recipe import Recipe
from ganvas.storage import UNFINISHED, on_disk, read_json, replace_file, write_json
from ganvas.training.budget import check_minutes
from ganvas.workflows.benchmarks import BENCHMARKS
from ganvas.workflows.benchmarks.benchmark import DATA, Benchmark
from ganvas.workflows.comparison import Comparison, Contestant
from ganvas.workflows.comparison_pictures import curves, strip
from ganvas.workflows.contest import Match, contest
from ganvas.workflows.evaluate import evaluate
from ganvas.workflows.model import Model, load

COMPARISON = "compare.json"
_BEFORE_COMPARISON = {DATA, f"{DATA}{UNFINISHED}"}
"""What a comparison that was stopped while its benchmark was prepared leaves."""


class Compared(NamedTuple):
    """The outcome, where it lies, and the signal that stopped the comparison early."""

    folder: Path
    comparison: Comparison
    stopped_by: int | None = None


def compare(
    recipes: Sequence[str | Path | Recipe],
    data: Dataset | str | Path | None,
    out: str | Path,
    minutes: float | None = None,
    steps: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    benchmark: str | Benchmark | None = None,
    data_dir: str | Path | None = None,
    **settings: Any,  # noqa: ANN401
) -> Compared:
    """Train each recipe for as many `minutes` (or `steps`) of rounds, score all alike, and write the table to `out`.

    A recipe's name may bring settings of its own, as in `biggan:model.width=16`; `settings` replace fields of every
    recipe by their dotted names. The same call again goes on where it was stopped, and may name more recipes; who has
    finished is not trained again. A recipe that cannot do the dataset is refused in the table, in words. A `benchmark`
    (a row of BENCHMARKS) brings its own images, judge and known results: `data` is None, or a folder of these images
    prepared before; `data_dir` is where public sets lie already. Raises `UsageError` for unknown recipes, `RunError`
    when `out` holds another comparison.
    """
    chosen, progress, folder = _named(recipes), progress or Lines(), Path(out)
    _check_budget(minutes, steps)
    _refuse_occupied(folder)
    found = find(BENCHMARKS, "benchmark", benchmark) if isinstance(benchmark, str) else benchmark
    dataset = _dataset(data, found, folder, data_dir, progress)
    given = settings | ({} if threads is None else {"training.threads": threads})
    comparison = _comparison(dataset, found, minutes, steps, given)
    match = Match(folder, dataset, comparison, progress, found.judge if found else _evaluated)
    _begin(match)
    contestants: list[Contestant] = []
    stopped_by = None
    for name, recipe in chosen.items():
        contestant, stopped_by = contest(match, name, recipe)
        contestants.append(contestant)
        if stopped_by is not None:
            break
    outcome = comparison.model_copy(update={"contestants": tuple(contestants)})
    _write(match, outcome)
    return Compared(match.folder, outcome, stopped_by)


def _named(recipes: Sequence[str | Path | Recipe]) -> dict[str, Recipe]:
    chosen: dict[str, Recipe] = {}
    for given in recipes:
        name, recipe = (given.recipe, given) if isinstance(given, Recipe) else variant_of(given)
        if name in chosen:
            raise UsageError(f"Recipe `{name}` was given twice. Give each once; files need different names.")
        chosen[name] = recipe
    if not chosen:
        raise UsageError("No recipe was given. Name at least one: ganvas compare RECIPE [RECIPE ...] ...")
    return chosen


def _check_budget(minutes: float | None, steps: int | None) -> None:
    """Raise `ConfigurationError` unless there is one budget, and a possible one."""
    if (minutes is None) == (steps is None):
        raise ConfigurationError("Give the budget of each recipe in minutes or in steps: one of the two.")
    check_minutes(minutes)
    if steps is not None and steps < 1:
        raise ConfigurationError(f"`steps` is {steps}; give a number above 0.")


def _refuse_occupied(folder: Path) -> None:
    """Raise `RunError` where no comparison can begin or go on: another folder's files lie there."""
    if (folder / COMPARISON).exists() or not folder.exists():
        return
    if not folder.is_dir() or {path.name for path in folder.iterdir()} - _BEFORE_COMPARISON:
        raise RunError(f"`{folder}` exists and is not an empty folder. Give another one with --out.")


def _dataset(
    data: Dataset | str | Path | None,
    benchmark: Benchmark | None,
    folder: Path,
    data_dir: str | Path | None,
    progress: Progress,
) -> Dataset:
    if isinstance(data, Dataset) and benchmark is None:
        return data
    place = data.folder if isinstance(data, Dataset) else None if data is None else Path(data)
    if benchmark is not None:
        return benchmark.dataset(folder, place, None if data_dir is None else Path(data_dir), progress)
    if place is None:
        raise UsageError(f"Compare on what? Give a dataset folder, or a benchmark: {', '.join(BENCHMARKS)}.")
    return Dataset.open(place)


def _evaluated(model: Model, dataset: Dataset, progress: Progress) -> list[Score]:
    return evaluate(model, dataset, progress=progress)


def _comparison(
    dataset: Dataset, benchmark: Benchmark | None, minutes: float | None, steps: int | None, settings: dict[str, Any]
) -> Comparison:
    values = {"data": str(dataset.folder.resolve()), "content_hash": dataset.content_hash}
    given = {**values, "minutes": minutes, "steps": steps, "settings": settings}
    known = {} if benchmark is None else benchmark.plain()
    return Comparison.read(json.loads(json.dumps(given | known)), "The comparison")


def _begin(match: Match) -> None:
    path, ours = match.folder / COMPARISON, match.comparison
    if path.exists():
        theirs = Comparison.read(read_json(path), f"`{path}`")
        same = theirs.model_copy(update={"data": ours.data})
        if same != ours:
            raise RunError(
                f"`{match.folder}` holds another comparison: {theirs.budget()} Settings: {theirs.settings}. "
                "Give the same data, budget and settings to go on with it, or another folder with --out."
            )
    for folder in (match.folder, match.folder / "runs", match.folder / "contestants"):
        on_disk(lambda folder=folder: folder.mkdir(parents=True, exist_ok=True), folder)
    write_json(path, ours.plain())


def _write(match: Match, outcome: Comparison) -> None:
    replace_file(match.folder / "table.txt", outcome.text().encode())
    replace_file(match.folder / "table.md", outcome.markdown().encode())
    write_json(match.folder / "table.json", outcome.plain())
    replace_file(match.folder / "curves.svg", curves(outcome.contestants).encode())
    scored = [contestant.recipe for contestant in outcome.contestants if contestant.scores]
    if scored:
        models = {name: load(match.run_of(name)) for name in scored}
        strips = [strip(model, name, match.dataset) for name, model in models.items()]
        hashes = {name: model.sha256 for name, model in models.items()}
        all_of_them = hashlib.sha256("".join(hashes.values()).encode()).hexdigest()
        provenance = Provenance(model=all_of_them, settings={"sheet": "a row of each recipe", "models": hashes})
        save_png(match.folder / "grid.png", np.concatenate(strips), provenance)
