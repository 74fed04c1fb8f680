"""Milliseconds of a step of SNGAN, ours beside Mimicry's: `python -m benchmarks --only step_time_mimicry`.

Theirs is imported from a checkout that the command line names, `--peers FOLDER` with `FOLDER/mimicry` in it. Of it are
the networks of 32 px and the steps of both players with their losses and measures; the rest of its package wants
TensorFlow and torchvision and stays out. Adam and five steps of D to one of G are as its SNGAN has them; its generator
has no moving average, ours has. Both are a quarter as wide as published, so that a step takes a second or two.
"""

import sys
import time
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.outcome import Occasion, Outcome
from benchmarks.peer_step import beside
from benchmarks.textbook import endless_batches
from ganvas.images import Pixels
from ganvas.models.sngan import Config
from ganvas.recipes.recipe import Recipe, find_recipe

WIDTH = 16
PER_WIDTH_G, PER_WIDTH_D = 4, 2
"""Channels of all blocks below 64 px, as multiples of our `width`."""


def benchmark(occasion: Occasion) -> Outcome:
    """Time both, on the same images."""
    recipe = find_recipe("sngan").override(**{"model.width": WIDTH, "training.device": "cpu"})
    return beside(occasion, recipe, "mimicry", Theirs, "Mimicry's own steps")


class Theirs:
    """Their networks, each of which takes its own steps."""

    def __init__(self, checkout: Path, recipe: Recipe, pixels: Pixels, labels: NDArray[np.int64]) -> None:
        assert isinstance(recipe.model, Config)
        networks, width, adam = _networks(checkout), recipe.model.width, recipe.training.generator_optimizer
        self.generator = networks.SNGANGenerator32(nz=recipe.model.latent_size, ngf=PER_WIDTH_G * width)
        self.discriminator = networks.SNGANDiscriminator32(ndf=PER_WIDTH_D * width)
        self.generator_adam, self.discriminator_adam = (
            torch.optim.Adam(player.parameters(), adam.learning_rate, (adam.beta1, adam.beta2))
            for player in (self.generator, self.discriminator)
        )
        self.discriminator_steps = recipe.training.discriminator_steps
        self.batches = endless_batches(pixels, labels, recipe.training.batch_size)
        self.told = _Told()

    def run(self, steps: int) -> float:
        """Take some steps of G, each after those of D; return the seconds they took."""
        begun = time.perf_counter()
        for _ in range(steps):
            batches = [next(self.batches) for _ in range(self.discriminator_steps)]
            for batch in batches:
                self.discriminator.train_step(batch, self.generator, self.discriminator_adam, self.told)
            self.generator.train_step(batches[-1], self.discriminator, self.generator_adam, self.told)
        return time.perf_counter() - begun


class _Told(dict[str, Any]):
    """Where their steps put what they measure."""

    def add_metric(self, name: str, value: Any, group: str | None = None) -> None:
        self[name] = value


def _networks(checkout: Path) -> Any:
    """Import the networks without the package around them."""
    package = ModuleType("torch_mimicry")
    package.__path__ = [str(checkout / "torch_mimicry")]
    sys.modules[package.__name__] = package
    return import_module("torch_mimicry.nets.sngan.sngan_32")
