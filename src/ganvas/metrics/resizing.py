"""How images become the size that a feature network takes; never back to whole grey levels in between."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.errors import ModelError
from ganvas.images import Pixels


def area_averaged(pixels: Pixels, size: int) -> NDArray[np.float32]:
    """Return images [N, H, W, C] averaged to [N, size, size, C], each source pixel by the area it covers, in 0..255.

    An image that is enlarged keeps hard edges between its pixels.
    """
    if pixels.shape[1:3] == (size, size):
        return pixels.astype(np.float32)
    vertical, horizontal = (_area_weights(length, size) for length in pixels.shape[1:3])
    rows = np.tensordot(pixels.astype(np.float32), vertical, axes=(1, 1))  # [N, W, C, size]
    return np.tensordot(rows, horizontal, axes=(1, 1)).transpose(0, 2, 3, 1)  # [N, C, size, size] before


def clean_resized(pixels: Pixels, size: int) -> NDArray[np.float32]:
    """Return images [N, H, W, C], C = 1 or 3, as [N, 3, size, size] in 0..255, grey ones in three equal channels.

    Pillow's bicubic filter, which widens when an image shrinks, for each channel in float32, cut off at 0 and 255
    (Parmar et al. 2022, "On Aliased Resizing and Surprising Subtleties in GAN Evaluation",
    https://arxiv.org/abs/2104.11222). The sides need not be equal: a picture is stretched to a square.

    Raises `ModelError` for another number of channels.
    """
    count, channels = len(pixels), pixels.shape[-1]
    if channels not in (1, 3):
        raise ModelError(
            f"Images with 1 or 3 channels were expected; these have {channels}. Prepare the dataset without alpha, "
            "or score with the features `pixels8`."
        )
    resized = np.empty((count, channels, size, size), np.float32)
    for index, image in enumerate(pixels):
        for channel in range(channels):
            plane = Image.fromarray(image[:, :, channel].astype(np.float32))  # Pillow's mode F: 32-bit float
            resized[index, channel] = np.asarray(plane.resize((size, size), Image.Resampling.BICUBIC))
    return np.broadcast_to(resized.clip(0, 255, out=resized), (count, 3, size, size))


def _area_weights(length: int, size: int) -> NDArray[np.float32]:
    """Return weights [size, length]: the share of output cell i that input cell j covers."""
    edges = np.arange(size + 1) * length / size
    starts, stops = edges[:-1, None], edges[1:, None]
    cells = np.arange(length)
    overlap = np.minimum(stops, cells + 1) - np.maximum(starts, cells)
    return (overlap.clip(0) * size / length).astype(np.float32)
