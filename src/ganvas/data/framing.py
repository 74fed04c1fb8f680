"""How a picture of any shape becomes one of a given shape: crop, stretch or pad; antialiased."""

import math
from typing import Literal

import numpy as np
from PIL import Image, ImageColor
from pydantic import field_validator

from ganvas.config import Config, Field
from ganvas.data.decoding import Picture

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""

_FILTERS = {
    "lanczos": Image.Resampling.LANCZOS,
    "bicubic": Image.Resampling.BICUBIC,
    "box": Image.Resampling.BOX,
    "nearest": Image.Resampling.NEAREST,
}
_SUBJECT_PIXELS = 64  # of the long side, where detail is looked for


class Framing(Config):
    """How pictures of other shapes are made to fit."""

    fit: Literal["crop", "stretch", "pad"] = Field(
        default="crop", description="Of a picture of another shape: cut off what is too long, distort it, or add bars."
    )
    position: Literal["centre", "subject"] = Field(
        default="centre", description="Which part a crop keeps: the middle, or where most detail is."
    )
    resampling: Literal["lanczos", "bicubic", "box", "nearest"] = Field(
        default="lanczos", description="The filter of a change of size; antialiased but for `nearest`."
    )
    background: str = Field(
        default="white", description="Colour of bars, and what transparent pixels are laid on: a name or #rrggbb."
    )

    @field_validator("background")
    @classmethod
    def _known_colour(cls, value: str) -> str:
        ImageColor.getrgb(value)  # raises ValueError naming the colour
        return value

    def needed(self, width: int, height: int, target: tuple[int, int]) -> tuple[int, int]:
        """Return the size [W, H] a whole picture needs so that twice the pixels of `target` [W, H] remain."""
        scales = target[0] / width, target[1] / height
        across, down = (
            scales if self.fit == "stretch" else (max(scales),) * 2 if self.fit == "crop" else (min(scales),) * 2
        )
        return math.ceil(2 * across * width), math.ceil(2 * down * height)

    def cropped(self, picture: Picture, target: tuple[int, int]) -> tuple[Image.Image, Box]:
        """Return the decoded pixels that cover what is kept, and the place of that in them."""
        full = (picture.width, picture.height)
        box = _largest_window(*full, target) if self.fit == "crop" else (0, 0, *full)
        if self.fit == "crop" and self.position == "subject":
            box = _moved_to_detail(picture.image, box, full)
        left, top, right, bottom = (side / picture.scale for side in box)
        place = (left + picture.left, top + picture.top, right + picture.left, bottom + picture.top)
        return _whole_pixels(picture.image, place)

    def resized(self, image: Image.Image, box: Box, target: tuple[int, int]) -> Image.Image:
        """Return the `box` of an image of mode L, RGB or RGBA in the size `target` [W, H]."""
        size = target
        if self.fit == "pad":
            width, height = box[2] - box[0], box[3] - box[1]
            scale = min(target[0] / width, target[1] / height)
            size = max(1, round(width * scale)), max(1, round(height * scale))
        if image.size != size or box != (0, 0, *size):
            image = image.resize(size, _FILTERS[self.resampling], box=box)
        return image if size == target else self._with_bars(image, target)

    def _with_bars(self, image: Image.Image, target: tuple[int, int]) -> Image.Image:
        colour = (*ImageColor.getrgb(self.background)[:3], 0) if image.mode == "RGBA" else self.background
        canvas = Image.new(image.mode, target, colour)
        canvas.paste(image, ((target[0] - image.width) // 2, (target[1] - image.height) // 2))
        return canvas


def _largest_window(width: int, height: int, target: tuple[int, int]) -> Box:
    """Return the largest window of the shape of `target` in the middle, on whole pixels."""
    if width * target[1] >= height * target[0]:
        across, down = max(1, round(height * target[0] / target[1])), height
    else:
        across, down = width, max(1, round(width * target[1] / target[0]))
    left, top = (width - across) // 2, (height - down) // 2
    return left, top, left + across, top + down


def _moved_to_detail(image: Image.Image, box: Box, full: tuple[int, int]) -> Box:
    """Return the window moved along the long side to the greatest sum of |differences| of neighbouring luma values."""
    across, down = int(box[2] - box[0]), int(box[3] - box[1])
    horizontal = full[0] - across >= full[1] - down
    length, window = (full[0], across) if horizontal else (full[1], down)
    if length == window:
        return box
    scale = _SUBJECT_PIXELS / max(full)
    across_small, down_small = (max(2, round(side * scale)) for side in full)
    small = image.convert("RGB").convert("L").resize((across_small, down_small), Image.Resampling.BOX)
    luma = np.asarray(small, np.float64)
    detail = np.abs(np.diff(luma, axis=0))[:, :-1] + np.abs(np.diff(luma, axis=1))[:-1]  # [H-1, W-1]
    profile = np.concatenate([[0.0], np.cumsum(detail.sum(axis=0 if horizontal else 1))])
    starts = np.arange(length - window + 1)
    edges = np.linspace(0, length, len(profile))
    sums = np.interp(starts + window, edges, profile) - np.interp(starts, edges, profile)
    middle = np.abs(starts - (length - window) / 2)
    best = int(starts[np.lexsort((middle, -np.round(sums, 6)))[0]])  # of equal sums the one nearest the middle
    return (best, box[1], best + across, box[3]) if horizontal else (box[0], best, box[2], best + down)


def _whole_pixels(image: Image.Image, box: Box) -> tuple[Image.Image, Box]:
    left, top = int(box[0]), int(box[1])
    right, bottom = min(math.ceil(box[2]), image.width), min(math.ceil(box[3]), image.height)
    if (left, top, right, bottom) == (0, 0, *image.size):
        return image, box
    cropped = image.crop((left, top, right, bottom))
    cropped.info = dict(image.info)
    return cropped, (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
