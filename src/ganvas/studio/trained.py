"""What can be asked for pictures, scores and exports: runs that have saved a checkpoint, and model folders."""

from pathlib import Path
from typing import NamedTuple

from nicegui import ui

from ganvas.studio import parts
from ganvas.studio.workspace import Workspace


class Trained(NamedTuple):
    """A run or a model of the workspace."""

    key: str
    """Its path within the workspace, as commands write it."""
    path: Path
    about: str
    image_shape: tuple[int, int, int]
    classes: tuple[str, ...]
    data: str
    """The dataset folder that it learnt from, as it was given; empty where unknown."""


def trained(workspace: Workspace) -> dict[str, Trained]:
    """Return runs with a checkpoint, then models, by their paths within the workspace; the newest of each first."""
    found = [
        Trained(
            workspace.relative(run.path),
            run.path,
            f"{run.recipe}, step {run.step:,} of {run.steps:,}",
            run.image_shape,
            run.classes,
            run.data,
        )
        for run in workspace.runs()
        if run.has_checkpoint and not run.problem
    ]
    found += [
        Trained(workspace.relative(model.path), model.path, model.family, model.image_shape, model.classes, "")
        for model in workspace.models()
        if not model.problem
    ]
    return {item.key: item for item in found}


def labels(items: dict[str, Trained]) -> dict[str, str]:
    """Return what a choice of them shows."""
    return {key: f"{key} ({item.about})" for key, item in items.items()}


def chosen(workspace: Workspace, items: dict[str, Trained]) -> str:
    """Return the one that the page is asked to show: by its address, the one shown last, or the newest."""
    query = ui.context.client.request.query_params
    asked = query.get("model", "") or f"runs/{query.get('run', '')}"
    last = str(workspace.notes("trained").get("model", ""))
    return next((key for key in (asked, last) if key in items), next(iter(items)))


def none_yet(words: str) -> None:
    """Say that nothing has been trained yet."""
    parts.empty("Nothing trained yet", words, "Train a model", "/train")
