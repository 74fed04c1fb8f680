"""The state of a game on a device: both players, their optimisers, the averaged generator, the step reached."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.optim import Adam

from ganvas.errors import ConfigurationError
from ganvas.players import Gan
from ganvas.training.average import MovingAverage
from ganvas.training.batch_norm import share_statistics
from ganvas.training.memory_order import place
from ganvas.training.precision import check_precision
from ganvas.training.ranks import Ranks
from ganvas.training.settings import AdamConfig, TrainingConfig
from ganvas.training.signals import Signals


class Game:
    """Everything that changes while training goes on; `ranks` are the processes that play it together."""

    def __init__(self, gan: Gan, config: TrainingConfig, ranks: Ranks | None = None) -> None:
        self.ranks = ranks or Ranks()
        self.device = choose_device(config.device, self.ranks)
        check_precision(self.device, config.precision)
        self.generator = place(gan.generator, self.device, config.memory_order)
        self.discriminator = place(gan.discriminator, self.device, config.memory_order)
        self.generator_optimizer = _adam(self.generator, config.generator_optimizer)
        self.discriminator_optimizer = _adam(self.discriminator, config.discriminator_optimizer)
        self.average = MovingAverage(self.generator, config.average)
        for player in (self.generator, self.discriminator):
            share_statistics(player, self.ranks)
        self.signals = Signals(self.device)
        self.step = 0


def choose_device(name: str, ranks: Ranks | None = None) -> torch.device:
    """Return the device called `name`; `auto` prefers CUDA, then Apple's GPU, then the CPU.

    Of several processes on a machine each has its own GPU by `auto` and `cuda`.

    Raises `ConfigurationError` where there is no such device here.
    """
    ranks = ranks or Ranks()
    shared = ranks.group is not None
    if name == "auto":
        if torch.cuda.is_available():
            name = "cuda"
        else:
            return torch.device("mps" if torch.backends.mps.is_available() and not shared else "cpu")
    if name == "cuda" and shared:
        name = f"cuda:{ranks.local_rank}"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigurationError(f"There is no device `{name}` here. Use `auto` or `cpu`.") from error
    return device


@contextmanager
def cpu_threads(number: int, ranks: Ranks | None = None) -> Iterator[None]:
    """Let torch use `number` CPU threads inside the block; 0 leaves its choice, at most one a usable core.

    Of several processes on a machine each has an equal part of the cores by 0.
    """
    before = torch.get_num_threads()
    if ranks is not None and ranks.group is not None:
        number = number or max(1, usable_cores() // ranks.local_size)
    torch.set_num_threads(number or min(before, usable_cores()))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _adam(player: nn.Module, config: AdamConfig) -> Adam:
    betas = (config.beta1, config.beta2)
    return Adam(player.parameters(), config.learning_rate, betas, config.epsilon, fused=True)
