"""What the machine is, what it could do at best, and what a step asks of it."""

import os
import platform
import time
from functools import cache
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from ganvas.training.engine import usable_cores
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


class OperationCounter(FlopCounterMode):
    """Counts operations of products and convolutions, of all modules together.

    torch's own way of telling modules apart cannot count a gradient by a leaf inside the block, as R1 takes it.
    """

    def __init__(self) -> None:
        super().__init__(display=False)
        self.mod_tracker: Any = _Together()


class _Together:
    parents = frozenset({"Global"})

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def operations(round: Round) -> int:
    """Return the floating-point operations of the products and convolutions of one round, forward and backward."""
    with OperationCounter() as counter:
        round.play(round.game.step)
    round.game.step += 1
    return counter.get_total_flops()


def facts(threads: int) -> dict[str, Any]:
    """Return what the machine is, and how many threads of torch are used."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": usable_cores(),
        "threads": threads,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def state() -> dict[str, float]:
    """Return what the machine does now: its load, and its rate of float32 matrix products in GFLOP/s."""
    return {"load": os.getloadavg()[0], "gflops": round(product_rate(CUBE) / 1e9, 1)}
