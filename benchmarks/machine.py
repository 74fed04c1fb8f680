"""What the machine could do at best, and what a step asks of it."""

import time
from functools import cache

import torch
from torch.utils.flop_counter import FlopCounterMode

from ganvas.training.round import Round

CUBE = (2048, 2048, 2048)
SHAPES = (CUBE, (1024, 1024, 1024), (3072, 3072, 3072), (9800, 2304, 256))
"""Matrix products [m, k] x [k, n]; the last is the largest convolution of `acgan_mnist` written as one."""


@cache
def _factors(m: int, k: int, n: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return torch.randn(m, k), torch.randn(k, n), torch.empty(m, n)


def product_rate(shape: tuple[int, int, int], repetitions: int = 3) -> float:
    """Return the best rate of a float32 matrix product, in floating-point operations a second."""
    left, right, out = _factors(*shape)
    m, k, n = shape
    best = float("inf")
    for _ in range(repetitions):
        begun = time.perf_counter()
        torch.mm(left, right, out=out)
        best = min(best, time.perf_counter() - begun)
    return 2 * m * k * n / best


def operations(round: Round) -> int:
    """Return the floating-point operations of the products and convolutions of one round, forward and backward."""
    with FlopCounterMode(display=False) as counter:
        round.play(round.game.step)
    round.game.step += 1
    return counter.get_total_flops()
