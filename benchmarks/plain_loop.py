"""Any recipe's networks and losses in a loop as one writes it first: eager, NCHW, one thing after the other.

In common with our loop are the networks, the functions of the losses and penalties with their intervals, augmentation,
and the numbers of images and steps. Its own are the data (a `DataLoader` over PIL images, turned into tensors one by
one), the draws of latents and labels (torch's), real and generated images in separate passes, torch's default Adam, a
moving average weight by weight, gradients of D that G's step computes and nobody uses, and `.item()` of each loss. It
measures nothing else, writes no log, and its settings do not move.
"""

import copy
import time

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.textbook import endless_batches
from ganvas.images import ImageShape, Pixels
from ganvas.models.family import build_gan
from ganvas.players import StyledGenerator, Verdict, give_stream
from ganvas.recipes.recipe import Recipe, fitted
from ganvas.seeds import Stream
from ganvas.training.augmenting import Augmenter
from ganvas.training.engine import choose_device
from ganvas.training.objective import Objective
from ganvas.training.settings import AdamConfig
from ganvas.training.signals import Signals
from ganvas.training.turns import DiscriminatorTurn, GeneratorTurn

NUM_CLASSES = 10


class PlainLoop:
    """Trains a recipe that draws from noise, on images of ten classes."""

    def __init__(self, recipe: Recipe, pixels: Pixels, labels: NDArray[np.int64]) -> None:
        self.settings = settings = fitted(recipe, NUM_CLASSES).training
        self.device = choose_device(settings.device)
        height, width, channels = pixels.shape[1:]
        gan = build_gan(recipe.model, ImageShape(channels, height, width), NUM_CLASSES, settings.seed).to(self.device)
        self.generator, self.discriminator = gan.generator, gan.discriminator
        self.averaged = copy.deepcopy(gan.generator).eval().requires_grad_(False)
        self.optimizer_g = _adam(gan.generator, settings.generator_optimizer)
        self.optimizer_d = _adam(gan.discriminator, settings.discriminator_optimizer)
        self.objective, self.signals = Objective(settings.objective), Signals(self.device)
        self.augment = Augmenter(settings.augment, self.signals)
        self.batches = endless_batches(pixels, labels, settings.batch_size)
        self.step = 0
        self.history: list[dict[str, float]] = []

    def run(self, steps: int) -> float:
        """Take some steps; return the seconds they took."""
        begun = time.perf_counter()
        for _ in range(steps):
            self.play()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - begun

    def play(self) -> None:
        """Take the discriminator's steps, one of the generator, and one of the average."""
        batches, losses = [self._next() for _ in range(self.settings.discriminator_steps)], {}
        for turn, batch in enumerate(batches):
            losses["d"] = self.discriminator_step(*batch, Stream(0, f"discriminator/{turn}", self.step))
        losses["g"] = self.generator_step(*batches[-1], Stream(0, "generator", self.step))
        self.update_average()
        self.history.append(losses)
        self.step += 1

    def discriminator_step(self, real: Tensor, labels: Tensor | None, stream: Stream) -> float:
        """Show the discriminator real and generated images, in two passes; return its loss."""
        self.optimizer_d.zero_grad()
        self.generator.train(self.settings.discriminator_fakes == "training")
        with torch.no_grad():
            fake, wanted, _ = self.generate(len(real), stream)
        self.generator.train()
        differentiated = self.objective.differentiated(self.step)
        real.requires_grad_("real" in differentiated)
        fake.requires_grad_("fake" in differentiated)
        on_real = self.judge(self.augment(real, stream.child("real")), labels, stream.child("real"))
        on_fake = self.judge(self.augment(fake, stream.child("fake")), wanted, stream.child("fake"))
        turn = DiscriminatorTurn(
            real,
            labels,
            on_real,
            fake,
            wanted,
            on_fake,
            lambda images, labels, purpose: self.judge(images, labels, stream.child(purpose)),
            stream,
            self.signals,
        )
        loss = self.objective.discriminator(turn, self.step).total
        loss.backward()
        self.optimizer_d.step()
        if limit := self.settings.objective.weight_limit:
            for weight in self.discriminator.parameters():
                weight.data.clamp_(-limit, limit)
        self.augment.adapt(on_real.scores, self.step)
        return loss.item()

    def generator_step(self, real: Tensor, labels: Tensor | None, stream: Stream) -> float:
        """Let the generator learn from the verdict on its images; return its loss."""
        self.optimizer_g.zero_grad()
        fake, wanted, styles = self.generate(self.settings.generator_images, stream)
        verdict = self.judge(self.augment(fake, stream), wanted, stream)
        real_scores = verdict.scores
        if self.objective.pair.compares:
            with torch.no_grad():
                real_scores = self.judge(self.augment(real, stream.child("real")), labels, stream.child("real")).scores
        turn = GeneratorTurn(fake, wanted, verdict, real_scores, styles, stream, self.signals)
        loss = self.objective.generator(turn, self.step).total
        loss.backward()
        self.optimizer_g.step()
        return loss.item()

    def generate(self, num: int, stream: Stream) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Return images [N, C, H, W], the classes asked for [N], and the styles of a styled generator."""
        generator, size = self.generator, (num, self.generator.latent_size)
        uniform = generator.latent_distribution == "uniform"
        latents = (2 * torch.rand(size) - 1 if uniform else torch.randn(size)).to(self.device)
        labels = torch.randint(generator.num_classes, (num,)).to(self.device) if generator.num_classes else None
        give_stream(generator, stream.child("layers"))
        if isinstance(generator, StyledGenerator):
            styles = generator.styles(latents, labels)
            return generator.synthesise(styles), labels, styles
        return generator(latents, labels), labels, None

    def judge(self, images: Tensor, labels: Tensor | None, stream: Stream) -> Verdict:
        """Return the discriminator's verdict."""
        give_stream(self.discriminator, stream)
        return self.discriminator(images, labels)

    @torch.no_grad()
    def update_average(self) -> None:
        """Move the averaged generator, tensor by tensor; the half-life is that of the recipe's end."""
        if halflife := self.settings.average.halflife_images:
            weight = 1 - 0.5 ** (self.settings.batch_size / halflife)
            for averaged, now in zip(self.averaged.parameters(), self.generator.parameters(), strict=True):
                averaged.lerp_(now, weight)
            for averaged, now in zip(self.averaged.buffers(), self.generator.buffers(), strict=True):
                averaged.copy_(now)

    def _next(self) -> tuple[Tensor, Tensor | None]:
        batch = next(self.batches)
        images, labels = (tensor.to(self.device) for tensor in batch)
        return images, labels if self.generator.num_classes else None


def _adam(player: torch.nn.Module, config: AdamConfig) -> torch.optim.Adam:
    return torch.optim.Adam(player.parameters(), config.learning_rate, (config.beta1, config.beta2), config.epsilon)
