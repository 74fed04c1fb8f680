"""Which evaluation a model's card may show, that of its very weights, and how its scores stand there."""

from ganvas.exporting import model_card
from ganvas.metrics.protocol import Score
from ganvas.progress import Progress
from ganvas.workflows.evaluations import Evaluation, known_of, newest_of
from ganvas.workflows.model import Model
from ganvas.workflows.score_table import figure


def evaluation_of(model: Model, progress: Progress) -> Evaluation | None:
    """Return the newest evaluation kept beside a model that is of its weights; None where there is none."""
    if model.folder is None:
        return None
    return newest_of(known_of(model.folder, progress), model.sha256, model.origin.get("dataset") or "")


def on_card(evaluation: Evaluation) -> model_card.Evaluation:
    """Return an evaluation as the card shows it."""
    dataset = evaluation.dataset
    return model_card.Evaluation(
        dataset.name,
        dataset.content_hash,
        dataset.num_training,
        dataset.num_held_out,
        dataset.licences,
        evaluation.seeds,
        tuple(_result(score) for score in evaluation.scores),
        tuple(dict.fromkeys(score.caution for score in evaluation.scores)),
    )


def _result(score: Score) -> model_card.Result:
    ends = " to ".join(figure(score, end) for end in score.interval) if score.interval else ""
    shown = (figure(score, score.value), ends, figure(score, score.floor), figure(score, score.ceiling))
    return model_card.Result(
        score.protocol,
        score.metric,
        score.value,
        score.floor,
        score.ceiling,
        _better(score),
        score.interval,
        shown,
    )


def _better(score: Score) -> str:
    if score.floor_is_best:
        return "as real images"
    return "lower" if score.lower_is_better else "higher"
