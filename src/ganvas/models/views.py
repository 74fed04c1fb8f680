"""Views of an image that leave part of it out, each a row here: what a translator is given, to make the image of again.

A view is a pure function of images [N, C, H, W] in [-1, 1], C = 1 or 3, and draws nothing.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
_LINE_STRENGTH = 2.0  # a jump of half the range, black to mid grey, gives a black line
_MOONLIGHT = (0.15, 0.25, 0.45)  # of red, green and blue, what a night leaves
_COLOUR_AT_NIGHT = 0.5


class View(NamedTuple):
    """A way of leaving something out; it has the channels of the image, or one."""

    of: Callable[[Tensor], Tensor]
    num_channels: Callable[[int], int]
    summary: str
    needs_colour: bool = False


def grey(images: Tensor) -> Tensor:
    """Return the luma [N, 1, H, W]: 0.299 R + 0.587 G + 0.114 B; greyscale stays."""
    if images.shape[1] == 1:
        return images
    weights = images.new_tensor(_LUMA)[:, None, None]
    return (images * weights).sum(1, keepdim=True)


def edges(images: Tensor) -> Tensor:
    """Return dark lines on white [N, 1, H, W]: 1 - 2 min(1, 2 |gradient of luma|), by Sobel's filters.

    Luma is in [0, 1], and a filter is divided by 4, so that a step from black to white has a gradient of 1; what lies
    outside repeats the border.
    """
    luma = pad((grey(images) + 1) / 2, (1, 1, 1, 1), mode="replicate")
    sobel = luma.new_tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4
    gradients = conv2d(luma, torch.stack([sobel, sobel.T])[:, None])  # [N, 2, H, W]
    return 1 - 2 * (_LINE_STRENGTH * gradients.square().sum(1, keepdim=True).sqrt()).clamp(max=1)


def night(images: Tensor) -> Tensor:
    """Return the image by moonlight, [N, C, H, W]: half its saturation, then 15 % of red, 25 % of green, 45 % of blue.

    Greyscale has the luma's share of that.
    """
    values, luma = (images + 1) / 2, (grey(images) + 1) / 2
    pale = luma + _COLOUR_AT_NIGHT * (values - luma)
    light = images.new_tensor(_MOONLIGHT)[:, None, None]
    if images.shape[1] == 1:
        light = (light * images.new_tensor(_LUMA)[:, None, None]).sum(0, keepdim=True)
    return 2 * pale * light - 1


VIEWS: dict[str, View] = {
    "edges": View(edges, lambda _: 1, "a drawing of its edges"),
    "grey": View(grey, lambda _: 1, "the picture without its colours", needs_colour=True),
    "night": View(night, lambda channels: channels, "the picture as at night, dark and blue"),
}
