"""Mixtures of classes: an image asked to be half a three and half an eight.

Where the class enters a generator by an embedding, a mixture enters as the weighted mean of the rows: sum_k a_k e[k].
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ganvas.errors import UsageError
from ganvas.layers.conditional_batch_norm import ConditionalBatchNorm2d
from ganvas.players import Generator, Translator, give_stream
from ganvas.seeds import Stream

NO_MIXTURE = (
    "This model cannot mix classes: a mixture needs the class to enter by an embedding, whose rows can be averaged, "
    "and here it enters by other ways (SNGAN and SAGAN normalise by the class). Ask for one class: --label {example}. "
    "ACGAN, BigGAN, compact, DCGAN, R3GAN, StyleGAN2, TransGAN and the sequence GAN mix."
)


def weights_of(mixture: Mapping[int, float], num_classes: int) -> NDArray[np.float32]:
    """Return a mixture {class: share} as weights [K] that sum to 1; raise `UsageError` where it is none."""
    shares = np.zeros(num_classes)
    for number, share in mixture.items():
        shares[number] = share
    if not np.isfinite(shares).all() or (shares < 0).any() or shares.sum() <= 0:
        given = ", ".join(f"{number}:{share:g}" for number, share in mixture.items())
        raise UsageError(f"The mixture {given} cannot be: shares are at least 0, and one of them is above.")
    return (shares / shares.sum()).astype(np.float32)


@contextmanager
def mixed_classes(generator: Generator, labels: Tensor | None, weights: Tensor | None) -> Iterator[None]:
    """Let `weights` [N, K] stand for `labels` [N] wherever a class enters by an embedding, inside the block.

    `labels` is the very tensor that the generator is called with. Without weights nothing changes.
    """
    if weights is None or labels is None:
        yield
        return
    table = one_hot(labels, weights.shape[1])

    def replace_one_hot(_: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        is_class = bool(given) and isinstance(given[0], Tensor) and given[0].is_floating_point()
        if is_class and given[0].shape == table.shape and torch.equal(given[0], table.to(given[0].dtype)):
            return (weights.to(given[0].dtype), *given[1:])
        return None

    def replace_rows(module: nn.Module, given: tuple[Any, ...], found: Tensor) -> Tensor:
        if isinstance(module, nn.Embedding) and given[0] is labels:
            return weights.to(module.weight.dtype) @ module.weight
        return found

    hooks = []
    for module in generator.modules():
        hooks.append(module.register_forward_pre_hook(replace_one_hot))
        if isinstance(module, nn.Embedding):
            hooks.append(module.register_forward_hook(replace_rows))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def can_mix(generator: Generator) -> bool:
    """Return whether each way that a class enters by is an embedding: tried out, on one image of two classes."""
    if generator.num_classes < 2 or isinstance(generator, Translator):
        return False
    if any(isinstance(module, ConditionalBatchNorm2d) for module in generator.modules()):
        return False
    was_training, device = generator.training, next(generator.parameters()).device
    generator.eval()
    latents = generator.draw_latents(Stream(0, "classes/latents"), 2).to(device)
    first, last = torch.zeros(2, dtype=torch.long, device=device), generator.num_classes - 1
    stream = Stream(0, "classes/generator")
    give_stream(generator, stream)
    wanted = generator(latents, torch.full_like(first, last))
    weights = one_hot(torch.full_like(first, last), generator.num_classes).to(latents.dtype)
    with mixed_classes(generator, first, weights):
        found = generator(latents, first)
    generator.train(was_training)
    return torch.allclose(found, wanted, atol=1e-4)


def expect_mixing(generator: Generator, example: str = "3") -> None:
    """Raise `UsageError` where a generator cannot mix classes."""
    if not can_mix(generator):
        raise UsageError(NO_MIXTURE.format(example=example))
