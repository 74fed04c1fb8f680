"""Quality flags, relative to the set: what is dark among photographs is ordinary among digits.

A flag says that an image is unlike the others, not that it is bad: whether it is kept is a matter of policy. Scores
are robust z-scores, (value - median) / (1.4826 * median absolute deviation), whose spread has a floor, so that a set
of equal images flags nothing.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ganvas.config import Config, Field
from ganvas.data.measures import Measured
from ganvas.data.outliers import outlyingness
from ganvas.errors import DataError

FLAGS = ("dark", "light", "low-information", "blurry", "odd-size", "odd-aspect", "outlier", "blank")
"""Every flag: `blank` (all of one value) is a fact, the others compare with the set."""

Flags = Mapping[str, NDArray[np.bool_]]
_TO_DEVIATION = 1.4826  # of a normal distribution: standard deviation over median absolute deviation


class QualityLimits(Config):
    """How far from the median an image is flagged, in robust standard deviations; and the least spread assumed."""

    z_score: float = Field(default=4.0, gt=0, description="Deviations beyond which size, aspect or information is odd.")
    z_score_brightness: float = Field(default=3.5, gt=0, description="The same of the mean luma.")
    z_score_sharpness: float = Field(default=4.0, gt=0, description="The same of the logarithm of sharpness.")
    z_score_outlier: float = Field(default=3.5, gt=0, description="The same of the distance to the nearest others.")
    least_spread_brightness: float = Field(default=0.05, gt=0, description="A deviation is at least this luma, of 1.")
    least_spread_entropy: float = Field(default=0.6, gt=0, description="A deviation is at least this many bits.")
    least_spread_sharpness: float = Field(default=0.1, gt=0, description="The same of the logarithm of sharpness.")
    least_spread_size: float = Field(default=0.45, gt=0, description="The same of the logarithm of the shorter side.")
    least_spread_aspect: float = Field(default=0.2, gt=0, description="The same of the log of width over height.")
    least_spread_outlier: float = Field(default=0.15, gt=0, description="The same of the logarithm of the distance.")
    least_images: int = Field(default=20, ge=1, description="Smaller sets flag only what is blank.")


def flags(
    measured: Measured,
    widths: NDArray[np.int64],
    heights: NDArray[np.int64],
    limits: QualityLimits | None = None,
) -> dict[str, NDArray[np.bool_]]:
    """Return for each name of `FLAGS` which of N images have it [N]; `widths`, `heights` [N]: the originals'.

    Blank images have no other flag and do not shift the medians. Lengths that differ are a `DataError`.
    """
    num = len(measured.contrast)
    if not num == len(widths) == len(heights):
        raise DataError(
            f"Quality flags need measures, width and height of each image; found {num} measures, "
            f"{len(widths)} widths and {len(heights)} heights."
        )
    limits = limits or QualityLimits()
    blank = measured.contrast == 0
    found = {name: np.zeros(num, np.bool_) for name in FLAGS} | {"blank": blank}
    seen = np.flatnonzero(~blank)
    if len(seen) < limits.least_images:
        return found
    relative = _of_light(measured, seen, limits) | _of_shape(widths[seen], heights[seen], limits)
    distance = outlyingness(measured.thumbnails[seen])
    relative["outlier"] = _scores(distance, limits.least_spread_outlier) > limits.z_score_outlier
    for name, values in relative.items():
        found[name][seen] = values
    return found


def _of_light(measured: Measured, seen: NDArray[np.int64], limits: QualityLimits) -> dict[str, NDArray[np.bool_]]:
    brightness, contrast, entropy, sharpness = (values[seen] for values in measured[:4])
    light = _scores(brightness, limits.least_spread_brightness)
    information = _scores(entropy, limits.least_spread_entropy)
    told = sharpness > 0
    sharp = np.zeros(len(seen))
    if told.any():
        sharp[told] = _scores(np.log(sharpness[told]), limits.least_spread_sharpness)
    faint = contrast < 0.25 * np.median(contrast)
    return {
        "dark": light < -limits.z_score_brightness,
        "light": light > limits.z_score_brightness,
        "low-information": (information < -limits.z_score) | faint,
        "blurry": sharp < -limits.z_score_sharpness,
    }


def _of_shape(
    widths: NDArray[np.int64], heights: NDArray[np.int64], limits: QualityLimits
) -> dict[str, NDArray[np.bool_]]:
    size = _scores(np.log(np.minimum(widths, heights)), limits.least_spread_size)
    aspect = _scores(np.log(widths / heights), limits.least_spread_aspect)
    return {"odd-size": np.abs(size) > limits.z_score, "odd-aspect": np.abs(aspect) > limits.z_score}


def _scores(values: NDArray[np.floating], least_spread: float) -> NDArray[np.floating]:
    """Return robust z-scores [N] of values [N]."""
    middle = np.median(values)
    spread = _TO_DEVIATION * np.median(np.abs(values - middle))
    return (values - middle) / max(spread, least_spread)
