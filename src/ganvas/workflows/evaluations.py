"""What is known of how good a model is: `evaluation.json` beside the checkpoints of its run, or in its model folder.

Each evaluation names the weights and the dataset that it is of, so that none is ever taken for that of another
checkpoint. The newest of each stays.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ganvas.config import Config, Field
from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError, DamagedError, StorageError, UsageError
from ganvas.metrics.protocol import Score, require_comparable
from ganvas.progress import Progress
from ganvas.storage import read_json, write_json
from ganvas.workflows.score_table import features_of

EVALUATION = "evaluation.json"
_MOST_KEPT = 100
_LARGEST = 1 << 25  # bytes, far more than so many take


class Measured(Config):
    """The dataset that a model was measured against."""

    name: str = Field(description="its sources, or the name of its folder")
    content_hash: str = Field(description="content hash")
    num_training: int = Field(ge=0, description="training images")
    num_held_out: int = Field(ge=0, description="held-out images")
    licences: dict[str, int] = Field(default={}, description="images by licence; the empty name where it is unknown")


class Evaluation(Config):
    """The scores of one model."""

    name: str = Field(description="what it is called in tables: the name of its folder, and its step")
    weights: str = Field(default="", description="SHA-256 of the generator's weights; empty where unknown")
    step: int | None = Field(default=None, description="step of the checkpoint")
    dataset: Measured = Field(description="what it was measured against")
    seed: int = Field(default=0, description="seed of the generated images and of all draws")
    seeds: int = Field(default=1, ge=1, description="seeds of generated images; values are means over them")
    scores: tuple[Score, ...] = Field(description="one for each protocol")

    def score(self, protocol: str) -> Score | None:
        """Return the score under a protocol; None where there is none."""
        return next((score for score in self.scores if score.protocol == protocol), None)


class Evaluations(Config):
    """What `evaluation.json` says: evaluations, the newest last."""

    format: int = Field(default=1, ge=1, le=1, description="version of this form")
    evaluations: tuple[Evaluation, ...] = Field(default=(), description="the newest last")


def measured(dataset: Dataset) -> Measured:
    """Return what is to be known of a dataset beside scores."""
    card = dataset.card
    names = dict.fromkeys(source.name for source in card.sources)
    return Measured(
        name=" and ".join(names) if 0 < len(names) <= 3 else dataset.folder.resolve().name,
        content_hash=card.content_hash,
        num_training=dataset.count("train"),
        num_held_out=dataset.count("test"),
        licences=card.licences,
    )


def kept(folder: Path) -> tuple[Evaluation, ...]:
    """Return the evaluations kept in a run or model folder, the newest last; none where it has none.

    Raises `DamagedError` where the file cannot be one of evaluations.
    """
    path = folder / EVALUATION
    if not path.is_file():
        return ()
    if path.stat().st_size > _LARGEST:
        raise DamagedError(f"`{path}` is larger than any evaluations. Remove it, and evaluate again.")
    return Evaluations.read(read_json(path), f"`{path}`").evaluations


def keep(folder: Path, evaluations: Sequence[Evaluation]) -> None:
    """Add evaluations to those kept in a folder; one of the same weights, dataset and protocols is replaced."""
    try:
        found = kept(folder)
    except (DamagedError, ConfigurationError):
        found = ()  # whatever it was, it can be measured again
    new = {_key(evaluation): evaluation for evaluation in evaluations}
    others = [evaluation for evaluation in found if _key(evaluation) not in new]
    together = Evaluations(evaluations=(*others, *new.values())[-_MOST_KEPT:])
    write_json(folder / EVALUATION, together.plain())


def keep_beside(path: Path, evaluations: Sequence[Evaluation], progress: Progress) -> None:
    """Keep evaluations in the folder that their weights lie in; where that cannot be written, say so and go on."""
    try:
        keep(path, evaluations)
    except StorageError as error:
        progress.say(f"The evaluation is not kept with the model: {error}")


def known_of(path: Path, progress: Progress) -> list[Evaluation]:
    """Return the evaluations kept in a folder; what is damaged is said, and left aside."""
    try:
        return list(kept(path))
    except (StorageError, ConfigurationError) as error:
        progress.say(f"Earlier evaluations are left aside: {error}")
        return []


def newest_of(evaluations: Sequence[Evaluation], weights: str, content_hash: str = "") -> Evaluation | None:
    """Return the newest evaluation of some weights, named by their SHA-256; None where there is none.

    One against the dataset of `content_hash` is preferred, the one that the model learnt from.
    """
    of_weights = [found for found in evaluations if weights and found.weights == weights]
    own = [found for found in of_weights if found.dataset.content_hash == content_hash]
    return next(reversed(own or of_weights), None)


def others_than(evaluation: Evaluation, evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Return the newest evaluation of each other set of weights against the same dataset, by step."""
    same = [found for found in evaluations if found.dataset.content_hash in ("", evaluation.dataset.content_hash)]
    newest = {(found.weights or found.name): found for found in same}
    newest.pop(evaluation.weights, None)
    return sorted(newest.values(), key=lambda found: (found.name != evaluation.name, found.name, found.step or 0))


def read_results(path: Path) -> list[Evaluation]:
    """Return earlier results: `evaluation.json` or its folder, or what `ganvas evaluate --json` printed.

    Of a run's evaluations the newest counts. A bare list of scores names no dataset: their protocols alone can be
    compared, and are.

    Raises `UsageError` where the file holds no evaluation.
    """
    file = path / EVALUATION if path.is_dir() else path
    values: Any = read_json(file)
    if isinstance(values, list):
        scores = tuple(Score.read(value, f"`{file}`") for value in values)
        unknown = Measured(name="", content_hash="", num_training=0, num_held_out=0)
        return [Evaluation(name=path.stem, dataset=unknown, scores=scores)]
    if isinstance(values, dict) and "models" in values:
        return [Evaluation.read(value, f"`{file}`") for value in values["models"]]
    found = Evaluations.read(values, f"`{file}`").evaluations
    if not found:
        raise UsageError(f"`{file}` holds no evaluation. Make one with `ganvas evaluate`.")
    return [found[-1]]


def require_alike(evaluations: Sequence[Evaluation]) -> None:
    """Raise `UsageError` where scores of one metric and features are of different protocols, or of different data."""
    hashes = sorted({evaluation.dataset.content_hash[:8] for evaluation in evaluations} - {""})
    if len(hashes) > 1:
        raise UsageError(
            f"Scores against one dataset were expected; these are against {len(hashes)}, of content hashes "
            f"{', '.join(hashes)}. Evaluate all models against the same dataset folder."
        )
    groups: dict[tuple[str, str], list[Score]] = defaultdict(list)
    for evaluation in evaluations:
        for score in evaluation.scores:
            groups[features_of(score), score.metric].append(score)
    for scores in groups.values():
        require_comparable(scores)
    for number, found in enumerate(evaluations):
        others = [other for place, other in enumerate(evaluations) if place != number]
        if others and not any(_shares(found, other) for other in others):
            raise UsageError(
                f"`{found.name}` shares no protocol with the others: it has "
                f"{', '.join(score.protocol for score in found.scores) or 'no scores'}. Evaluate all with the same "
                "features and metrics."
            )


def _shares(one: Evaluation, other: Evaluation) -> bool:
    return any(other.score(score.protocol) for score in one.scores)


def _key(evaluation: Evaluation) -> str:
    protocols = sorted(score.protocol for score in evaluation.scores)
    about = [evaluation.weights or evaluation.name, evaluation.dataset.content_hash, evaluation.seed, evaluation.seeds]
    return json.dumps([*about, protocols])
