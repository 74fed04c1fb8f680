"""Black and white by luminance."""

from typing import Literal

import numpy as np

from ganvas.config import Field
from ganvas.data.operations.luminance import luminance, replicated
from ganvas.data.operations.operation import Operation
from ganvas.images import Pixels


class Threshold(Operation):
    """255 where the luminance (BT.601) is above `level`, else 0, in every channel. Not invertible."""

    name: Literal["threshold"] = "threshold"
    level: int = Field(default=127, ge=0, le=254, description="The highest luminance that becomes black.")

    def _edit(self, pixels: Pixels) -> Pixels:
        return _split(pixels, self.level)


class Otsu(Operation):
    """255 where the luminance is above the level that maximises the variance between the two sides, else 0.

    An image of one value becomes black or white, whichever is nearer. Not invertible.
    Source: Otsu, "A Threshold Selection Method from Gray-Level Histograms", 1979, as `skimage.filters.threshold_otsu`.
    """

    library = "skimage"
    name: Literal["otsu"] = "otsu"

    def _edit(self, pixels: Pixels) -> Pixels:
        from skimage.filters import threshold_otsu

        grey = luminance(pixels)
        return _split(pixels, 127 if grey.min() == grey.max() else int(threshold_otsu(grey)))


def _split(pixels: Pixels, level: int) -> Pixels:
    return replicated(np.where(luminance(pixels) > level, 255, 0).astype(np.uint8), pixels)
