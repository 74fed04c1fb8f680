"""Truncation: rather typical images than varied ones.

A generator with styles: w' = m + psi (w - m), m the mean style (Karras et al. 2019, "A Style-Based Generator
Architecture for Generative Adversarial Networks", section 3 and appendix B). Any other: z' = psi z, latents of psi
times the spread, which is sampling at temperature psi (Kingma and Dhariwal 2018, "Glow", section 6). 1 changes nothing.
"""

import numpy as np
import torch
from torch import Tensor

from ganvas.errors import UsageError
from ganvas.players import Generator, StyledGenerator
from ganvas.seeds import Stream

LARGEST = 2.0
_NUM_SAMPLED = 4096
_BATCH = 256


def check_truncation(psi: float) -> float:
    """Return a truncation that can be; raise `UsageError` for any other."""
    if not 0 <= psi <= LARGEST:
        raise UsageError(
            f"Truncation {psi} was asked for; it goes from 0, all images the mean one, over 1, untouched, to {LARGEST}."
        )
    return psi


def truncated(values: Tensor, psi: float, mean: Tensor | None = None) -> Tensor:
    """Return latents [N, Z], or styles [N, L, W] whose mean [L, W] is given, pulled to the mean by `psi`."""
    if psi == 1:
        return values
    return psi * values if mean is None else torch.lerp(mean.to(values), values, psi)


@torch.no_grad()
def sampled_styles(generator: StyledGenerator) -> Tensor:
    """Return the styles [4096, L, W] of latents always the same, of all classes alike."""
    was_training, parts = generator.training, []
    generator.eval()
    device = next(generator.parameters()).device
    for start in range(0, _NUM_SAMPLED, _BATCH):
        latents = generator.draw_latents(Stream(0, "styles/latents", first=start), _BATCH).to(device)
        numbers = np.arange(start, start + _BATCH) % max(generator.num_classes, 1)
        labels = torch.from_numpy(numbers).to(device) if generator.num_classes else None
        parts.append(generator.styles(latents, labels))
    generator.train(was_training)
    return torch.cat(parts)


def mean_style(generator: StyledGenerator) -> Tensor:
    """Return the mean style [L, W] of a generator, a function of its weights."""
    return sampled_styles(generator).double().mean(0).float()


@torch.no_grad()
def style_shape(generator: StyledGenerator) -> tuple[int, int]:
    """Return the number of layers that take a style, and the size of a style."""
    device = next(generator.parameters()).device
    label = torch.zeros(1, dtype=torch.long, device=device) if generator.num_classes else None
    layers, size = generator.styles(torch.zeros(1, generator.latent_size, device=device), label).shape[1:]
    return layers, size


def spread(generator: Generator) -> float:
    """Return the standard deviation of each value of a latent: 1, or 1 / sqrt(3) of U(-1, 1)."""
    return 1.0 if generator.latent_distribution == "normal" else 3.0**-0.5
