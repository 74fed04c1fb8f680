"""DiffAugment: colour, translation and cutout of all that D sees, so that D cannot learn a small set by heart.

Source: Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training", section 4: brightness moves by
up to 0.5, saturation is multiplied by 0 to 2, contrast by 0.5 to 1.5; images move by up to 1/8, what comes in is 0; a
square of half the size becomes 0. The paper's policies are subsets of the three. There every image is changed; here
each operation is for an image with probability p, 1 if not set. Greyscale has no saturation; alpha keeps its values.
"""

import torch
from torch import Tensor

from ganvas.augment.augmentation import Augmentation
from ganvas.augment.draws import Draws, num_colours, of_chosen, paint
from ganvas.seeds import Stream

_MOST_SHIFT = 1 / 8
_CUTOUT = 1 / 2


def brightness(images: Tensor, amount: Tensor) -> Tensor:
    """Add `amount` [N] to the colours."""
    return paint(images, images[:, : num_colours(images)] + _each(amount))


def saturation(images: Tensor, factor: Tensor) -> Tensor:
    """Multiply each pixel's distance from its own grey by `factor` [N]."""
    colours = images[:, : num_colours(images)]
    grey = colours.mean(1, keepdim=True)
    return paint(images, (colours - grey) * _each(factor) + grey)


def contrast(images: Tensor, factor: Tensor) -> Tensor:
    """Multiply each pixel's distance from the image's mean by `factor` [N]."""
    colours = images[:, : num_colours(images)]
    mean = colours.mean((1, 2, 3), keepdim=True)
    return paint(images, (colours - mean) * _each(factor) + mean)


def translation(images: Tensor, right: Tensor, down: Tensor) -> Tensor:
    """Move images by whole pixels [N] each; what comes in from outside is 0."""
    height, width = images.shape[2:]
    rows = torch.arange(height, device=images.device)[None] - down.long()[:, None]  # [N, H]
    columns = torch.arange(width, device=images.device)[None] - right.long()[:, None]  # [N, W]
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None]
    source = rows.clamp(0, height - 1)[:, :, None] * width + columns.clamp(0, width - 1)[:, None]  # [N, H, W]
    index = source.flatten(1)[:, None].expand(-1, images.shape[1], -1)
    moved = images.flatten(2).gather(2, index).view(images.shape)
    return moved * inside[:, None].to(images.dtype)


def cutout(images: Tensor, middle_x: Tensor, middle_y: Tensor) -> Tensor:
    """Set to 0 a rectangle of half the width and height around the pixel (middle_x, middle_y) [N]."""
    height, width = images.shape[2:]
    rows = _within(height, middle_y)
    columns = _within(width, middle_x)
    return images * ~(rows[:, None, :, None] & columns[:, None, None, :])


def _colour(images: Tensor, draws: Draws) -> Tensor:
    images = brightness(images, draws.uniform("brightness") - 0.5)
    if num_colours(images) == 3:
        images = saturation(images, 2 * draws.uniform("saturation"))
    return contrast(images, draws.uniform("contrast") + 0.5)


def _translation(images: Tensor, draws: Draws) -> Tensor:
    height, width = images.shape[2:]
    down, right = (
        draws.integers(f"translation/{axis}", 2 * shift + 1) - shift
        for axis, shift in (("y", _rounded(height * _MOST_SHIFT)), ("x", _rounded(width * _MOST_SHIFT)))
    )
    return translation(images, right, down)


def _cutout(images: Tensor, draws: Draws) -> Tensor:
    height, width = images.shape[2:]
    middle_y, middle_x = (
        draws.integers(f"cutout/{axis}", side + 1 - _rounded(side * _CUTOUT) % 2)
        for axis, side in (("y", height), ("x", width))
    )
    return cutout(images, middle_x, middle_y)


_OPERATIONS = {"colour": _colour, "translation": _translation, "cutout": _cutout}


def _play(images: Tensor, stream: Stream, probability: Tensor, operations: frozenset[str]) -> Tensor:
    draws = Draws(images, stream, probability)
    for name, operation in _OPERATIONS.items():
        if name in operations:
            images = of_chosen(draws.chosen(name), operation(images, draws), images)
    return images


def _within(side: int, middle: Tensor) -> Tensor:
    """Return which of the places [N, side] the cut-out half around `middle` [N] covers."""
    size = _rounded(side * _CUTOUT)
    first = middle[:, None] - size // 2
    places = torch.arange(side, device=middle.device)[None]
    return (places >= first) & (places < first + size)


def _rounded(value: float) -> int:
    return int(value + 0.5)


def _each(values: Tensor) -> Tensor:
    return values[:, None, None, None]


DIFFAUGMENT = Augmentation(tuple(_OPERATIONS), {}, tuple(_OPERATIONS), _play)
