"""Six ways to spoil images, each in five levels that grow; the draws of one way are the same at every level."""

import io

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from ganvas.metrics.protocol import ImageSet
from ganvas.seeds import Stream

LEVELS = 5


def blurred(images, level):
    """A Gaussian of a growing width in pixels."""
    width = (0.5, 0.7, 1.0, 1.5, 2.2)[level]
    return as_bytes(gaussian_filter(images.pixels.astype(np.float32), (0, width, width, 0)))


def noisy(images, level):
    """Gaussian noise of a growing deviation in grey levels."""
    shape = images.pixels.shape
    noise = Stream(0, "noise").normal(shape[0], int(np.prod(shape[1:]))).reshape(shape)
    return as_bytes(images.pixels + (8, 16, 28, 45, 70)[level] * noise)


def compressed(images, level):
    """JPEG of a falling quality."""
    return np.stack([through_jpeg(image, (70, 45, 28, 15, 6)[level]) for image in images.pixels])


def occluded(images, level):
    """A grey square that covers a growing share of each side, somewhere."""
    count, height, width, _ = images.pixels.shape
    side = round((0.15, 0.25, 0.35, 0.5, 0.7)[level] * height)
    places = (Stream(0, "occlusion").uniform(count, 2) * (height - side + 1, width - side + 1)).astype(int)
    spoilt = images.pixels.copy()
    for image, (top, left) in zip(spoilt, places, strict=True):
        image[top : top + side, left : left + side] = 128
    return spoilt


def crowded(images, level):
    """A growing share of the images replaced by others of class 0: the classes are there no more as they should."""
    share = (0.1, 0.2, 0.35, 0.55, 0.8)[level]
    order = Stream(0, "crowding").permutation(len(images.pixels))[: round(share * len(images.pixels))]
    crowd = images.pixels[images.labels == 0]
    spoilt = images.pixels.copy()
    spoilt[order] = crowd[np.arange(len(order)) % len(crowd)]
    return spoilt


def faded(images, level):
    """Contrast that falls towards the mean of each image, as Hendrycks and Dietterich 2019 define it."""
    means = images.pixels.mean((1, 2, 3), dtype=np.float32, keepdims=True)
    return as_bytes(means + (images.pixels - means) * (0.85, 0.7, 0.5, 0.33, 0.15)[level])


def greyed(images, kept):
    """Contrast that falls towards middle grey: of drawings on black, above all the ground grows brighter."""
    return as_bytes(127.5 + (images.pixels.astype(np.float32) - 127.5) * kept)


CORRUPTIONS = {
    "blur": blurred,
    "noise": noisy,
    "jpeg": compressed,
    "occlusion": occluded,
    "crowding": crowded,
    "fading": faded,
}


def through_jpeg(image, quality):
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer)).reshape(image.shape)


def as_bytes(values):
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def some(images, count, purpose):
    """Return `count` of the images and others of as many, drawn at random."""
    order = Stream(0, purpose).permutation(len(images.pixels))
    first, second = np.sort(order[:count]), np.sort(order[count : 2 * count])
    return tuple(ImageSet(images.pixels[chosen], images.labels[chosen]) for chosen in (first, second))
