"""Latents: what a generator makes images of, drawn, bent and led from one to the next."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import torch
from torch import Tensor

from ganvas.errors import UsageError
from ganvas.generation.drawing import CHUNK
from ganvas.players import Generator, StyledGenerator
from ganvas.seeds import Stream

LARGEST_SEED = 2**63 - 1
_MOST_SEEDS = 1_000_000
Interpolation = Literal["linear", "spherical"]
Address = tuple[int, int]
"""Where a drawn image comes from: its seed, and which image of that seed."""


def latents_of(generator: Generator, seed: int, first: int, num: int) -> Tensor:
    """Return the latents [num, Z] of images `first` ... `first + num - 1` of `seed`.

    They are drawn in aligned chunks: the same, to the bit, however many are asked for.
    """
    start = first // CHUNK * CHUNK
    chunks = [
        generator.draw_latents(Stream(seed, "generate/latents", first=place), CHUNK)
        for place in range(start, first + num, CHUNK)
    ]
    return torch.cat(chunks)[first - start :][:num]


def latents_at(generator: Generator, addresses: Sequence[Address]) -> Tensor:
    """Return the latents [N, Z] of images anywhere; runs of one seed are drawn together."""
    parts: list[Tensor] = []
    for seed, first, num in _runs(addresses):
        parts.append(latents_of(generator, seed, first, num))
    return torch.cat(parts)


def seeds_of(given: str | Iterable[int]) -> list[int]:
    """Return seeds given as numbers, or as a text such as `0-31,40`; raise `UsageError` for what is no seed."""
    if isinstance(given, str):
        return read_seeds(given)
    seeds = list(given)
    if wrong := [seed for seed in seeds if not 0 <= seed <= LARGEST_SEED]:
        raise UsageError(f"{wrong[0]} is no seed: seeds are whole numbers from 0 to {LARGEST_SEED}.")
    return seeds


def read_seeds(text: str) -> list[int]:
    """Return the seeds of a text such as `0-31,40`, in its order; raise `UsageError` for anything else."""
    seeds: list[int] = []
    for part in text.split(","):
        low, dash, high = (word.strip() for word in part.partition("-"))
        numbers = (low, high) if dash else (low, low)
        if not all(word.isascii() and word.isdecimal() and int(word) <= LARGEST_SEED for word in numbers):
            raise UsageError(f"`{part}` is no seed. Seeds are whole numbers and ranges of them, such as 0-31,40.")
        begin, end = map(int, numbers)
        if end < begin or end - begin >= _MOST_SEEDS - len(seeds):
            raise UsageError(f"`{part}` is no range of seeds: they go upwards, and are {_MOST_SEEDS:,} at most.")
        seeds += range(begin, end + 1)
    return seeds


def interpolate(start: Tensor, end: Tensor, share: float, how: Interpolation = "spherical") -> Tensor:
    """Return what lies `share` of the way from `start` to `end`, of any shape.

    Linear: (1 - t) a + t b. Spherical: [sin((1 - t) o) a + sin(t o) b] / sin o, o the angle between both, which keeps
    the length that values N(0, 1) have (Shoemake 1985; White 2016, "Sampling Generative Networks"). The two ends are
    returned as they are.
    """
    if share in (0.0, 1.0):
        return end if share else start
    if how == "spherical":
        first, second = start.double().flatten(), end.double().flatten()
        cosine = torch.dot(first, second) / (first.norm() * second.norm()).clamp_min(1e-12)
        angle = torch.arccos(cosine.clamp(-1, 1))
        if 1e-3 < float(angle) < torch.pi - 1e-3:  # nearly parallel: both ways are the same, or there is none
            mixed = (torch.sin((1 - share) * angle) * first + torch.sin(share * angle) * second) / torch.sin(angle)
            return mixed.view_as(start).to(start.dtype)
    return torch.lerp(start, end, share)


def walk(stops: Tensor, num_frames: int, how: Interpolation = "spherical", loop: bool = True) -> Iterator[Tensor]:
    """Yield what lies on the way from stop to stop [S, ...], `num_frames` from each to the next; a loop returns.

    Without a loop the last stop is shown as well, so that it is (S - 1) x `num_frames` + 1 in all.
    """
    legs = len(stops) if loop and len(stops) > 1 else len(stops) - 1
    for leg in range(legs):
        for frame in range(num_frames):
            yield interpolate(stops[leg], stops[(leg + 1) % len(stops)], frame / num_frames, how)
    if legs < len(stops):
        yield stops[-1]


def mixed_styles(styles: Tensor, others: Tensor, first: int, last: int) -> Tensor:
    """Return styles [N, L, W] with those of layers `first` to `last`, both included, taken of `others`.

    Source: Karras et al. 2019, "A Style-Based Generator Architecture for GANs", section 3.1.
    """
    check_layers(styles.shape[1], first, last)
    mixed = styles.clone()
    mixed[:, first : last + 1] = others[:, first : last + 1]
    return mixed


def check_layers(num: int, first: int, last: int) -> None:
    """Raise `UsageError` where there are no layers `first` to `last` among `num`."""
    if not 0 <= first <= last < num:
        raise UsageError(f"Styles of layers {first} to {last} were asked for; this model has layers 0 to {num - 1}.")


def expect_styles(generator: Generator) -> StyledGenerator:
    """Return a generator that has styles; raise `UsageError` for any other."""
    if isinstance(generator, StyledGenerator):
        return generator
    raise UsageError(
        "This model has no styles to mix: only StyleGAN2 makes its images of one style for each layer. Walk from seed "
        "to seed instead: `ganvas walk`."
    )


def _runs(addresses: Sequence[Address]) -> Iterator[tuple[int, int, int]]:
    """Yield seed, first index and length of each run of consecutive addresses."""
    begin = 0
    for place in range(1, len(addresses) + 1):
        seed, index = addresses[place - 1]
        if place == len(addresses) or addresses[place] != (seed, index + 1):
            yield seed, addresses[begin][1], place - begin
            begin = place
