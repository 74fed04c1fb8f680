"""Train: a recipe and a dataset folder in, a run folder out; or a run folder further."""

import json
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from math import ceil, inf
from pathlib import Path
from typing import Any, NamedTuple

from ganvas.config import differences, resumable_fields
from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError, RunError
from ganvas.generation.decoding import decoder_of
from ganvas.models.family import build_gan, check
from ganvas.progress import Lines, Progress, Silent
from ganvas.recipes.own import naming_lines, recipe_of
from ganvas.recipes.recipe import Recipe, fitted
from ganvas.storage import on_disk, remove_folder
from ganvas.training import checkpoint
from ganvas.training.budget import Budget, budget_of, check_minutes
from ganvas.training.engine import Game, choose_device, cpu_threads
from ganvas.training.interrupt import StopRequest, stop_on_signal
from ganvas.training.loop import train as play
from ganvas.training.monitor import Monitor, Record
from ganvas.training.ranks import Ranks
from ganvas.training.round import Round
from ganvas.training.scoring import SECONDS, Scoring
from ganvas.training.shares import Share
from ganvas.training.standing import legend
from ganvas.workflows.advice import cautions
from ganvas.workflows.gauges import Gauge, open_gauges
from ganvas.workflows.launch import Launch, launched
from ganvas.workflows.run_folder import BEST, RunConfig, RunFolder, check_changes, hold, is_run_folder, refuse_occupied
from ganvas.workflows.scoring import Scorer
from ganvas.workflows.trainable import check_trainable, dataset_of
from ganvas.workflows.training_run import TrainingRun, feed_of


class Length(NamedTuple):
    """How long to train, as it was asked for."""

    steps: int | None
    epochs: float | None
    minutes: float | None


def train(
    recipe: str | Path | Recipe,
    data: Dataset | str | Path,
    out: str | Path,
    steps: int | None = None,
    epochs: float | None = None,
    progress: Progress | None = None,
    minutes: float | None = None,
    **settings: Any,  # noqa: ANN401
) -> RunFolder:
    """Train `recipe`, a name or a file of your own (`my_gan.toml`), on a dataset folder; return the run folder `out`.

    `data` may be the address of exported shards (`s3://bucket/photos`) or a folder of them.

    `settings` replace fields of the recipe by their dotted names, `**{"training.batch_size": 32}`. `epochs` counts
    passes over the training images; `minutes` ends a run early, by the time that its rounds took. Terms about classes
    are left out where the images have none. Raises `ConfigurationError`, `DataError`, `ModelError` or `RunError` before
    anything is written, `NotFiniteError` when training breaks down. Begun by torchrun, all its processes train one run,
    and one that is there already, of the same settings, goes on: so a command can be begun again.
    """
    with launched() as launch:
        return _begin(launch, recipe, data, Path(out), Length(steps, epochs, minutes), progress or Lines(), settings)


def _begin(
    launch: Launch,
    recipe: str | Path | Recipe,
    data: Dataset | str | Path,
    folder: Path,
    length: Length,
    progress: Progress,
    settings: dict[str, Any],
) -> RunFolder:
    ranks = launch.ranks
    dataset = data if isinstance(data, Dataset) else Dataset.open(Path(data))
    chosen = (recipe if isinstance(recipe, Recipe) else recipe_of(recipe)).override(**settings)
    chosen = fitted(with_length(chosen, dataset.count("train"), length.steps, length.epochs), dataset.num_classes)
    config = RunConfig(
        recipe=chosen,
        data=dataset.place,
        content_hash=dataset.content_hash,
        image_shape=dataset.shape,
        classes=dataset.classes,
        scaling=dataset.card.scaling,
    )
    with naming_lines(recipe):
        check(chosen.model, dataset.shape, dataset.num_classes)
    check_trainable(chosen, dataset)
    choose_device(chosen.training.device, ranks)
    again = launch.restarts and bool(ranks.told(ranks.first(lambda: is_run_folder(folder))))
    if again:
        config = ranks.first(lambda: _same_run(folder, config)) or config
    else:
        ranks.first(lambda: on_disk(lambda: refuse_occupied(folder), folder))
        if ranks.is_first:
            for caution in cautions(chosen, dataset):
                progress.say(f"Warning: {caution}")
    task = _task(ranks, dataset, chosen, progress, length.minutes, resumes=again)
    open_run = (
        partial(RunFolder, folder, config) if again else partial(RunFolder.create, folder, config, dataset.scaling)
    )
    return _train(open_run, folder, config, task)


def resume(
    run: str | Path | RunFolder,
    steps: int | None = None,
    epochs: float | None = None,
    progress: Progress | None = None,
    allow: Iterable[str] = (),
    data: str | Path | None = None,
    minutes: float | None = None,
    **settings: Any,  # noqa: ANN401
) -> RunFolder:
    """Go on with a run from its newest valid checkpoint, exactly as if it had never stopped.

    Settings may change only where they alter no draw (length, intervals, threads, device), or where `allow` names them.
    `minutes` counts all of the run, what was trained before included. Raises `RunError` for a folder that is no run, is
    busy or has no whole checkpoint, `ConfigurationError` for settings that may not change, `DataError` where the
    dataset is another, `NotFiniteError` when training breaks down.
    """
    with launched() as launch:
        found = run if isinstance(run, RunFolder) else RunFolder.open(Path(run))
        dataset = dataset_of(found, data)
        old = found.config.recipe
        new = with_length(old.override(**settings), dataset.count("train"), steps, epochs)
        check_changes(differences(old, new), resumable_fields(old) | set(allow))
        config = found.config.model_copy(update={"recipe": new, "data": dataset.place})
        task = _task(launch.ranks, dataset, new, progress or Lines(), minutes, resumes=True)
        return _train(lambda: RunFolder(found.folder, config), found.folder, config, task)


def with_length(recipe: Recipe, num_images: int, steps: int | None, epochs: float | None) -> Recipe:
    """Return the recipe with its length set in steps or in passes over the images.

    Raises `ConfigurationError` where both are given, or one is not above 0.
    """
    if steps is not None and epochs is not None:
        raise ConfigurationError("Give the length in steps or in epochs, not both.")
    if epochs is not None:
        if not 0 < epochs < inf:
            raise ConfigurationError(f"`epochs` is {epochs}; give a number above 0.")
        images_a_step = recipe.training.batch_size * recipe.training.discriminator_steps
        steps = ceil(epochs * num_images / images_a_step)
    return recipe if steps is None else recipe.override(**{"training.steps": steps})


class _Task(NamedTuple):
    """What is to be done, beside what the run's configuration says."""

    dataset: Dataset
    gauges: list[Gauge]
    progress: Progress
    minutes: float | None
    resumes: bool
    ranks: Ranks


def _task(
    ranks: Ranks, dataset: Dataset, recipe: Recipe, progress: Progress, minutes: float | None, resumes: bool
) -> _Task:
    """Return the task, alike for all processes; the first alone speaks, and makes what scores need."""
    check_minutes(minutes)
    for num in (recipe.training.batch_size, recipe.training.generator_images):
        Share.of(num, ranks)  # refuses what cannot be shared
    ranks.expect_same(dataset.content_hash, "dataset")
    ranks.expect_same(json.dumps([recipe.plain(), minutes, resumes]), "settings")
    progress = progress if ranks.is_first else Silent()
    gauges = ranks.in_turn(lambda: open_gauges(recipe, dataset, progress))  # the others find what the first made
    ranks.expect_same(json.dumps([gauge.network.name for gauge in gauges]), "feature networks")
    return _Task(dataset, gauges, progress, minutes, resumes, ranks)


def _same_run(folder: Path, config: RunConfig) -> RunConfig:
    """Return the configuration of a run that the same command began before; refuse another run's."""
    found = RunFolder.open(folder).config
    if found.content_hash != config.content_hash:
        raise RunError(
            f"`{folder}` already holds a run on another dataset (content hash {found.content_hash[:12]}, this one's is "
            f"{config.content_hash[:12]}). Give another folder with --out."
        )
    check_changes(differences(found.recipe, config.recipe), resumable_fields(found.recipe))
    return found.model_copy(update={"recipe": config.recipe, "data": config.data})


def _train(open_run: Callable[[], RunFolder], folder: Path, config: RunConfig, task: _Task) -> RunFolder:
    ranks = task.ranks
    with ExitStack() as stack:
        ranks.first(lambda: stack.enter_context(hold(folder)))
        run = ranks.first(open_run) or _written_elsewhere(folder, config, task.dataset)
        stack.enter_context(cpu_threads(config.recipe.training.threads, ranks))
        stop = ranks.heed(stack.enter_context(stop_on_signal(task.progress.say)))
        _play(run, task, stop)
        return run


def _written_elsewhere(folder: Path, config: RunConfig, dataset: Dataset) -> RunFolder:
    """Return what stands for the run folder in a process that neither reads nor writes it."""
    run = RunFolder(folder, config)
    run.scaling, run.written_here = dataset.scaling, False
    return run


def _play(run: RunFolder, task: _Task, stop: StopRequest) -> None:
    recipe, settings, progress, ranks = run.config.recipe, run.config.recipe.training, task.progress, task.ranks
    gan = build_gan(recipe.model, run.config.image_shape, len(run.config.classes), settings.seed)
    game, monitor = Game(gan, settings, ranks), Monitor(settings.monitor)
    scorer = Scorer(task.dataset, settings, decoder_of(run.scaling), task.gauges, gan.generator, ranks=ranks)
    traces = TrainingRun(run, task.dataset, scorer, ranks)
    log = (ranks.first(lambda: _go_on(run, game, monitor, progress)) if task.resumes else None) or []
    checkpoint.spread(game)
    monitor.load_state(ranks.told(monitor.state()))
    traces.recall(ranks.told([record for record in log if SECONDS in record]))
    budget = budget_of(task.minutes, log, settings.batch_size * settings.discriminator_steps)
    budget.used = ranks.told(budget.used)
    if game.step < settings.steps and not budget.spent:
        progress.say(_opening(run))
    with feed_of(task.dataset, settings, run.scaling, Share.of(settings.batch_size, ranks)) as feed:
        play(Round(game, settings, feed), monitor, settings, traces, stop, progress, budget, traces.scoring)
    run.stopped_by = None if stop.signal is None else int(stop.signal)
    run.stopped_early = stop.signal is None and traces.scoring.exhausted
    run.is_whole = game.step >= settings.steps
    if ranks.is_first and (ending := _ending(run, game.step, traces.scoring, budget)):
        progress.say(ending)


def _opening(run: RunFolder) -> str:
    """Return what to watch while a run is trained."""
    settings = run.config.recipe.training
    return (
        f"{legend(settings.monitor)}\nSamples: {run.folder / 'samples'}, a grid every {settings.samples.every:,} steps "
        "and at the end; judge by these."
    )


def _ending(run: RunFolder, step: int, scoring: Scoring, budget: Budget) -> str:
    """Return why a run ended before its last step, and how to go on; nothing where it did not."""
    steps, again = run.config.recipe.training.steps, f"Go on with: ganvas train --resume {run.folder}"
    if run.stopped_by is not None:
        return f"Stopped at step {step} of {steps}; all is saved. {again}"
    if run.stopped_early and scoring.criterion:
        best, protocol = (run.folder / BEST).read_text().strip(), scoring.criterion.protocol
        return (
            f"Ended early at step {step} of {steps}: {protocol} has not improved by more than "
            f"{scoring.config.least_gain:.1%} in {scoring.fruitless} scores. The best checkpoint is {best}, which "
            f"`generate` and `evaluate` take. {again} --training.scoring.patience {2 * scoring.fruitless}"
        )
    if budget.spent and not run.is_whole:
        minutes = budget.seconds / 60
        return (
            f"Stopped early by --minutes at step {step:,} of {steps:,} (--minutes counts all of the run: "
            f"{minutes:g} of {minutes:g} used); all is saved. {again} --minutes {2 * minutes:g}"
        )
    return ""


def _go_on(run: RunFolder, game: Game, monitor: Monitor, progress: Progress) -> list[Record]:
    """Load the newest valid checkpoint, and return the log up to it."""
    run.tidy()
    newest, damage = checkpoint.newest_valid(run.checkpoints)
    for error in damage:
        progress.say(f"Left out a damaged checkpoint: {error}")
    if newest is not None:
        monitor.load_state(checkpoint.load(newest, game)["monitor"])
    elif damage:
        raise RunError(f"Run `{run.folder}` has no undamaged checkpoint to go on from. Begin it again.")
    for folder in checkpoint.all_checkpoints(run.checkpoints)[: len(damage)]:  # they are the newest
        remove_folder(folder)
    if game.step >= run.config.recipe.training.steps:
        progress.say(f"The run is already at step {game.step}; train it further with --steps {2 * game.step}.")
    run.cut_log(game.step)
    run.write_config()
    return run.read_log()
