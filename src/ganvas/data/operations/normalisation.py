"""Contrast made the same in every image, mapped to bytes by a constant range."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ganvas.config import Field
from ganvas.data.operations.operation import Operation, to_bytes
from ganvas.images import Pixels


class Standardise(Operation):
    """Positive standardisation per image: z = (v - mean) / deviation, then [-limit, limit] becomes [0, 255], clamped.

    v' = 255 (z + limit) / (2 limit); mean and (population) deviation over all colour values, or of each channel.
    An image of one value becomes 128. Not invertible: mean and deviation are forgotten.
    """

    name: Literal["standardise"] = "standardise"
    limit: float = Field(default=3.0, gt=0, le=20, description="Deviations from the mean that become 0 and 255.")
    per_channel: bool = Field(default=False, description="Each channel by its own mean and deviation.")

    def _edit(self, pixels: Pixels) -> Pixels:
        axes = (0, 1) if self.per_channel else None
        centred = pixels - pixels.mean(axis=axes, keepdims=True, dtype=np.float64)
        deviation = np.sqrt(np.square(centred).mean(axis=axes, keepdims=True))
        return _in_range(centred / np.where(deviation == 0, 1, deviation), self.limit)


class GlobalContrast(Operation):
    """Global contrast normalisation: x' = s (x - mean) / max(epsilon, sqrt(lambda + mean((x - mean)^2))).

    x are the colour values in 0 ... 255, all channels together; then [-limit, limit] becomes [0, 255], clamped.
    `scale` is s and `bias` lambda. Not invertible: mean and contrast are forgotten.
    Source: Goodfellow, Bengio and Courville, "Deep Learning", 2016, equation 12.3; lambda = 10 as Coates, Ng and
    Lee, "An Analysis of Single-Layer Networks in Unsupervised Feature Learning", AISTATS 2011.
    """

    name: Literal["gcn"] = "gcn"
    scale: float = Field(default=1.0, gt=0, le=100, description="Contrast that images get.")
    bias: float = Field(default=10.0, ge=0, le=65025, description="Added to the variance: spares flat images.")
    epsilon: float = Field(default=1e-8, gt=0, le=255, description="The contrast divided by is at least this.")
    limit: float = Field(default=3.0, gt=0, le=300, description="The values -limit and limit become 0 and 255.")

    def _edit(self, pixels: Pixels) -> Pixels:
        centred = pixels - pixels.mean(dtype=np.float64)
        contrast = np.sqrt(self.bias + np.square(centred).mean())
        return _in_range(self.scale * centred / max(self.epsilon, contrast), self.limit)


class LocalContrast(Operation):
    """Local contrast normalisation: v = x - w * x, then v / max(mean(sigma), sigma) with sigma = sqrt(w * v^2).

    w is a Gaussian window over the neighbourhood and all channels (reflected at the borders, cut at 4 deviations);
    [-limit, limit] becomes [0, 255], clamped. An image of one value becomes 128. Not invertible.
    Source: Jarrett, Kavukcuoglu, Ranzato and LeCun, "What is the Best Multi-Stage Architecture for Object
    Recognition?", ICCV 2009, section 2.
    """

    name: Literal["lcn"] = "lcn"
    sigma: float = Field(default=4.0, ge=0.3, le=100, description="Deviation of the window, in pixels.")
    limit: float = Field(default=3.0, gt=0, le=100, description="The values -limit and limit become 0 and 255.")

    def _edit(self, pixels: Pixels) -> Pixels:
        centred = pixels - self._window(pixels.astype(np.float64))
        deviation = np.sqrt(self._window(np.square(centred)))
        floor = np.maximum(deviation, deviation.mean())
        quiet = floor < 1e-6  # rounding of the window over an image of one value
        return _in_range(np.where(quiet, 0, centred / np.where(quiet, 1, floor)), self.limit)

    def _window(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weighted mean around each place and over the channels: [H, W, 1]."""
        from scipy.ndimage import gaussian_filter

        return gaussian_filter(values.mean(axis=-1), self.sigma)[..., None]


def _in_range(values: NDArray[Any], limit: float) -> Pixels:
    return to_bytes((values + limit) * (127.5 / limit))
