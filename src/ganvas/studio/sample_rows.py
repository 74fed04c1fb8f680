"""Which class each row of a run's sample grids is of: workflows/samples.py lays them."""

from pathlib import Path

from ganvas.errors import GanvasError
from ganvas.models.family import offers_of
from ganvas.storage import read_json
from ganvas.workflows.advice import is_told_classes
from ganvas.workflows.run_folder import CONFIG, RunConfig

_MOST = 30
"""Rows that can be named beside a grid; more would be too low for words."""


def classes_of_rows(run: Path) -> tuple[str, ...] | None:
    """Return the class of each row, () where rows are of none, None while the run has not said what it is."""
    path = run / CONFIG
    try:
        config = RunConfig.read(read_json(path), f"`{path}`")
        translates = offers_of(config.recipe.model) & {"pairs", "domains"}
        told = not translates and is_told_classes(config.recipe, config.image_shape, len(config.classes))
    except GanvasError:
        return None
    return config.classes if told and len(config.classes) <= _MOST else ()
