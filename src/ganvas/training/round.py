"""One round of the game: the discriminator's turns, the generator's turn, the moving average."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from ganvas.players import Translator, Verdict, from_pixels, give_stream
from ganvas.seeds import Stream
from ganvas.training.augmenting import Augmenter
from ganvas.training.engine import Game
from ganvas.training.generating import Generating, Real, check_one_each
from ganvas.training.measures import Measures, generator_measures, verdict_measures
from ganvas.training.objective import Loss, Objective, check_batches
from ganvas.training.precision import computing, precise
from ganvas.training.settings import TrainingConfig
from ganvas.training.shares import Share
from ganvas.training.turns import DiscriminatorTurn, GeneratorTurn


class Batches(Protocol):
    """Where real images come from: batch `index`, this process's share of it, is a pure function of the index."""

    def batch(self, index: int) -> tuple[Tensor, Tensor | None]:
        """Return images [N, H, W, C], uint8 or scaled already, and labels [N], or None without classes."""
        ...

    @property
    def class_shares(self) -> NDArray[np.float64] | None:
        """Share of each class [K] in all batches; None without classes."""
        ...


class Round:
    """Plays rounds of one game; round k depends on the game's state, the seed and k alone."""

    def __init__(self, game: Game, config: TrainingConfig, batches: Batches) -> None:
        check_batches(config.objective, config.batch_size, config.generator_images)
        if isinstance(game.generator, Translator):
            check_one_each(config)
        self.game = game
        self.config = config
        self.batches = batches
        self.shown, self.asked = (Share.of(num, game.ranks) for num in (config.batch_size, config.generator_images))
        """This process's share of the images that D is shown of a kind, and of those asked of G in its turn."""
        self.objective = Objective(config.objective)
        self.augment = Augmenter(config.augment, game.signals)
        self.gamma = 1.0
        shares = batches.class_shares if config.label_prior == "data" else None
        self.generate = Generating(game.generator, game.device, shares, config.precision)

    def play(self, step: int) -> Measures:
        """Play round `step`: update both players and the average; return what was measured, as tensors []."""
        measures: Measures = {}
        seen, turns = step * self.config.batch_size, self.config.discriminator_steps
        self._schedule(seen)
        batches = [self._real(step * turns + turn) for turn in range(turns)]
        for turn, real in enumerate(batches):
            measures |= self._discriminator_turn(real, step, f"discriminator/{turn}")
        measures |= self._generator_turn(batches[-1], step)
        halflife = self.config.schedules.average.value(self.config.average.halflife_images, seen)
        self.game.average.update(self.config.batch_size, seen + self.config.batch_size, halflife)
        return measures

    def _schedule(self, seen: int) -> None:
        """Set what moves with the images seen."""
        config, now = self.config, self.config.schedules
        for optimizer, adam in (
            (self.game.generator_optimizer, config.generator_optimizer),
            (self.game.discriminator_optimizer, config.discriminator_optimizer),
        ):
            betas = (now.beta1.value(adam.beta1, seen), now.beta2.value(adam.beta2, seen))
            optimizer.param_groups[0].update(lr=adam.learning_rate * now.learning_rate.value(1.0, seen), betas=betas)
        self.gamma = now.gamma.value(1.0, seen)
        self.augment.probability = now.augment.value(config.augment.probability, seen)

    def _discriminator_turn(self, batch: Real, step: int, purpose: str) -> Measures:
        game, share, labels = self.game, self.shown, batch.labels
        stream = share.draws(Stream(self.config.seed, purpose, step))
        with torch.no_grad(), _mode(game.generator, self.config.discriminator_fakes == "training"):
            made = self.generate(stream, share, batch)
        fake_labels, differentiated = made.labels, self.objective.differentiated(step)
        real = self.generate.shown(batch.images, made).detach().requires_grad_("real" in differentiated)
        fake = self.generate.shown(made.images, made).detach().requires_grad_("fake" in differentiated)
        # in one batch, a gradient by one kind of image alone would pass through the other kind for nothing
        joint = len(differentiated) != 1
        real_verdict, fake_verdict = self._judge(real, labels, fake, fake_labels, stream, joint)
        turn = DiscriminatorTurn(
            real,
            labels,
            real_verdict,
            fake,
            fake_labels,
            fake_verdict,
            lambda images, labels, purpose: self._verdict(images, labels, stream.child(purpose), share),
            stream,
            game.signals,
            share,
        )
        loss = self.objective.discriminator(turn, step, self.gamma)
        norm = _descend(game.discriminator, game.discriminator_optimizer, loss, share)
        _limit(game.discriminator, self.config.objective.weight_limit)
        self.augment.adapt(real_verdict.scores, step, share)
        return {**_named("d", loss, norm, share), **verdict_measures(turn), **self.augment.measures()}

    def _generator_turn(self, batch: Real, step: int) -> Measures:
        game, share = self.game, self.asked
        stream = share.draws(Stream(self.config.seed, "generator", step))
        with _frozen(game.discriminator):
            made = self.generate(stream, share, batch)
            draws = stream.child("discriminator")
            seen = self.augment(self.generate.shown(made.images, made), draws)
            verdict = self._verdict(seen, made.labels, draws, share)
            real_scores = verdict.scores
            if self.objective.pair.compares:
                with torch.no_grad():
                    others = draws._replace(first=draws.first + share.total)
                    real = self.augment(self.generate.shown(batch.images, made), others)
                    real_scores = self._verdict(real, batch.labels, others, self.shown).scores
            given = self.generate.translation(made, batch, stream)
            drawn = (stream, game.signals, given, share)
            turn = GeneratorTurn(made.images, made.labels, verdict, real_scores, made.styles, *drawn)
            loss = self.objective.generator(turn, step)
            norm = _descend(game.generator, game.generator_optimizer, loss, share)
        measures = generator_measures(turn, batch.images, batch.labels, self.shown)
        return {**_named("g", loss, norm, share), **measures}

    def _real(self, index: int) -> Real:
        pixels, labels = self.batches.batch(index)
        device = self.game.device
        images = from_pixels(pixels.to(device, non_blocking=True)).to(self.generate.dtype)
        classed = labels is not None and self.game.generator.num_classes > 0
        return Real(images, labels.to(device, non_blocking=True) if classed and labels is not None else None)

    def _judge(
        self,
        real: Tensor,
        labels: Tensor | None,
        fake: Tensor,
        fake_labels: Tensor | None,
        stream: Stream,
        joint: bool,
    ) -> tuple[Verdict, Verdict]:
        """Return D's verdicts on both; real images are samples 0 ... N - 1 of the turn, generated ones follow."""
        draws, share = stream.child("discriminator"), self.shown
        if joint and self.config.joint_batch:
            share = share.twice()
            draws = share.draws(draws)
            both = self.augment(torch.cat([real, fake]), draws)
            both_labels = None if labels is None or fake_labels is None else torch.cat([labels, fake_labels])
            return self._verdict(both, both_labels, draws, share).split(len(real))
        others = draws._replace(first=draws.first + share.total)
        return (
            self._verdict(self.augment(real, draws), labels, draws, share),
            self._verdict(self.augment(fake, others), fake_labels, others, share),
        )

    def _verdict(self, images: Tensor, labels: Tensor | None, draws: Stream, share: Share) -> Verdict:
        give_stream(self.game.discriminator, draws)
        share.given_to(self.game.discriminator)
        with computing(self.game.device, self.config.precision):
            return self.game.discriminator(images, labels).map(precise)


def _descend(player: nn.Module, optimizer: torch.optim.Optimizer, loss: Loss, share: Share) -> Tensor:
    """Take one optimiser step down the loss over the whole batch; return the norm [] of the gradient."""
    optimizer.zero_grad(set_to_none=True)
    share.part(loss.total).backward()
    share.ranks.add_gradients(player)
    norm = get_total_norm([weight.grad for weight in player.parameters() if weight.grad is not None])
    optimizer.step()
    return norm


@torch.no_grad()
def _limit(player: nn.Module, limit: float) -> None:
    """Clip all weights to [-limit, limit] (Arjovsky et al. 2017, algorithm 1); 0 leaves them."""
    if limit:
        for weight in player.parameters():
            weight.clamp_(-limit, limit)


def _named(player: str, loss: Loss, norm: Tensor, share: Share) -> Measures:
    parts = {f"{player}/{name}": value for name, value in loss.parts.items()}
    return {**share.means({f"{player}/loss": loss.total, **parts}), f"{player}/gradient_norm": norm}


@contextmanager
def _frozen(player: nn.Module) -> Iterator[None]:
    """Let gradients pass through a player without computing those of its weights."""
    player.requires_grad_(False)
    try:
        yield
    finally:
        player.requires_grad_(True)


@contextmanager
def _mode(player: nn.Module, training: bool) -> Iterator[None]:
    player.train(training)
    try:
        yield
    finally:
        player.train()
