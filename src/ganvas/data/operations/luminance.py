"""Luminance of ITU-R BT.601, and edits that only it sees."""

from collections.abc import Callable
from typing import Literal

import numpy as np

from ganvas.data.operations.operation import Operation
from ganvas.images import Pixels


class Greyscale(Operation):
    """The luminance Y = 0.299 R + 0.587 G + 0.114 B in every channel; greyscale images stay as they are.

    In fixed point of 16 bits, as Pillow's mode L: (19595 R + 38470 G + 7471 B + 32768) >> 16.
    Not invertible: three values become one.
    Source: Recommendation ITU-R BT.601-7, section 2.5.1.
    """

    name: Literal["greyscale"] = "greyscale"

    def _edit(self, pixels: Pixels) -> Pixels:
        return replicated(luminance(pixels), pixels)


def luminance(pixels: Pixels) -> Pixels:
    """Return the luminance uint8 [H, W] of an image [H, W, 1 or 3]."""
    if pixels.shape[-1] == 1:
        return pixels[..., 0]
    red, green, blue = np.moveaxis(pixels.astype(np.uint32), -1, 0)
    return ((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16).astype(np.uint8)


def replicated(grey: Pixels, pixels: Pixels) -> Pixels:
    """Return values [H, W] in as many channels as an image has, as a new array."""
    return np.repeat(grey[..., None], pixels.shape[-1], axis=-1)


def through_luminance(pixels: Pixels, edit: Callable[[Pixels], Pixels]) -> Pixels:
    """Return an image [H, W, 1 or 3] whose luminance [H, W] went through `edit`, its colour differences kept.

    R = Y + 1.402 (Cr - 128), and likewise for G and B: with Cb and Cr kept, a change of Y is added to all three.
    """
    before = luminance(pixels)
    change = edit(before).astype(np.int16) - before
    return np.clip(pixels + change[..., None], 0, 255).astype(np.uint8)
