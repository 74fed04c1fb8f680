"""Milliseconds of a step of R3GAN, ours beside its authors' program: `python -m benchmarks --only step_time_r3gan`.

Theirs is imported from a checkout that the command line names, `--peers FOLDER` with `FOLDER/R3GAN` in it, and runs in
this process: take one whose licence allows it. Of it are the networks and the functions that
add up the gradients of both players; Adam, the averaged generator and the `DataLoader` are as its training has them,
without its statistics, augmentation and all-reduce. The networks have the published stages, narrower.
"""

import copy
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import one_hot

from benchmarks.outcome import Occasion, Outcome
from benchmarks.peer_step import SIDE, beside
from benchmarks.textbook import endless_batches
from ganvas.images import ImageShape, Pixels
from ganvas.models.r3gan import Config
from ganvas.recipes.recipe import Recipe, find_recipe
from ganvas.training.augmenting import AugmentConfig

WIDTH, BATCH_SIZE, NUM_CLASSES = 192, 16, 10


def benchmark(occasion: Occasion) -> Outcome:
    """Time both, on the same images."""
    recipe = find_recipe("r3gan").override(
        **{"model.width": WIDTH, "training.batch_size": BATCH_SIZE, "training.device": "cpu"},
        **{"training.augment": AugmentConfig()},
    )
    return beside(occasion, recipe, "R3GAN", Theirs, "R3GAN's own program")


class Theirs:
    """Their networks and their gradients in a plain loop."""

    def __init__(self, checkout: Path, recipe: Recipe, pixels: Pixels, labels: NDArray[np.int64]) -> None:
        networks, trainer = _modules(checkout)
        assert isinstance(recipe.model, Config)
        self.settings = recipe.training
        sizes = _sizes(recipe.model)
        self.generator = networks.Generator(
            recipe.model.latent_size, **sizes, ConditionEmbeddingDimension=recipe.model.embedding_size
        )
        self.discriminator = networks.Discriminator(**sizes, ConditionEmbeddingDimension=recipe.model.width)
        self.averaged = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.game = trainer.AdversarialTraining(self.generator, self.discriminator)
        adam = recipe.training.generator_optimizer
        self.optimizers = [
            torch.optim.Adam(player.parameters(), adam.learning_rate, (adam.beta1, adam.beta2))
            for player in (self.generator, self.discriminator)
        ]
        self.latent_size = recipe.model.latent_size
        self.gamma = recipe.training.objective.discriminator.r1.weight
        self.batches = endless_batches(pixels, labels, BATCH_SIZE)

    def run(self, steps: int) -> float:
        """Take some steps; return the seconds they took."""
        begun = time.perf_counter()
        for _ in range(steps):
            batch = next(self.batches)
            self.step(batch[0], one_hot(batch[1], NUM_CLASSES).float())
        return time.perf_counter() - begun

    def step(self, images: torch.Tensor, classes: torch.Tensor) -> None:
        """Let each player take a step, and move the averaged generator."""
        for place, optimizer in reversed(list(enumerate(self.optimizers))):  # the discriminator is the first to move
            self.generator.requires_grad_(place == 0)
            self.discriminator.requires_grad_(place == 1)
            optimizer.zero_grad(set_to_none=True)
            noise = torch.randn(len(images), self.latent_size)
            if place == 1:
                self.game.AccumulateDiscriminatorGradients(noise, images, classes, self.gamma)
            else:
                self.game.AccumulateGeneratorGradients(noise, images, classes)
            optimizer.step()
        with torch.no_grad():
            for averaged, now in zip(self.averaged.parameters(), self.generator.parameters(), strict=True):
                averaged.lerp_(now, 0.01)


def _sizes(config: Config) -> dict[str, Any]:
    """Return our sizes in their words; both players are given them in their own order, here all stages are as wide."""
    widths = config.widths(ImageShape(3, SIDE, SIDE))
    return {
        "WidthPerStage": widths,
        "CardinalityPerStage": [width * config.expansion // config.group_width for width in widths],
        "BlocksPerStage": [config.num_blocks for _ in widths],
        "ExpansionFactor": config.expansion,
        "ConditionDimension": NUM_CLASSES,
    }


def _modules(checkout: Path) -> tuple[Any, Any]:
    sys.path.insert(0, str(checkout))
    try:
        return import_module("R3GAN.Networks"), import_module("R3GAN.Trainer")
    finally:
        sys.path.remove(str(checkout))
