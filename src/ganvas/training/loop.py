"""The training loop, on one screen."""

import math
import time
from typing import Protocol

import torch

from ganvas.errors import NotFiniteError
from ganvas.progress import Progress
from ganvas.training.budget import Budget
from ganvas.training.engine import Game
from ganvas.training.interrupt import StopRequest
from ganvas.training.measures import Measures
from ganvas.training.monitor import Monitor, Record
from ganvas.training.round import Round
from ganvas.training.settings import TrainingConfig


class Run(Protocol):
    """Where a run leaves its traces."""

    def record(self, record: Record) -> None:
        """Keep one step's losses and measures."""
        ...

    def snapshot(self, game: Game) -> None:
        """Draw a sample grid."""
        ...

    def save(self, game: Game, monitor: Monitor, scored: bool) -> None:
        """Write a checkpoint; one made in haste is not `scored`."""
        ...


def train(
    round: Round,
    monitor: Monitor,
    config: TrainingConfig,
    run: Run,
    stop: StopRequest,
    progress: Progress,
    budget: Budget | None = None,
) -> None:
    """Play rounds until `config.steps`, `stop`, or the end of the budget; the last step is saved in any case."""
    game, saved = round.game, round.game.step
    budget = Budget() if budget is None else budget
    images = config.batch_size * config.discriminator_steps
    progress.begin("training", config.steps, game.step)
    try:
        while game.step < config.steps and not budget.spent and not stop:
            begun, begun_on_cpu = time.perf_counter(), time.process_time()
            measures = round.play(game.step)
            game.step += 1
            record = finite_record(measures, game.step)
            findings = monitor.watch(record)
            record["equilibrium"] = monitor.equilibrium
            record["cpu_seconds"] = time.process_time() - begun_on_cpu
            seconds = time.perf_counter() - begun
            record["images_per_second"] = images / seconds
            budget.spend(seconds)
            run.record({"step": game.step, **{name: float(f"{value:.6g}") for name, value in record.items()}})
            for finding in findings:
                progress.say(f"Step {game.step}: {finding.words}")
            if game.step % config.samples.every == 0:
                run.snapshot(game)
            if game.step % config.checkpoint.every == 0:
                run.save(game, monitor, scored=True)
                saved = game.step
            progress.advance(note=status(record))
        if saved != game.step:
            run.snapshot(game)
            run.save(game, monitor, scored=not stop)
    finally:
        progress.end()


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


def status(record: Record) -> str:
    """Return the live line of a step: both losses, the equilibrium gauge, the speed."""
    return (
        f"D {record['d/loss']:.3f}  G {record['g/loss']:.3f}  "
        f"equilibrium {100 * record['equilibrium']:3.0f} %  {record['images_per_second']:.0f} images/s"
    )
