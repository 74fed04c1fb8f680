"""One contestant of a comparison: trained in parts up to its budget, scored, and kept on the disk after each."""

import re
from collections.abc import Callable, Iterator
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from ganvas.config import differences
from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError, DamagedError, DataError, ModelError, NotFiniteError, RunError
from ganvas.metrics.protocol import Score
from ganvas.models.family import build_gan
from ganvas.players import num_parameters
from ganvas.progress import Progress
from ganvas.recipes.recipe import Recipe
from ganvas.storage import read_json, write_json
from ganvas.tensors import without_memory
from ganvas.training import checkpoint
from ganvas.training.budget import seconds_of
from ganvas.workflows.comparison import Comparison, Contestant, Point
from ganvas.workflows.model import Model, load
from ganvas.workflows.run_folder import RunFolder, is_run_folder
from ganvas.workflows.train import resume, train

NUM_POINTS = 8
LONGEST_NAME = 200
_ENDLESS = 10**9  # steps, where the budget is a time


Judge = Callable[[Model, Dataset, Progress], list[Score]]


class Match(NamedTuple):
    """What all contestants share; `judge` scores each at its end."""

    folder: Path
    dataset: Dataset
    comparison: Comparison
    progress: Progress
    judge: Judge

    def run_of(self, name: str) -> Path:
        """Return the run folder of a contestant."""
        return self.folder / "runs" / _as_file(name)

    def file_of(self, name: str) -> Path:
        """Return where the state of a contestant is kept."""
        return self.folder / "contestants" / f"{_as_file(name)}.json"


def _as_file(name: str) -> str:
    """Return a contestant's name as every system's folders may be called: of a long one its start and a digest."""
    plain = re.sub(r"[^\w.=-]+", "_", name)
    if len(plain) <= LONGEST_NAME:
        return plain
    return f"{plain[:LONGEST_NAME]}-{blake2b(name.encode(), digest_size=4).hexdigest()}"


def contest(match: Match, name: str, recipe: Recipe) -> tuple[Contestant, int | None]:
    """Bring one contestant to its end, or to where a signal stops it; return it as kept on the disk."""
    try:
        recipe = recipe.override(**match.comparison.settings)
    except ConfigurationError as error:
        return _keep(match, Contestant(recipe=name, outcome="refused", problem=str(error))), None
    contestant = _kept(match, name, recipe)
    if contestant.finished:
        match.progress.say(f"{name}: finished before.")
        return contestant, None
    try:
        for part in range(1, NUM_POINTS + 1):
            if not _reached(match.comparison, contestant, part / NUM_POINTS):
                run = _train_part(match, name, recipe, part / NUM_POINTS)
                contestant = _keep(match, _after(run, contestant))
                if run.stopped_by is not None:
                    return contestant, run.stopped_by
                if run.stopped_early:
                    break
        scores = match.judge(load(match.run_of(name)), match.dataset, match.progress)
        contestant = contestant.model_copy(update={"scores": tuple(scores), "finished": True})
    except (ConfigurationError, ModelError, DataError, NotFiniteError) as error:
        match.progress.say(f"{name}: {error}")
        contestant = _failed(match, contestant, str(error))
    return _keep(match, contestant), None


def _failed(match: Match, contestant: Contestant, problem: str) -> Contestant:
    """Return the contestant as refused, where no run was begun, or as broken down for good."""
    folder = match.run_of(contestant.recipe)
    if not is_run_folder(folder):
        return contestant.model_copy(update={"outcome": "refused", "problem": problem})
    fallen = {"outcome": "broke down", "problem": problem, "finished": True}
    return _after(RunFolder.open(folder), contestant).model_copy(update=fallen)


def _reached(budget: Comparison, contestant: Contestant, part: float) -> bool:
    """Return whether a contestant was trained for this part of the budget."""
    if budget.minutes is not None:
        return contestant.seconds >= 60 * budget.minutes * part
    return contestant.steps >= _steps(budget, part)


def _steps(budget: Comparison, part: float) -> int:
    return _ENDLESS if budget.steps is None else max(1, round(budget.steps * part))


def _train_part(match: Match, name: str, recipe: Recipe, part: float) -> RunFolder:
    """Train up to a part of the budget; what was trained before is not trained again."""
    budget, folder, progress = match.comparison, match.run_of(name), _Quiet(match.progress, name)
    steps, minutes = _steps(budget, part), None if budget.minutes is None else budget.minutes * part
    if not is_run_folder(folder):
        return train(recipe, match.dataset, folder, steps, progress=progress, minutes=minutes)
    return resume(folder, steps, progress=progress, data=match.dataset.folder, minutes=minutes)


class _Quiet:
    """Names the contestant in every message, and leaves out what is for those who train a single run."""

    _LEFT_OUT = ("--resume", "train it further", "Samples: ", "Warning: ")

    def __init__(self, progress: Progress, name: str) -> None:
        self.progress, self.name = progress, name

    def begin(self, task: str, total: int, done: int = 0) -> None:
        self.progress.begin(f"{task} {self.name}", total, done)

    def advance(self, amount: int = 1, note: str = "") -> None:
        self.progress.advance(amount, note)

    def say(self, message: str) -> None:
        if not any(words in message for words in self._LEFT_OUT):
            self.progress.say(f"{self.name}: {message}")

    def end(self) -> None:
        self.progress.end()


def _after(run: RunFolder, contestant: Contestant) -> Contestant:
    """Return the contestant with what its run has come to."""
    log, settings = run.read_log(), run.config.recipe.training
    images_a_step = settings.batch_size * settings.discriminator_steps
    newest, _ = checkpoint.newest_valid(run.checkpoints)
    state = {} if newest is None else checkpoint.read_state(newest)
    lasting = state.get("monitor", {}).get("lasting", {})
    protocol, points = _points(run, log, images_a_step)
    with without_memory():
        gan = build_gan(run.config.recipe.model, run.config.image_shape, len(run.config.classes), 0)
    return contestant.model_copy(
        update={
            "steps": len(log),
            "images": len(log) * images_a_step,
            "seconds": seconds_of(log, images_a_step),
            "cpu_seconds": sum(record.get("cpu_seconds", 0.0) for record in log),
            "generator_parameters": num_parameters(gan.generator, trainable_only=True),
            "discriminator_parameters": num_parameters(gan.discriminator, trainable_only=True),
            "findings": tuple(name for name, steps in lasting.items() if steps >= settings.monitor.patience),
            "protocol": protocol,
            "points": points,
        }
    )


def _points(run: RunFolder, log: list[dict[str, Any]], images_a_step: int) -> tuple[str, tuple[Point, ...]]:
    """Return the scores on the way that say what is best, over the seconds of rounds, and their protocol."""
    found = run.judgements()
    if not found:
        return "", ()
    reached = dict(zip((record["step"] for record in log), accumulate(_seconds(log, images_a_step)), strict=True))
    same = [judgement for judgement in found if judgement.protocol == found[-1].protocol]
    return found[-1].protocol, tuple(Point(step=step, seconds=reached[step], value=value) for step, _, value in same)


def _seconds(log: list[dict[str, Any]], images_a_step: int) -> Iterator[float]:
    return (images_a_step / record["images_per_second"] for record in log)


def _kept(match: Match, name: str, recipe: Recipe) -> Contestant:
    """Return how far a contestant is; raise `RunError` where its run was begun with other settings."""
    folder, path = match.run_of(name), match.file_of(name)
    if not is_run_folder(folder):
        return Contestant(recipe=name)
    changed = set(differences(RunFolder.open(folder).config.recipe, recipe)) - {"training.steps"}
    if changed:
        raise RunError(
            f"`{folder}` was begun with other settings of {', '.join(sorted(changed))}. Remove it, or give another "
            "folder with --out."
        )
    try:
        return Contestant.read(read_json(path), f"`{path}`") if path.exists() else Contestant(recipe=name)
    except (DamagedError, ConfigurationError):
        return Contestant(recipe=name)  # all of it can be had again from its run


def _keep(match: Match, contestant: Contestant) -> Contestant:
    write_json(match.file_of(contestant.recipe), contestant.plain())
    return contestant
