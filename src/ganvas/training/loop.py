"""The training loop, on one screen."""

import math
import time
from typing import Protocol

import torch

from ganvas.errors import NotFiniteError
from ganvas.progress import TRAINING, Progress
from ganvas.training.budget import Budget, Pace
from ganvas.training.engine import Game
from ganvas.training.interrupt import StopRequest
from ganvas.training.measures import Measures
from ganvas.training.monitor import Finding, Monitor, Record
from ganvas.training.round import Round
from ganvas.training.scoring import Scoring
from ganvas.training.settings import TrainingConfig
from ganvas.training.standing import first_telling_step, standing


class Run(Protocol):
    """Where a run leaves its traces."""

    def record(self, record: Record) -> None:
        """Keep one step's losses, measures and scores."""
        ...

    def score(self, game: Game, seconds: float) -> Record:
        """Return scores by protocol; none where they would take more than so many seconds."""
        ...

    def snapshot(self, game: Game) -> None:
        """Draw a sample grid."""
        ...

    def save(self, game: Game, monitor: Monitor) -> None:
        """Write a checkpoint."""
        ...


def train(
    round: Round,
    monitor: Monitor,
    config: TrainingConfig,
    run: Run,
    stop: StopRequest,
    progress: Progress,
    budget: Budget | None = None,
    scoring: Scoring | None = None,
) -> None:
    """Play rounds until `config.steps`, `stop`, or the end of the budget or of the scores' patience.

    The last step is drawn and saved in any case, and scored unless it was the last by `stop`. A step is saved last of
    all, so that a run killed before goes through the whole of it again.
    """
    game = round.game
    budget = budget or Budget()
    pace = Pace(budget, config.steps)
    scoring = scoring or Scoring(config.scoring, config.checkpoint.every)

    def ended() -> bool:
        return game.step >= config.steps or bool(budget.spent or scoring.exhausted or stop)

    progress.begin(TRAINING, config.steps, game.step)
    try:
        done = ended()
        while not done:
            record, findings, seconds = play(round, monitor)
            budget.spend(seconds)
            if not stop and scoring.is_due(game.step, last=game.step == config.steps or budget.spent):
                record |= scoring.take(game.step, budget.used, lambda seconds: run.score(game, seconds))
            run.record({"step": game.step, **record})
            for finding in findings:
                progress.say(f"Step {game.step}: {finding.words}")
            done = ended()
            if done or game.step % config.samples.every == 0:
                run.snapshot(game)
            if done or game.step % config.checkpoint.every == 0 or scoring.best_step == game.step:
                run.save(game, monitor)
            progress.advance(note=f"{pace.left(game.step)}{status(game.step, record, monitor)}")
    finally:
        progress.end()


def play(round: Round, monitor: Monitor) -> tuple[Record, list[Finding], float]:
    """Play one round; return its record, what the monitor has found, and the seconds that it took."""
    game, begun, begun_on_cpu = round.game, time.perf_counter(), time.process_time()
    measures = round.play(game.step)
    game.step += 1
    record = finite_record(measures, game.step)
    findings = monitor.watch(record)
    record["equilibrium"] = monitor.equilibrium
    seconds, record["cpu_seconds"] = game.ranks.settle(time.perf_counter() - begun, time.process_time() - begun_on_cpu)
    record["images_per_second"] = round.config.batch_size * round.config.discriminator_steps / seconds
    return {name: float(f"{value:.6g}") for name, value in record.items()}, findings, seconds


def finite_record(measures: Measures, step: int) -> Record:
    """Fetch the measures from the device; raise `NotFiniteError` when one is NaN or infinite."""
    values = torch.stack([value.detach().float() for value in measures.values()]).tolist()
    record = dict(zip(measures, values, strict=True))
    if bad := [name for name, value in record.items() if not math.isfinite(value)]:
        raise NotFiniteError(
            f"Training broke down in step {step}: {', '.join(bad)} {'is' if len(bad) == 1 else 'are'} not finite. "
            "Nothing of this step was saved. Start again with a lower learning rate (a tenth, say)."
        )
    return record


def status(step: int, record: Record, monitor: Monitor) -> str:
    """Return the live line of a step: the equilibrium gauge and what it means, the speed, both losses."""
    found = standing(step, monitor.equilibrium, monitor.diversity, monitor.config)
    shown = f"{100 * monitor.equilibrium:.0f} %" if step >= first_telling_step(monitor.config) else "-"
    return (
        f"equilibrium {shown} ({found.title.lower()})  {record['images_per_second']:.0f} images/s  "
        f"D {record['d/loss']:.3f}  G {record['g/loss']:.3f}"
    )
