"""Captions: contact sheets with the class and the seed of each image written beneath it."""

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ganvas.images import Pixels

_SIZE, _LINE = 11, 15
"""Height of the letters, and of a line of them, in pixels."""
_LEAST_SIDE = 72


def captioned_sheet(pixels: Pixels, captions: Sequence[str], columns: int | None = None, gap: int = 4) -> Pixels:
    """Lay images uint8 [N, H, W, C] out in rows, as one image, each with its caption beneath, cut to its width.

    Small images are enlarged by repeating pixels. Letters that the built-in font lacks are shown as `?`.
    """
    num, height, width, channels = pixels.shape
    columns = columns or math.ceil(math.sqrt(num))
    scale = max(1, math.ceil(_LEAST_SIDE / height))
    height, width, rows = height * scale, width * scale, math.ceil(num / columns)
    step_down, step_right = height + _LINE + gap, width + gap
    sheet = np.full((rows * step_down + gap, columns * step_right + gap, channels), 255, np.uint8)
    colours = min(channels, 3)
    for index, (image, caption) in enumerate(zip(pixels, captions, strict=True)):
        top, left = gap + index // columns * step_down, gap + index % columns * step_right
        sheet[top : top + height, left : left + width] = image.repeat(scale, axis=0).repeat(scale, axis=1)
        below = slice(top + height, top + height + _LINE)
        sheet[below, left : left + width, :colours] = written(caption, width, _LINE)[..., None]
    return sheet


def written(text: str, width: int, height: int) -> Pixels:
    """Return text in black on white, uint8 [height, width], its end left out where it is too long."""
    font, shown = _font(), _readable(text)
    while shown and font.getlength(shown) > width:
        shown = shown[:-2].rstrip() + "." if len(shown) > 2 else ""
    strip = Image.new("L", (width, height), 255)
    ImageDraw.Draw(strip).text((0, 1), shown, fill=0, font=font)
    return np.array(strip)


def _readable(text: str) -> str:
    return "".join(letter if letter.isprintable() and ord(letter) < 0x180 else "?" for letter in text)


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_SIZE)
