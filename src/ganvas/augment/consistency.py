"""The small changes that a discriminator should not mind (Zhang et al. 2020, "Consistency Regularization")."""

import torch
from torch import Tensor

from ganvas.seeds import Stream

SHIFT = 8  # the largest shift is a part of the size: 4 of 32 px


def flip_and_shift(images: Tensor, stream: Stream) -> Tensor:
    """Return images [N, C, H, W], each mirrored at a chance of 1/2 and moved by up to 1/8 of its size.

    What comes in from outside is the image's own reflection. Image i takes the draws of sample i of the stream.
    """
    num, _, height, width = images.shape
    draws = torch.from_numpy(stream.uniform(num, 3)).to(images.device)  # [N, 3]
    rows = _reflected(height, draws[:, 0])
    columns = _reflected(width, draws[:, 1])
    columns = torch.where(draws[:, 2:] < 0.5, width - 1 - columns, columns)
    samples = torch.arange(num, device=images.device)[:, None, None]
    moved = images.permute(0, 2, 3, 1)[samples, rows[:, :, None], columns[:, None, :]]  # [N, H, W, C]
    return moved.permute(0, 3, 1, 2)


def _reflected(size: int, draws: Tensor) -> Tensor:
    """Return for each image the places [N, size] to read from, moved by up to size / 8 to either side."""
    largest = size // SHIFT
    shifts = (draws * (2 * largest + 1)).long() - largest  # [N]
    places = (torch.arange(size, device=draws.device) + shifts[:, None]).abs()
    return size - 1 - (size - 1 - places).abs()
