"""Other checkpoints of a run, measured by the scores that tell most: whether the chosen one is the best of them."""

import time
from pathlib import Path

from ganvas.errors import GanvasError
from ganvas.metrics import evaluation
from ganvas.metrics.protocol import Score
from ganvas.training import checkpoint
from ganvas.training.engine import cpu_threads
from ganvas.workflows.assessment import Assessment
from ganvas.workflows.evaluations import Evaluation, measured
from ganvas.workflows.feature_networks import view_cache
from ganvas.workflows.measured_images import images_of, made_by
from ganvas.workflows.model import Model, at_checkpoint
from ganvas.workflows.run_folder import RunFolder, is_run_folder

CHEAP_SECONDS = 60.0
"""Of generating the images of one checkpoint, and of computing their features."""
MOST_CHECKPOINTS = 4
_TOLD = ("fid", "mind", "k3-precision", "k3-recall")


def other_checkpoints(
    assessment: Assessment, path: Path, known: list[Evaluation], wanted: bool | None = None
) -> list[Evaluation]:
    """Return evaluations of the other checkpoints of the run in `path` that are not among those `known`.

    The newest are measured, with as many images and the same seed. `wanted` None: only where that is cheap.
    """
    metrics = _metrics(assessment)
    if wanted is False or not metrics or not is_run_folder(path):
        return []
    run = RunFolder.open(path)
    folders = [found for found in checkpoint.all_checkpoints(run.checkpoints) if checkpoint.is_valid(found)]
    measured_now: list[Evaluation] = []
    for folder in reversed(folders[:MOST_CHECKPOINTS]):
        try:
            model = at_checkpoint(run, folder)
        except GanvasError as error:
            assessment.progress.say(f"Checkpoint {folder.name} is left out: {error}")
            continue
        weights = model.origin["generator_sha256"]
        if weights == assessment.evaluation.weights or _is_known(weights, known, assessment):
            continue
        if not wanted and assessment.seconds > CHEAP_SECONDS:
            assessment.progress.say(
                f"Other checkpoints are not measured: each would take {assessment.seconds:.0f} s and more. "
                "Ask for it with --checkpoints."
            )
            break
        measured_now.append(_measure(assessment, model, metrics))
    return measured_now


def _metrics(assessment: Assessment) -> list[str]:
    """Return which of the metrics that tell most were measured: precision, recall and one distance."""
    measured_ones = [score.metric for score in _of_first_network(assessment)]
    distances = [name for name in _TOLD[:2] if name in measured_ones][:1]
    return [*distances, *(name for name in _TOLD[2:] if name in measured_ones)]


def _is_known(weights: str, known: list[Evaluation], assessment: Assessment) -> bool:
    protocols = {score.protocol for score in _of_first_network(assessment) if score.metric in _metrics(assessment)}
    return any(found.weights == weights and protocols <= {score.protocol for score in found.scores} for found in known)


def _measure(assessment: Assessment, model: Model, metrics: list[str]) -> Evaluation:
    dataset, seed, progress = assessment.dataset, assessment.seed, assessment.progress
    training, held_out = images_of(dataset, "train"), images_of(dataset, "test")
    begun = time.monotonic()
    with cpu_threads(0):
        made = made_by(model, training, held_out, len(assessment.generated.pixels), seed, progress)
        scores = evaluation.evaluate(
            training, held_out, made, assessment.networks[:1], metrics, seed, progress, view_cache(dataset)
        )
    step = model.origin["step"]
    progress.say(f"Checkpoint of step {step:,} measured in {time.monotonic() - begun:.0f} s")
    return Evaluation(
        name=assessment.name,
        weights=model.origin["generator_sha256"],
        step=step,
        dataset=measured(dataset),
        seed=seed,
        scores=tuple(scores),
    )


def _of_first_network(assessment: Assessment) -> list[Score]:
    return [score for score in assessment.scores if score.protocol.startswith(f"{assessment.networks[0].name}-")]
