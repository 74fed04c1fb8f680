"""Evaluate: a model and the dataset it learnt from in, scores with their protocols, floors and ceilings out."""

from collections.abc import Sequence
from pathlib import Path

from ganvas.data.store import Dataset
from ganvas.progress import Progress
from ganvas.workflows.assessment import assess
from ganvas.workflows.evaluations import keep_beside
from ganvas.workflows.launch import is_first, launched
from ganvas.workflows.model import Model
from ganvas.workflows.score_table import Scores


def evaluate(
    model: Model | str | Path,
    data: Dataset | str | Path,
    seed: int = 0,
    progress: Progress | None = None,
    features: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    seeds: int = 1,
    bootstrap: int = 20,
) -> Scores:
    """Return the scores of a model's images against a dataset, those where higher is better first.

    Printed, they are a table. Of each, `floor` is what held-out real images score and `ceiling` what noise scores,
    whichever way is better.

    As many images are generated as the dataset holds out (at most 10,000), of classes as frequent as in training; a
    translator's are translations of those held out. With classes, the features are those of a classifier trained on
    the real images and kept with the dataset; without, those of a shipped network, or the images at 8x8 pixels.
    `features` names other rows of FEATURES, `metrics` rows of METRICS ("all" for the costly ones too). With `seeds`
    above 1 images of as many seeds are measured: values are means, with 95 % intervals over seeds. The scores of a run
    or model folder are kept in it, as `evaluation.json`, and stand in the card of its export. Begun by torchrun, its
    processes draw and look together; the first writes, and all return the scores.

    Raises what `assess` raises.

    >>> evaluate("runs/digits", "data/digits", metrics=["fid", "k3-recall"], seeds=3)
    """
    with launched() as launch:
        found = assess(model, data, seed, progress, features, metrics, seeds, bootstrap, launch.ranks)
    if not isinstance(model, Model) and is_first():
        keep_beside(Path(model), [found.evaluation], found.progress)
    return Scores(found.scores)
