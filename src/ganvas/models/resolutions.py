"""Resolutions that convolutional players go through: a coarse map of 4 to 7 px, doubled until it covers the image.

The smaller side counts the doublings; a map that ends larger than the image is cropped about its centre. So 28 px
start at 7x7, 32 px at 4x4, and 20x12 px at 10x6.
"""

from torch import Tensor

from ganvas.images import ImageShape

SMALLEST, LARGEST = 8, 128
WIDEST = 16  # times the finest level's channels


def refuse_size(image_shape: ImageShape) -> str | None:
    """Return why convolutional players cannot do this height or width; None when they can."""
    if all(SMALLEST <= side <= LARGEST for side in image_shape[1:]):
        return None
    return f"it does heights and widths from {SMALLEST} to {LARGEST} px. Prepare with a `--size` in that range."


def num_doublings(image_shape: ImageShape) -> int:
    """Return how often the coarse map is doubled: the smaller side halved so often is 4 to 7 px."""
    return max(min(image_shape.height, image_shape.width).bit_length() - 3, 1)


def coarse_size(image_shape: ImageShape) -> tuple[int, int]:
    """Return height and width of the coarse map: those of the image halved, rounded up."""
    factor = 2 ** num_doublings(image_shape)
    return -(-image_shape.height // factor), -(-image_shape.width // factor)


def level_widths(width: int, num_levels: int, most: int = 0) -> list[int]:
    """Return the channels of each level, the finest first: doubled at each, up to `most` (0 = 16 times the first)."""
    return [min(width * 2**level, most or width * WIDEST) for level in range(num_levels)]


def centre_crop(images: Tensor, image_shape: ImageShape) -> Tensor:
    """Cut the middle [N, C, H, W] out of images that are larger."""
    _, height, width = image_shape
    top, left = (images.shape[2] - height) // 2, (images.shape[3] - width) // 2
    return images[:, :, top : top + height, left : left + width]
