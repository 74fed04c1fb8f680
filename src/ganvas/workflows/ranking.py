"""Rank: several models and a dataset in, one table of their scores out; only like is compared with like."""

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ganvas.config import Config, Field
from ganvas.data.store import Dataset
from ganvas.errors import UsageError
from ganvas.images import save_png
from ganvas.metrics.protocol import Score
from ganvas.progress import Lines, Progress
from ganvas.storage import on_disk, replace_file, write_json
from ganvas.workflows.assessment import Assessment, assess
from ganvas.workflows.comparison_pictures import strip
from ganvas.workflows.earlier import other_checkpoints
from ganvas.workflows.evaluations import Evaluation, keep_beside, known_of, read_results, require_alike
from ganvas.workflows.launch import is_first, launched
from ganvas.workflows.report import REPORT, Answered, write_report
from ganvas.workflows.score_table import Column, features_of, figure, heads, leaders, legend

RESULTS, TABLE, SAMPLES = "scores.json", "scores.csv", "samples.png"


_FIELDS = (
    *("protocol", "metric", "features", "value", "low", "high", "spread", "floor", "ceiling"),
    *("num_samples", "num_reference"),
)


class Reported(Config):
    """A report that was written."""

    model: str = Field(description="name of the model")
    file: str = Field(description="its path within the folder of reports")
    answers: tuple[Answered, ...] = Field(description="what it answers")


class Ranking(Config):
    """Evaluations side by side."""

    models: tuple[Evaluation, ...] = Field(description="in the order given, earlier results last")
    reports: tuple[Reported, ...] = Field(
        default=(), description="of each model measured now, where reports are wanted"
    )

    @property
    def scores(self) -> list[Score]:
        """All scores of all models."""
        return [score for model in self.models for score in model.scores]

    @property
    def legend(self) -> list[str]:
        """A line for each column: its protocol, and which way is better."""
        return legend(self.scores)

    def columns(self) -> list[Column]:
        """Return the names, then a column for each protocol: the models, then real images and noise."""
        names = Column("model", (*(model.name for model in self.models), "real images", "noise"))
        return [names, *(self._column(protocol, head) for protocol, head in heads(self.scores).items())]

    def csv(self) -> str:
        """Return a line for each score of each model, with what is needed to read it."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["model", "step", "weights", "dataset", *_FIELDS, "lower_is_better", "seeds"])
        for model in self.models:
            about = [model.name, model.step, model.weights, model.dataset.content_hash]
            for score in model.scores:
                low, high = score.interval or (None, None)
                values = score.plain() | {"low": low, "high": high, "features": features_of(score)}
                row = [*(values[field] for field in _FIELDS), score.lower_is_better, model.seeds]
                writer.writerow(["" if value is None else value for value in (*about, *row)])
        return text.getvalue()

    def _column(self, protocol: str, head: str) -> Column:
        found = [model.score(protocol) for model in self.models]
        scores = [score for score in found if score is not None]
        first, leading = scores[0], leaders(found)
        cells = [figure(score, score.value) if score else "-" for score in found]
        return Column(head, (*cells, figure(first, first.floor), figure(first, first.ceiling)), leading)


def rank(
    models: Sequence[str | Path],
    data: Dataset | str | Path | None,
    seed: int = 0,
    progress: Progress | None = None,
    features: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    seeds: int = 1,
    bootstrap: int = 20,
    earlier: Sequence[str | Path] = (),
    out: str | Path | None = None,
    checkpoints: bool | None = None,
) -> Ranking:
    """Evaluate run or model folders under the same protocols; `earlier` are files of results to rank beside them.

    Each evaluation is kept beside the weights it is of. With `out`, a folder, tables, pictures of the same seeds and a
    report for each model are written; `checkpoints` says whether other checkpoints of the runs are measured for it:
    None where that is cheap. Begun by torchrun, all processes draw and look, and the first writes. Raises `UsageError`
    where protocols or datasets differ.
    """
    progress, named, found = progress or Lines(), _named(models), _earlier(earlier)
    if not named and not found:
        raise UsageError("Nothing to rank: give run or model folders, or earlier results with --compare.")
    require_alike(found)
    how = {"features": features, "metrics": metrics, "seeds": seeds, "bootstrap": bootstrap}
    reports = None if out is None else _Reports(_folder(Path(out)), len(named) > 1, checkpoints)
    assessments: dict[str, Assessment] = {}
    told: list[Reported] = []
    dataset = _dataset(data) if named else None
    for name, path in named.items():
        assert dataset is not None
        with launched() as launch:
            assessments[name] = assess(path, dataset, seed, progress, ranks=launch.ranks, **how)
        evaluations = [ours.evaluation.model_copy(update={"name": key}) for key, ours in assessments.items()]
        require_alike([*evaluations, *found])
        if is_first():
            told += _settle(assessments[name], name, path, found, reports)
    evaluations = [ours.evaluation.model_copy(update={"name": key}) for key, ours in assessments.items()]
    ranking = Ranking(models=tuple(_distinct([*evaluations, *found])), reports=tuple(told))
    if reports is not None and is_first():
        _write(ranking, reports.folder, assessments)
    return ranking


class _Reports(NamedTuple):
    """Where reports go: each into a folder of its own where there are several."""

    folder: Path
    several: bool
    checkpoints: bool | None


def _settle(
    assessment: Assessment, name: str, path: Path, found: Sequence[Evaluation], reports: _Reports | None
) -> list[Reported]:
    """Keep an evaluation beside its weights, and write its report where reports are wanted: return which."""
    known = known_of(path, assessment.progress)
    if reports is None:
        keep_beside(path, [assessment.evaluation], assessment.progress)
        return []
    others = other_checkpoints(assessment, path, known, reports.checkpoints)
    keep_beside(path, [*others, assessment.evaluation], assessment.progress)
    file = Path(name, REPORT) if reports.several else Path(REPORT)
    told = write_report(assessment, reports.folder / file, path, [*known, *others, *found])
    return [Reported(model=name, file=file.as_posix(), answers=told)]


def _dataset(data: Dataset | str | Path | None) -> Dataset:
    if data is None:
        raise UsageError("Models are evaluated against a dataset: give its folder with --data.")
    return data if isinstance(data, Dataset) else Dataset.open(Path(data))


def _folder(folder: Path) -> Path:
    on_disk(lambda: folder.mkdir(parents=True, exist_ok=True), folder)
    return folder


def _earlier(paths: Sequence[str | Path]) -> list[Evaluation]:
    found = [evaluation for path in paths for evaluation in read_results(Path(path))]
    return [evaluation.model_copy(update={"name": f"{evaluation.name} (earlier)"}) for evaluation in found]


def _distinct(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Return evaluations with a number behind names that were there before."""
    counts: dict[str, int] = defaultdict(int)
    found = []
    for evaluation in evaluations:
        counts[evaluation.name] += 1
        more = counts[evaluation.name] > 1
        name = f"{evaluation.name} {counts[evaluation.name]}" if more else evaluation.name
        found.append(evaluation.model_copy(update={"name": name}))
    return found


def _named(models: Sequence[str | Path]) -> dict[str, Path]:
    """Return the models by the shortest ends of their paths that tell them apart."""
    paths = [Path(model) for model in models]
    if len({path.resolve() for path in paths}) < len(paths):
        raise UsageError("A model was given twice. Give each once.")
    whole = [path.resolve() for path in paths]
    for depth in range(1, max((len(path.parts) for path in whole), default=0) + 1):
        names = ["-".join(path.parts[-depth:]) for path in whole]
        if len(set(names)) == len(names):
            return dict(zip(names, paths, strict=True))
    return {}


def _write(ranking: Ranking, folder: Path, assessments: dict[str, Assessment]) -> None:
    write_json(folder / RESULTS, ranking.plain())
    replace_file(folder / TABLE, ranking.csv().encode())
    strips = [strip(found.model, name, found.dataset) for name, found in assessments.items()]
    if strips:
        save_png(folder / SAMPLES, np.concatenate(strips))
