"""Brightness, contrast, luma flip, hue and saturation as 4x4 matrices [N, 4, 4] of homogeneous colours (r, g, b, 1).

Source: Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", appendix B, ranges included.
Greyscale images take brightness and contrast alone.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ganvas.augment.draws import Draws, num_colours, paint

_BRIGHTNESS_DEVIATION = 0.2
_CONTRAST_OCTAVES = 0.5
_SATURATION_OCTAVES = 1.0


def brightness(amount: Tensor) -> Tensor:
    """Return the matrices of adding `amount` [N] to each colour."""
    moves = amount[:, None, None] * amount.new_tensor([[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]])
    return _identity(amount) + moves


def contrast(factor: Tensor) -> Tensor:
    """Return the matrices of multiplying each colour, in [-1, 1], by `factor` [N]."""
    return torch.diag_embed(torch.stack([factor, factor, factor, torch.ones_like(factor)], 1))


def luma_flip(flip: Tensor) -> Tensor:
    """Return the matrices of I - 2 v v^T where `flip` [N] is 1: light becomes dark, and hues stay."""
    return _identity(flip) - 2 * flip[:, None, None] * _luma(flip)


def hue_rotation(angle: Tensor) -> Tensor:
    """Return the matrices of turning colours about the grey axis by `angle` [N] (Rodrigues' formula)."""
    third = math.sqrt(1 / 3)
    cross = angle.new_tensor([[0, -third, third, 0], [third, 0, -third, 0], [-third, third, 0, 0], [0, 0, 0, 0]])
    chroma = torch.eye(4, dtype=angle.dtype, device=angle.device) - _luma(angle)
    chroma[3, 3] = 0
    cosine, sine = angle.cos()[:, None, None], angle.sin()[:, None, None]
    return _identity(angle) + (cosine - 1) * chroma + sine * cross


def saturation(factor: Tensor) -> Tensor:
    """Return the matrices of v v^T + (I - v v^T) s: each colour's distance from grey is multiplied by s [N]."""
    chroma = torch.eye(4, dtype=factor.dtype, device=factor.device) - _luma(factor)
    chroma[3, 3] = 0
    return _identity(factor) + (factor - 1)[:, None, None] * chroma


_STEPS: dict[str, Callable[[Draws], Tensor]] = {
    "brightness": lambda draws: brightness(_BRIGHTNESS_DEVIATION * draws.normal("brightness")),
    "contrast": lambda draws: contrast(torch.exp2(_CONTRAST_OCTAVES * draws.normal("contrast"))),
    "luma_flip": lambda draws: luma_flip(draws.integers("luma_flip", 2)),
    "hue_rotation": lambda draws: hue_rotation(math.pi * (2 * draws.uniform("hue_rotation") - 1)),
    "saturation": lambda draws: saturation(torch.exp2(_SATURATION_OCTAVES * draws.normal("saturation"))),
}
COLOUR = tuple(_STEPS)
_OF_GREY = {"brightness", "contrast"}


def coloured(images: Tensor, draws: Draws, operations: frozenset[str]) -> Tensor:
    """Return images [N, C, H, W] after the operations on colour, each on the images chosen for it; alpha stays."""
    num = num_colours(images)
    whole = _identity(images[:, 0, 0, 0])
    for name, operation in _STEPS.items():
        if name in operations and (num == 3 or name in _OF_GREY):
            whole = torch.where(draws.chosen(name)[:, None, None], operation(draws) @ whole, whole)
    colours = whole[:, :num, :num] @ images[:, :num].flatten(2) + whole[:, :num, 3:]
    return paint(images, colours.view(-1, num, *images.shape[2:]))


def _identity(values: Tensor) -> Tensor:
    return torch.eye(4, dtype=values.dtype, device=values.device).expand(len(values), 4, 4)


def _luma(values: Tensor) -> Tensor:
    """Return v v^T [4, 4] of the grey axis v = (1, 1, 1, 0) / sqrt(3)."""
    luma = torch.full((4, 4), 1 / 3, dtype=values.dtype, device=values.device)
    luma[3], luma[:, 3] = 0, 0
    return luma
