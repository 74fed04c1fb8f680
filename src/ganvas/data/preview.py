"""Pictures as they came beside what was made of them."""

from collections.abc import Sequence

import numpy as np

from ganvas.data.framing import Framing
from ganvas.data.inspection import inspect
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.sources.source import Item
from ganvas.images import Pixels, contact_sheet

_CHECKS = (255, 204)
_SIDE = 128


def before_and_after(items: Sequence[Item], after: Pixels, how: Preprocessing) -> Pixels:
    """Return one sheet [H, W, 3] of the originals of N items, in pairs with the images `after` [N, h, w, C].

    What is transparent lies on grey checks.
    """
    whole = Preprocessing.read(
        {"size": _SIDE, "channels": 4, "fit": "pad", "frame": how.frame, "max_pixels": how.max_pixels}, "the preview"
    )
    pairs: list[Pixels] = []
    for item, made in zip(items, after, strict=True):
        original = inspect(item, whole).pixels
        if original is not None:
            pairs += [_on_checks(original), _on_checks(_enlarged(made))]
    return contact_sheet(np.stack(pairs), columns=8, gap=6, scale=1)


def _enlarged(image: Pixels) -> Pixels:
    """Return an image [h, w, C] in a square, each pixel repeated as often as fits, or made smaller."""
    height, width, channels = image.shape
    scale = max(1, _SIDE // max(height, width))
    image = image.repeat(scale, axis=0).repeat(scale, axis=1)
    if max(image.shape[:2]) > _SIDE:
        from PIL import Image

        picture = Image.fromarray(image[..., 0] if channels == 1 else image)
        framing = Framing(fit="pad", resampling="box")
        image = np.asarray(framing.resized(picture, (0, 0, *picture.size), (_SIDE, _SIDE)))
        return image.reshape(_SIDE, _SIDE, channels)
    top, left = (_SIDE - image.shape[0]) // 2, (_SIDE - image.shape[1]) // 2
    square = np.full((_SIDE, _SIDE, channels), 255, np.uint8)
    square[top : top + image.shape[0], left : left + image.shape[1]] = image
    return square


def _on_checks(image: Pixels) -> Pixels:
    """Return an image [H, W, C] as RGB [H, W, 3]."""
    if image.shape[2] != 4:
        return np.broadcast_to(image, (*image.shape[:2], 3)).copy()
    rows, columns = np.indices(image.shape[:2]) // 8
    checks = np.where((rows + columns) % 2, *_CHECKS)[..., None]
    alpha = image[..., 3:] / 255
    return np.rint(alpha * image[..., :3] + (1 - alpha) * checks).astype(np.uint8)
