"""Report: what an assessment found, as one HTML file that answers six questions."""

from collections.abc import Sequence
from pathlib import Path

from scipy.stats import nbinom

from ganvas.config import Config, Field
from ganvas.exporting.report.answers import Answer, answers, as_asked, diverse, good
from ganvas.exporting.report.contents import (
    Contents,
    Copies,
    Earlier,
    Measure,
    Obedience,
    Point,
    lead,
    measure_of,
)
from ganvas.exporting.report.page import report_html
from ganvas.metrics import METRICS
from ganvas.metrics.memorisation import Audit
from ganvas.metrics.protocol import Score
from ganvas.storage import replace_file
from ganvas.workflows.assessment import Assessment
from ganvas.workflows.course import course_of
from ganvas.workflows.evaluations import Evaluation, others_than
from ganvas.workflows.report_facts import facts_of_dataset, facts_of_model, settings_of
from ganvas.workflows.report_pictures import MOST_ROWS, neighbours_of, rows_of
from ganvas.workflows.score_table import is_share

REPORT = "report.html"


class Answered(Config):
    """One of the six questions, and the answer that a report gives."""

    question: str = Field(description="as the report asks it")
    verdict: str = Field(description="the answer in a word or two")
    mark: str = Field(description="good, fair, poor or unknown")
    number: str = Field(default="", description="the number that stands for it")
    doubts: tuple[str, ...] = Field(default=(), description="why it cannot be told, where it cannot")


def write_report(
    assessment: Assessment, file: Path, path: Path, others: Sequence[Evaluation] = ()
) -> tuple[Answered, ...]:
    """Write the report of the model in `path`, and return what it answers.

    `others` are evaluations to compare with, under the same protocols.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    contents = contents_of(assessment, path, others)
    replace_file(file, report_html(contents).encode())
    return tuple(map(_answered, answers(contents)))


def answered(scores: Sequence[Score]) -> tuple[Answered, ...]:
    """Return the answers that scores give without pictures or audit: good, diverse, and as asked where one can ask."""
    measures = tuple(measure(score) for score in scores)
    found = [good(measures), diverse(measures)]
    if measure_of(measures, "accuracy"):
        found.append(as_asked(measures))
    return tuple(_answered(answer) for answer in found if answer.verdict != "Not measured")


def _answered(answer: Answer) -> Answered:
    kept = {name: getattr(answer, name) for name in Answered.model_fields}
    return Answered(**kept)


def contents_of(assessment: Assessment, path: Path, others: Sequence[Evaluation] = ()) -> Contents:
    """Return what the report shows, as plain values."""
    measures, audit = tuple(measure(score) for score in assessment.scores), assessment.audit
    dataset, evaluation = assessment.dataset, assessment.evaluation
    alike = {_called(other, assessment.name): other for other in others_than(evaluation, others)}
    return Contents(
        title=assessment.name,
        subtitle=_subtitle(assessment),
        dataset=evaluation.dataset.name,
        content_hash=dataset.content_hash,
        facts=facts_of_model(assessment),
        measures=measures,
        cautions=tuple(dict.fromkeys(score.caution for score in assessment.scores)),
        obedience=_obedience(assessment),
        class_distances=_class_distances(assessment.scores),
        copies=_copies(audit),
        audit=_audit_facts(audit),
        earlier=_earlier(measures, alike),
        rows=tuple(rows_of(assessment)),
        num_hidden=max(0, len(assessment.model.classes) - MOST_ROWS) if assessment.model.conditional else 0,
        neighbours=tuple(neighbours_of(assessment)),
        plane=tuple(_plane(measures, alike)),
        curves=course_of(path),
        settings=settings_of(assessment.model),
        card=facts_of_dataset(dataset),
    )


def measure(score: Score) -> Measure:
    """Return a score as the report shows it."""
    return Measure(
        score.protocol,
        score.metric,
        METRICS[score.metric].summary if score.metric in METRICS else "",
        score.value,
        score.floor,
        score.ceiling,
        score.lower_is_better,
        score.num_samples,
        score.num_reference,
        is_share(score),
        score.interval,
        score.floor_is_best,
        _chance(score),
    )


def _chance(score: Score) -> float:
    confusion = (score.details or {}).get("confusion") if score.metric == "accuracy" else None
    return 1 / len(confusion) if confusion else 0.0


def _subtitle(assessment: Assessment) -> str:
    origin, known = assessment.model.origin, assessment.evaluation.dataset
    made_by = [str(origin["recipe"])] if origin.get("recipe") else [assessment.model.config.family]
    step = [f"step {origin['step']:,}"] if isinstance(origin.get("step"), int) else []
    held_out = f"{known.num_training:,} images for training, {known.num_held_out:,} held out"
    return f"{', '.join([*made_by, str(assessment.model.image_shape), *step])}; against {known.name}: {held_out}"


def _obedience(assessment: Assessment) -> Obedience | None:
    ours, real = assessment.obedience, assessment.real_obedience
    if ours is None or real is None:
        return None
    return Obedience(assessment.dataset.classes, ours.confusion, real.confusion)


def _class_distances(scores: Sequence[Score]) -> tuple[float | None, ...]:
    found = next((score for score in scores if score.metric == "class-fid"), None)
    return tuple((found.details or {}).get("per_class", ())) if found else ()


def _copies(audit: Audit) -> Copies:
    """Return the audit with what chance gives: suspects among fresh images follow a negative binomial law.

    Each of N fresh images is as likely to fall anywhere among n held-out ones, and those below the k-th of them count.
    """
    num, num_held_out = len(audit.generated.nearness), len(audit.held_out.nearness)
    rank = round(audit.false_accusation_rate * (num_held_out + 1))
    return Copies(
        audit.generated.nearness,
        audit.held_out.nearness,
        len(audit.suspects),
        audit.false_accusation_rate * num,
        int(nbinom.ppf(0.99, rank, num_held_out / (num + num_held_out))),
        audit.authenticity,
        audit.held_out_authenticity,
        audit.copying,
        audit.fid_gap,
    )


def _audit_facts(audit: Audit) -> dict[str, str]:
    some = f"{len(audit.held_out.nearness):,}"
    return {
        "very near one training image": f"{len(audit.suspects):,} of {len(audit.generated.nearness):,} "
        f"({audit.suspected_share:.2%}); of fresh real images {audit.false_accusation_rate:.2%} at most, on average",
        "no nearer to a training image than that is to the next (AuthPct)": f"{audit.authenticity:.1%}; of held-out "
        f"images {audit.held_out_authenticity:.1%}; a copy is nearer",
        "nearness on the whole (C_T)": f"{audit.copying:+.2f} standard errors from that of fresh real images; about 0 "
        "is as it should be, below -3 they lie nearer to the training images than fresh ones do",
        "FID from training images": f"{audit.fid_training:.4g}, from {some} drawn at random; the score `fid` is from "
        "all of them, so it is another number",
        "FID from held-out images": f"{audit.fid_held_out:.4g}, from as many; the gap is {audit.fid_gap:+.3g}: well "
        "below 0 where images look more like the very ones learnt from",
    }


def _earlier(measures: tuple[Measure, ...], others: dict[str, Evaluation]) -> tuple[Earlier, ...]:
    leading = lead(measures)
    found = ((name, other.score(leading.protocol)) for name, other in others.items()) if leading else ()
    return tuple(Earlier(name, score.value, score.interval) for name, score in found if score)


def _called(evaluation: Evaluation, run: str) -> str:
    """Return what another evaluation is called beside that of `run`."""
    step = f"step {evaluation.step:,}" if evaluation.step is not None else ""
    return step if step and evaluation.name == run else ", ".join(filter(None, (evaluation.name, step)))


def _plane(measures: tuple[Measure, ...], others: dict[str, Evaluation]) -> list[Point]:
    precision, recall = measure_of(measures, "precision"), measure_of(measures, "recall")
    if precision is None or recall is None:
        return []
    points = [
        Point("noise", recall.ceiling, precision.ceiling, "noise"),
        Point("real images", recall.floor, precision.floor, "real"),
    ]
    for name, other in others.items():
        good, diverse = other.score(precision.protocol), other.score(recall.protocol)
        if good and diverse:
            points.append(Point(name, diverse.value, good.value, "earlier"))
    return [*points, Point("this model", recall.value, precision.value, "model")]
