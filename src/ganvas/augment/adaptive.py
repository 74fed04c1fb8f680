"""ADA's pipeline: blitting, geometry, colour, and noise and cutout where asked for, each with probability p.

Source: Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", appendix B. The paper's best
set, blitting, geometry and colour ("bgc"), is what is usual; its image-space filtering is left out. How p adapts itself
is `ganvas.training.augmenting`. As long as p stays below about 0.8 the generator learns to draw images that are not
augmented (section 2.2 there); at 1 flips and turns leak into them.
"""

import torch
from torch import Tensor

from ganvas.augment.augmentation import Augmentation
from ganvas.augment.colours import COLOUR, coloured
from ganvas.augment.draws import Draws, num_colours, of_chosen, paint
from ganvas.augment.geometry import BLITTING, GEOMETRY, inverses
from ganvas.augment.resampling import resample
from ganvas.seeds import Stream

_NOISE_DEVIATION = 0.1
_CUTOUT = 1 / 2


def noisy(images: Tensor, deviation: Tensor, noise: Tensor) -> Tensor:
    """Add `noise` [N, C * H * W], standard normal, times `deviation` [N] to the colours."""
    num = num_colours(images)
    colours = images[:, :num]
    return paint(images, colours + deviation[:, None, None, None] * noise.view(colours.shape))


def cutout(images: Tensor, middle_x: Tensor, middle_y: Tensor) -> Tensor:
    """Set to 0 a rectangle of half the width and height around (middle_x, middle_y) [N], in parts of the image."""
    height, width = images.shape[2:]
    rows, columns = _within(height, middle_y), _within(width, middle_x)
    return images * ~(rows[:, None, :, None] & columns[:, None, None, :])


def _play(images: Tensor, stream: Stream, probability: Tensor, operations: frozenset[str]) -> Tensor:
    draws = Draws(images, stream, probability)
    if operations & {*BLITTING, *GEOMETRY}:
        images = resample(images, inverses(draws, operations))
    if operations & set(COLOUR):
        images = coloured(images, draws, operations)
    if "noise" in operations:
        deviation = _NOISE_DEVIATION * draws.normal("noise/deviation").abs()
        noise = draws.normal("noise", images[0, : num_colours(images)].numel())
        images = of_chosen(draws.chosen("noise"), noisy(images, deviation, noise), images)
    if "cutout" in operations:
        cut = cutout(images, draws.uniform("cutout/x"), draws.uniform("cutout/y"))
        images = of_chosen(draws.chosen("cutout"), cut, images)
    return images


def _within(side: int, middle: Tensor) -> Tensor:
    """Return which of the places [N, side] the rectangle around `middle` [N] covers."""
    places = (torch.arange(side, dtype=middle.dtype, device=middle.device) + 0.5) / side
    return (places[None] - middle[:, None]).abs() < _CUTOUT / 2


ADA = Augmentation(
    operations=(*BLITTING, *GEOMETRY, *COLOUR, "noise", "cutout"),
    groups={"blitting": BLITTING, "geometry": GEOMETRY, "colour": COLOUR},
    usual=("blitting", "geometry", "colour"),
    play=_play,
)
