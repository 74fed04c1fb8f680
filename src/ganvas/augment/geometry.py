"""Flips, turns, scalings and shifts as 3x3 matrices [N, 3, 3] of homogeneous pixel coordinates, origin in the middle.

x goes right, y goes down. Each function returns the inverse of its operation: where in the image a pixel of the
augmented image comes from. Their product, in the order of play, is one matrix, and images are sampled once.

Source: Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", appendix B: pixel blitting
and general geometric transformations, ranges included. For images that are not square, turns are by 180 degrees.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ganvas.augment.draws import Draws

_MOST_SHIFT = 1 / 8
_SCALE_OCTAVES = 0.2
_SHIFT_DEVIATION = 0.125


def scaling(x: Tensor, y: Tensor) -> Tensor:
    """Return the inverses of stretching by x and y [N]."""
    zero = torch.zeros_like(x)
    return affine(1 / x, zero, zero, zero, 1 / y, zero)


def rotation(cosine: Tensor, sine: Tensor) -> Tensor:
    """Return the inverses of turning anticlockwise, as seen with y going down, by the angle of cosine and sine [N]."""
    zero = torch.zeros_like(cosine)
    return affine(cosine, -sine, zero, sine, cosine, zero)


def shift(right: Tensor, down: Tensor) -> Tensor:
    """Return the inverses of moving by pixels [N]."""
    one, zero = torch.ones_like(right), torch.zeros_like(right)
    return affine(one, zero, -right, zero, one, -down)


def affine(*rows: Tensor) -> Tensor:
    """Return matrices [N, 3, 3] of the first two rows' six values [N]."""
    zero, one = torch.zeros_like(rows[0]), torch.ones_like(rows[0])
    return torch.stack([*rows, zero, zero, one], 1).view(-1, 3, 3)


def _x_flip(draws: Draws) -> Tensor:
    flip = draws.integers("x_flip", 2)
    return scaling(1 - 2 * flip, torch.ones_like(flip))


def _quarter_turns(draws: Draws) -> Tensor:
    height, width = draws.images.shape[2:]
    turns = draws.integers("quarter_turns", 4) if height == width else 2 * draws.integers("half_turns", 2)
    cosines = torch.tensor([1.0, 0.0, -1.0, 0.0], dtype=turns.dtype, device=turns.device)  # exact, unlike cos(pi / 2)
    return rotation(cosines[turns.long()], cosines[(turns.long() - 1) % 4])


def _integer_translation(draws: Draws) -> Tensor:
    height, width = draws.images.shape[2:]
    x, y = (2 * draws.uniform(f"integer_translation/{axis}") - 1 for axis in "xy")
    return shift((x * _MOST_SHIFT * width).round(), (y * _MOST_SHIFT * height).round())


def _isotropic_scaling(draws: Draws) -> Tensor:
    scale = torch.exp2(_SCALE_OCTAVES * draws.normal("isotropic_scaling"))
    return scaling(scale, scale)


def _rotation_before(draws: Draws) -> Tensor:
    return _rotation(draws, "rotation/before")


def _anisotropic_scaling(draws: Draws) -> Tensor:
    scale = torch.exp2(_SCALE_OCTAVES * draws.normal("anisotropic_scaling"))
    return scaling(scale, 1 / scale)


def _rotation_after(draws: Draws) -> Tensor:
    return _rotation(draws, "rotation/after")


def _fractional_translation(draws: Draws) -> Tensor:
    height, width = draws.images.shape[2:]
    x, y = draws.normal("fractional_translation", 2).unbind(1)
    return shift(_SHIFT_DEVIATION * width * x, _SHIFT_DEVIATION * height * y)


def _rotation(draws: Draws, name: str) -> Tensor:
    angle = math.pi * (2 * draws.uniform(name) - 1)
    return rotation(angle.cos(), angle.sin())


_STEPS: tuple[tuple[str, Callable[[Draws], Tensor]], ...] = (
    ("x_flip", _x_flip),
    ("quarter_turns", _quarter_turns),
    ("integer_translation", _integer_translation),
    ("isotropic_scaling", _isotropic_scaling),
    ("rotation", _rotation_before),
    ("anisotropic_scaling", _anisotropic_scaling),
    ("rotation", _rotation_after),
    ("fractional_translation", _fractional_translation),
)
BLITTING = ("x_flip", "quarter_turns", "integer_translation")
GEOMETRY = ("isotropic_scaling", "rotation", "anisotropic_scaling", "fractional_translation")


def inverses(draws: Draws, operations: frozenset[str]) -> Tensor:
    """Return the inverses [N, 3, 3] of the operations played one after the other, each on the images chosen for it."""
    images = draws.images
    whole = torch.eye(3, dtype=images.dtype, device=images.device).expand(len(images), 3, 3)
    for step, (name, operation) in enumerate(_STEPS):
        if name in operations:
            # rotation comes twice, with 1 - sqrt(1 - p) each, so that an image is turned with probability p
            probability = 1 - (1 - draws.probability).sqrt() if name == "rotation" else None
            chosen = draws.chosen(f"{name}/{step}", probability)
            whole = torch.where(chosen[:, None, None], whole @ operation(draws), whole)
    return whole
