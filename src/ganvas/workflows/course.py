"""The course of a training as curves: what the log of a run tells of losses, equilibrium, diversity and scores."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ganvas.exporting.report.contents import Curve
from ganvas.training.scoring import SCORE
from ganvas.workflows.run_folder import RunFolder, is_run_folder

_PLOTS = (
    ("Losses", "of each player, with its penalties", {"discriminator": "d/loss", "generator": "g/loss"}, None),
    ("Equilibrium", "1: the discriminator cannot tell real from generated; 0: it can", {"": "equilibrium"}, (0, 1)),
    ("Diversity", "of generated images, as a part of that of real ones", {"": "diversity"}, None),
    (
        "Classes seen by the discriminator",
        "share of images given the right class",
        {"real images": "class_accuracy/real", "generated images": "class_accuracy/fake"},
        (0, 1),
    ),
)


def course_of(path: Path) -> tuple[Curve, ...]:
    """Return the curves of the run in `path`; none where it is no run folder, or has no log."""
    if not is_run_folder(path):
        return ()
    log = RunFolder.open(path).read_log()
    curves = [Curve(title, caption, _lines(log, names), bounds) for title, caption, names, bounds in _PLOTS]
    protocols = dict.fromkeys(name for record in log for name in record if name.startswith(SCORE))
    for name in protocols:
        protocol = name.removeprefix(SCORE)
        curves.append(Curve("Score on the way", f"{protocol}, of the averaged generator", _lines(log, {"": name})))
    return tuple(curve for curve in curves if curve.lines)


def _lines(log: Sequence[dict[str, Any]], names: dict[str, str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    found = {}
    for shown, name in names.items():
        points = [(record["step"], record[name]) for record in log if record.get(name) is not None]
        if points:
            steps, values = np.array(points, np.float64).T
            found[shown] = (steps, values)
    return found
