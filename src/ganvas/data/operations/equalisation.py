"""Histogram equalisation of the luminance, over the whole image or by tiles."""

from typing import Literal

import numpy as np

from ganvas.config import Field
from ganvas.data.operations.luminance import through_luminance
from ganvas.data.operations.operation import Operation, to_bytes
from ganvas.images import Pixels


class Equalise(Operation):
    """Histogram equalisation: v' = round(255 (cdf(v) - cdf(min)) / (N - cdf(min))), cdf counting pixels up to v.

    Of colour images the luminance (BT.601) is equalised, the colour differences kept, the result clamped. An image
    of one value stays as it is. Not invertible: the histogram is forgotten.
    Source: Gonzalez and Woods, "Digital Image Processing", 4th edition, section 3.3, in the form of OpenCV.
    """

    name: Literal["equalise"] = "equalise"

    def _edit(self, pixels: Pixels) -> Pixels:
        return through_luminance(pixels, _equalised)


class Clahe(Operation):
    """Contrast-limited adaptive histogram equalisation, interpolated between tiles.

    A tile is ceil(H / tiles) x ceil(W / tiles) pixels. In its histogram of 256 values no value counts more than
    `clip_limit` times the pixels of the tile (at least 1); the excess is spread evenly. The luminance (BT.601) is
    first stretched to the whole range; colour differences are kept, the result clamped. An image of one value stays
    as it is. Not invertible.
    Source: Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", Graphics Gems IV, 1994, as
    `skimage.exposure.equalize_adapthist`.
    """

    library = "skimage"
    name: Literal["clahe"] = "clahe"
    clip_limit: float = Field(default=0.01, gt=0, le=1, description="Share of a tile that one value may hold.")
    tiles: int = Field(default=8, ge=1, le=64, description="Along each side.")

    def _edit(self, pixels: Pixels) -> Pixels:
        return through_luminance(pixels, self._adapted)

    def _adapted(self, grey: Pixels) -> Pixels:
        from skimage.exposure import equalize_adapthist

        if grey.min() == grey.max():
            return grey
        tile = [-(-side // self.tiles) for side in grey.shape]
        return to_bytes(255 * equalize_adapthist(grey, kernel_size=tile, clip_limit=self.clip_limit, nbins=256))


def _equalised(grey: Pixels) -> Pixels:
    cumulative = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    lowest = cumulative[grey.min()]
    if lowest == grey.size:
        return grey
    return to_bytes((cumulative - lowest) * (255 / (grey.size - lowest)))[grey]
