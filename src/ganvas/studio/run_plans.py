"""Which recipes suit a dataset, and what one would cost here: workflows/plan.py, in plain values that pages keep."""

from math import inf
from typing import Any

from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError
from ganvas.progress import in_time
from ganvas.recipes.recipe import Recipe, find_recipe, fitted
from ganvas.studio.workspace import Workspace
from ganvas.training.engine import choose_device
from ganvas.workflows.advice import (
    Advice,
    advise,
    expected_quality,
    refusal,
    warnings_of_images,
)
from ganvas.workflows.plan import plan
from ganvas.workflows.prediction import in_memory
from ganvas.workflows.trainable import check_trainable

Length = tuple[int | None, float | None]
"""Steps and minutes, None where the recipe's own length holds."""
_KEPT = 50


def advice_on(dataset: Dataset) -> tuple[list[Advice], tuple[str, ...]]:
    """Return the recipes that can do these images, the best first, and what to beware of in the images."""
    return advise(dataset, choose_device("auto").type != "cpu"), warnings_of_images(dataset)


def refusal_of(name: str, dataset: Dataset) -> tuple[str, ...]:
    """Return why a recipe cannot do these images, in one or no words."""
    reason = refusal(find_recipe(name), dataset)
    return (reason,) if reason else ()


def recipe_for(name: str, dataset: Dataset) -> Recipe:
    """Return a recipe as it would be trained on a dataset."""
    return fitted(find_recipe(name), dataset.num_classes)


def check(recipe: Recipe, dataset: Dataset, settings: dict[str, Any]) -> None:
    """Raise what `train` would raise for settings that cannot be, before anything is begun."""
    chosen = recipe.override(**settings)
    if reason := refusal(chosen, dataset):
        raise ConfigurationError(reason)
    check_trainable(chosen, dataset)


def measured(recipe: Recipe, dataset: Dataset, length: Length, settings: dict[str, Any]) -> dict[str, Any]:
    """Return what training would cost here, measured by some real rounds: figures, warnings, what to expect."""
    found = plan(recipe, dataset, steps=length[0], minutes=length[1], **settings)
    facts: dict[str, str] = {}
    if found.costs is not None and found.seconds is not None:
        about = "" if found.costs.num_rounds else "~"
        facts["whole training"] = about + in_time(found.seconds)
        facts["for 1,000 images"] = f"{about}{found.seconds_per_1000_images:.3g} s"
        facts["memory"] = in_memory(found.costs.peak_memory)
        if found.largest_batch is not None:
            facts["largest batch"] = f"{found.largest_batch:,}"
        if found.seconds_to_recognisable is not None:
            facts["until recognisable"] = in_time(found.seconds_to_recognisable)
        facts["measured on"] = found.costs.device
    return {
        "facts": facts,
        "problem": found.problem,
        "warnings": [*found.common_warnings, *found.warnings],
        "quality": expected_quality(recipe.recipe),
    }


def kept(workspace: Workspace, key: list[str]) -> dict[str, Any] | None:
    """Return a plan that was measured before, None where there is none."""
    return workspace.notes("plans").get(" ".join(key))


def keep(workspace: Workspace, key: list[str], found: dict[str, Any]) -> None:
    """Keep a plan for the next look at the page; only the newest are kept."""
    plans = workspace.notes("plans")
    oldest = list(plans)[: max(0, len(plans) - _KEPT)]
    workspace.note("plans", **{" ".join(key): found}, **dict.fromkeys(oldest))


def number(typed: str, kind: type, name: str) -> Any:  # noqa: ANN401
    """Return what was typed as a number above 0, None where nothing was; raise `ConfigurationError` in words."""
    text = typed.strip().replace(",", "")
    try:
        value = kind(text) if text else None
    except ValueError:
        value = 0
    if value is not None and not 0 < value < inf:
        raise ConfigurationError(f"`{name}` is `{typed}`; a number above 0 is wanted, or nothing.")
    return value
