"""Images laid on the canvas that a generator cuts them from, so that every halving of it is even."""

from torch import Tensor
from torch.nn.functional import pad

from ganvas.images import ImageShape
from ganvas.models.resolutions import coarse_size, num_doublings


def canvas_size(image_shape: ImageShape) -> tuple[int, int]:
    """Return height and width of the coarse map, doubled back: those of the image or a little more."""
    height, width = coarse_size(image_shape)
    return height << num_doublings(image_shape), width << num_doublings(image_shape)


def padded(images: Tensor, image_shape: ImageShape) -> Tensor:
    """Return images [N, C, H, W] on their canvas, zeros around: what `centre_crop` undoes."""
    (height, width), (_, rows, columns) = canvas_size(image_shape), image_shape
    top, left = (height - rows) // 2, (width - columns) // 2
    return pad(images, (left, width - columns - left, top, height - rows - top))
