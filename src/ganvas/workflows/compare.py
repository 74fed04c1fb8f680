"""Compare: recipes and a dataset folder in; each trained for as long, all scored alike, in one table, out.

compare.json           the budget and what every recipe was given
contestants/NAME.json  how far a contestant is, and its outcome
runs/NAME/             its run folder
table.txt .md .json    the outcome of all
grid.png, curves.svg   a row of pictures for each recipe; scores over the time of training
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError, RunError, UsageError
from ganvas.images import save_png
from ganvas.progress import Lines, Progress
from ganvas.provenance import Provenance
from ganvas.recipes.own import recipe_of
from ganvas.recipes.recipe import Recipe
from ganvas.storage import on_disk, read_json, replace_file, write_json
from ganvas.training.budget import check_minutes
from ganvas.workflows.comparison import Comparison, Contestant
from ganvas.workflows.comparison_pictures import curves, strip
from ganvas.workflows.contest import Match, contest
from ganvas.workflows.model import load

COMPARISON = "compare.json"


class Compared(NamedTuple):
    """The outcome, where it lies, and the signal that stopped the comparison early."""

    folder: Path
    comparison: Comparison
    stopped_by: int | None = None


def compare(
    recipes: Sequence[str | Path | Recipe],
    data: Dataset | str | Path,
    out: str | Path,
    minutes: float | None = None,
    steps: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    **settings: Any,  # noqa: ANN401
) -> Compared:
    """Train each recipe for as many `minutes` (or `steps`) of rounds, score all alike, and write the table to `out`.

    `settings` replace fields of every recipe by their dotted names. The same call again goes on where it was stopped,
    and may name more recipes; who has finished is not trained again. A recipe that cannot do the dataset is refused in
    the table, in words. Raises `UsageError` for unknown recipes, `RunError` when `out` holds another comparison.
    """
    chosen = _named(recipes)
    dataset = data if isinstance(data, Dataset) else Dataset.open(Path(data))
    given = settings | ({} if threads is None else {"training.threads": threads})
    comparison = _comparison(dataset, minutes, steps, given)
    match = Match(Path(out), dataset, comparison, progress or Lines())
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
        recipe = given if isinstance(given, Recipe) else recipe_of(given)
        name = recipe.recipe if isinstance(given, Recipe) else Path(given).stem
        if name in chosen:
            raise UsageError(f"Recipe `{name}` was given twice. Give each once; files need different names.")
        chosen[name] = recipe
    if not chosen:
        raise UsageError("No recipe was given. Name at least one: ganvas compare RECIPE [RECIPE ...] ...")
    return chosen


def _comparison(dataset: Dataset, minutes: float | None, steps: int | None, settings: dict[str, Any]) -> Comparison:
    if (minutes is None) == (steps is None):
        raise ConfigurationError("Give the budget of each recipe in minutes or in steps: one of the two.")
    check_minutes(minutes)
    if steps is not None and steps < 1:
        raise ConfigurationError(f"`steps` is {steps}; give a number above 0.")
    values = {"data": str(dataset.folder.resolve()), "content_hash": dataset.content_hash}
    return Comparison.read(
        json.loads(json.dumps({**values, "minutes": minutes, "steps": steps, "settings": settings})), "The comparison"
    )


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
    elif match.folder.exists() and any(match.folder.iterdir()):
        raise RunError(f"`{match.folder}` exists and is not an empty folder. Give another one with --out.")
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
