"""The run folder's side of the training loop: what it is fed with, and the traces that it leaves."""

from collections.abc import Iterable
from pathlib import Path

from ganvas.data.feed import Feed
from ganvas.data.scalings.contract import Scaling
from ganvas.data.store import Dataset
from ganvas.generation.decoding import decoder_of
from ganvas.images import save_png
from ganvas.provenance import Provenance
from ganvas.tensors import digest
from ganvas.training import checkpoint
from ganvas.training.engine import Game
from ganvas.training.monitor import Monitor, Record
from ganvas.training.ranks import Ranks
from ganvas.training.scoring import Criterion, Scoring
from ganvas.training.settings import TrainingConfig
from ganvas.training.shares import Share
from ganvas.workflows.run_folder import BEST, LATEST, RunFolder
from ganvas.workflows.samples import Samples
from ganvas.workflows.scoring import Scorer


class TrainingRun:
    """Writes a run's traces while it is trained (the loop's `Run`)."""

    def __init__(
        self, folder: RunFolder, dataset: Dataset, scorer: Scorer | None = None, ranks: Ranks | None = None
    ) -> None:
        """Of several processes the first writes; the others wait for it, and share its errors and scores."""
        self.folder = folder
        self.ranks = ranks or Ranks()
        self.settings = folder.config.recipe.training
        self.samples = Samples(dataset, self.settings, decoder_of(folder.scaling))
        self.scorer = scorer
        criterion = self.ranks.told(scorer.criterion if scorer else None)
        self.scoring = Scoring(
            self.settings.scoring, self.settings.checkpoint.every, Criterion(*criterion) if criterion else None
        )

    def record(self, record: Record) -> None:
        """Add one step to the log."""
        if self.ranks.is_first:
            self.folder.append_log(record)

    def snapshot(self, game: Game) -> None:
        """Draw the sample grid."""
        self.ranks.first(lambda: self._draw(game))

    def _draw(self, game: Game) -> None:
        generator, recipe = game.average.generator, self.folder.config.recipe
        provenance = Provenance(
            model=digest(generator.state_dict()),
            family=recipe.model.family,
            recipe=recipe.recipe,
            step=game.step,
            settings={"sheet": "samples in training", "seed": self.settings.seed},
        )
        path = self.folder.folder / "samples" / f"{game.step:08d}.png"
        save_png(path, self.samples.sheet(generator), provenance)

    def score(self, game: Game, seconds: float) -> Record:
        """Take the scores of the averaged generator; none where that would take more than so many seconds."""
        return {} if self.scorer is None else self.scorer.score(game.average.generator, seconds)

    def save(self, game: Game, monitor: Monitor) -> None:
        """Write a checkpoint, move `latest` and `best`, drop what need not be kept."""
        self.ranks.first(lambda: self._save(game, monitor))

    def _save(self, game: Game, monitor: Monitor) -> None:
        self.folder.sync_log()
        checkpoint.save(checkpoint.folder_of(self.folder.checkpoints, game.step), game, {"monitor": monitor.state()})
        self.keep()

    def recall(self, log: Iterable[Record]) -> None:
        """Go on where a log ends: with its scores, and the pointers that follow from them."""
        self.scoring.recall(log)
        self.ranks.first(self.keep)

    def keep(self) -> None:
        """Point `latest` and `best` at the newest and the best valid checkpoint, and drop what need not be kept."""
        folders = checkpoint.all_checkpoints(self.folder.checkpoints)
        valid = [folder for folder in folders if checkpoint.is_valid(folder)]
        if not valid:
            return
        best = min(valid, key=self._loss_of)
        self.folder.point(LATEST, valid[0])
        self.folder.point(BEST, best)
        checkpoint.prune(self.folder.checkpoints, self.settings.checkpoint.keep, best)

    def _loss_of(self, folder: Path) -> float:
        """Return the score of a checkpoint such that lower is better; infinity for one without."""
        state, criterion = checkpoint.read_state(folder), self.scoring.criterion
        match state.get("score"):  # runs begun before scores were in the log have them here
            case {"protocol": str(protocol), "value": float(value)} if criterion and protocol == criterion.protocol:
                return value
        return self.scoring.loss(state["step"])


def feed_of(dataset: Dataset, settings: TrainingConfig, scaling: Scaling | None, share: Share | None = None) -> Feed:
    """Return the training images as the settings have them dealt; where a `share` is given, those of it."""
    return Feed(
        dataset,
        settings.batch_size,
        settings.seed,
        shuffle=settings.shuffle,
        workers=settings.workers,
        balance_alpha=settings.balance_alpha,
        max_repeats=settings.max_repeats,
        scaling=scaling,
        mirror=settings.mirror,
        part=(share.first, share.num) if share else None,
        shards_at_once=settings.shards_at_once,
    )
