"""Pictures as arrays: uint8 [N, H, W, C]; their shape, PNG files and contact sheets."""

import io
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.storage import replace_file

Pixels = NDArray[np.uint8]


class ImageShape(NamedTuple):
    """Channels, height and width of every image of a set, in torch's order."""

    channels: int
    height: int
    width: int

    def __str__(self) -> str:
        kind = {1: "greyscale", 3: "colour", 4: "colour and alpha"}.get(self.channels, f"{self.channels} channels")
        return f"{self.width}x{self.height} {kind}"


def png_bytes(pixels: Pixels) -> bytes:
    """Return one image [H, W, C] (C = 1, 3 or 4) as the bytes of a PNG file."""
    squeezed = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    buffer = io.BytesIO()
    Image.fromarray(squeezed).save(buffer, "PNG")
    return buffer.getvalue()


def save_png(path: Path, pixels: Pixels) -> None:
    """Write one image [H, W, C] as a PNG file, atomically."""
    replace_file(path, png_bytes(pixels))


def contact_sheet(pixels: Pixels, columns: int | None = None, gap: int = 2, scale: int = 0) -> Pixels:
    """Lay images [N, H, W, C] out in rows, as one image.

    `columns` defaults to a near-square sheet. Each image is enlarged `scale` times by repeating pixels; 0 picks
    the scale that makes small images at least 48 pixels high.
    """
    count, height, width, channels = pixels.shape
    columns = columns or math.ceil(math.sqrt(count))
    scale = scale or max(1, math.ceil(48 / height))
    enlarged = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    height, width, rows = height * scale, width * scale, math.ceil(count / columns)
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, channels), 255, np.uint8)
    for index, image in enumerate(enlarged):
        top = gap + index // columns * (height + gap)
        left = gap + index % columns * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet
