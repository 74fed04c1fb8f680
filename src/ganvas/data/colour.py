"""Any Pillow image as plain 8-bit greyscale or RGB and its alpha: deep values scaled, colour profiles applied."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms, ImageColor

from ganvas.errors import RefusedImage

_WHITE_OF_INTEGERS = (65535, 2**31 - 1)
_WHITE_OF_FLOATS = (1.0, 255.0, 65535.0)
_PROFILE_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}
_GREY_MODES = ("1", "L", "LA", "La")


def plain(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Return a loaded image in mode L or RGB, in sRGB, and its alpha as L (None: opaque).

    16-bit values are divided by 257; 32-bit integers and floats by the lowest usual white that holds them all
    (65,535 or 2^31 - 1; 1, 255 or 65,535). A broken or unfitting profile is ignored.
    """
    profile = image.info.get("icc_profile")
    if image.mode == "F" or image.mode.startswith("I"):
        return to_srgb(_eight_bits(image), profile), None
    base, alpha = _without_alpha(image)
    return to_srgb(base, profile), alpha


def laid_on(image: Image.Image, alpha: Image.Image | None, background: str) -> Image.Image:
    """Return an image of mode L or RGB composited on a colour: alpha x + (1 - alpha) background."""
    if alpha is None:
        return image
    canvas = Image.new(image.mode, image.size, ImageColor.getcolor(background, image.mode))
    canvas.paste(image, mask=alpha)
    return canvas


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return an L, RGB or CMYK image in sRGB: by its profile where that fits, by Pillow's own formulas otherwise."""
    target = "L" if image.mode == "L" else "RGB"
    transform = _transform(profile, image.mode) if profile else None
    if transform is not None:
        try:
            return in_mode(transform.apply(image), target)
        except (ImageCms.PyCMSError, ValueError, OSError):
            return in_mode(image, target)
    return in_mode(image, target)


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """Return the image in a mode; itself, not a copy, where it has that mode."""
    return image if image.mode == mode else image.convert(mode)


def _eight_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    if image.mode.startswith("I;16"):
        return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))
    if not np.isfinite(values).all():
        raise RefusedImage("range", "Its values are not all finite.")
    whites = _WHITE_OF_FLOATS if image.mode == "F" else _WHITE_OF_INTEGERS
    highest = values.max()
    white = next((white for white in whites if highest <= white), None)
    if white is None:
        raise RefusedImage("range", f"Its values go up to {highest:g}; there is no usual white so high.")
    scaled = np.rint(values.astype(np.float64) * (255 / white))
    return Image.fromarray(np.clip(scaled, 0, 255).astype(np.uint8))


def _without_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Return the image as L, RGB or CMYK, and its alpha as L."""
    grey = image.mode in _GREY_MODES
    if image.has_transparency_data and image.mode != "CMYK":
        straight = image.convert("RGBA")
        return straight.convert("L" if grey else "RGB"), straight.getchannel("A")
    if image.mode == "CMYK":
        return image, None
    return in_mode(image, "L" if grey else "RGB"), None


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the way from a profile to sRGB; None where the profile is sRGB, broken, or for other colours."""
    try:
        opened = ImageCms.getOpenProfile(io.BytesIO(profile))
        if getattr(opened.profile, "xcolor_space", "").strip() != _PROFILE_SPACES.get(mode):
            return None
        if "sRGB" in ImageCms.getProfileDescription(opened):
            return None
        return ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, ValueError, TypeError, OSError):
        return None
