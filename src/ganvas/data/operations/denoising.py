"""Noise taken out, in each colour channel."""

from typing import Literal

import numpy as np

from ganvas.config import Field
from ganvas.data.operations.operation import Operation, to_bytes
from ganvas.images import Pixels


class Median(Operation):
    """The median of the square of `size` x `size` pixels around each, channel by channel; reflected at the borders.

    Not invertible. Source: Tukey, "Exploratory Data Analysis", 1977; as `scipy.ndimage.median_filter`.
    """

    name: Literal["median"] = "median"
    size: Literal[3, 5, 7, 9, 11] = Field(default=3, description="Side of the square in pixels: 3, 5, 7, 9 or 11.")

    def _edit(self, pixels: Pixels) -> Pixels:
        from scipy.ndimage import median_filter

        return median_filter(pixels, size=(self.size, self.size, 1))


class Gaussian(Operation):
    """Convolution with exp(-r^2 / (2 sigma^2)), normalised, channel by channel; cut at 4 sigma, reflected at borders.

    Computed in float64, then rounded. Not invertible. As `scipy.ndimage.gaussian_filter`.
    """

    name: Literal["gaussian"] = "gaussian"
    sigma: float = Field(default=1.0, ge=0.1, le=50, description="Deviation of the kernel, in pixels.")

    def _edit(self, pixels: Pixels) -> Pixels:
        from scipy.ndimage import gaussian_filter

        return to_bytes(gaussian_filter(pixels.astype(np.float64), sigma=(self.sigma, self.sigma, 0)))


class NonLocalMeans(Operation):
    """Weighted mean of the pixels near by, the weight exp(-d^2 / h^2), d^2 the mean square difference of patches.

    Patches of all channels together; `strength` is h in levels of 255, about 0.8 to 1 times the noise's deviation.
    Not invertible.
    Source: Buades, Coll and Morel, "A non-local algorithm for image denoising", CVPR 2005; fast form of Froment,
    IPOL 2014, as `skimage.restoration.denoise_nl_means` with `fast_mode`.
    """

    library = "skimage"
    name: Literal["nl_means"] = "nl_means"
    strength: float = Field(default=10.0, gt=0, le=255, description="Filtering strength h, in levels of 255.")
    patch: Literal[3, 5, 7, 9] = Field(default=5, description="Side of the patches compared in pixels: 3, 5, 7 or 9.")
    distance: int = Field(default=6, ge=1, le=20, description="How far away patches are looked for, in pixels.")

    def _edit(self, pixels: Pixels) -> Pixels:
        from skimage.restoration import denoise_nl_means

        smooth = denoise_nl_means(
            pixels.astype(np.float64),
            patch_size=self.patch,
            patch_distance=self.distance,
            h=self.strength,
            fast_mode=True,
            preserve_range=True,
            channel_axis=-1,
        )
        return to_bytes(smooth.reshape(pixels.shape))
