"""Any image file to uint8 pixels of one size: decode under limits, upright, sRGB, centre crop, Lanczos."""

import io
import math
import warnings
from typing import Literal

import numpy as np
from PIL import Image, UnidentifiedImageError

from ganvas.config import Config, Field
from ganvas.data.colour import in_mode, plain
from ganvas.errors import RefusedImage
from ganvas.images import Pixels

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
_OUR_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_OTHER_STARTS = {
    b"8BPS": "Photoshop",
    b"%PDF": "PDF",
    b"%!PS": "PostScript",
    b"<svg": "SVG",
    b"<?xml": "XML or SVG",
    b"\0\0\1\0": "ICO",
    b"\0\0\0\x0cjP": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL": "JPEG XL",
    b"PK\3\4": "ZIP archive",
}
_OTHER_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF"}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_EXIF_ORIENTATION = 0x0112

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""


class Preprocessing(Config):
    """What is done to every image before it is stored; the constants are recorded in the dataset's card."""

    size: int = Field(ge=1, le=4096, description="Width and height of every image, in pixels.")
    channels: Literal[1, 3] = Field(description="1 for greyscale (ITU-R BT.601), 3 for sRGB.")
    crop: Literal["centre"] = Field(
        default="centre", description="Which square is kept of an image that is not square."
    )
    resampling: Literal["lanczos"] = Field(
        default="lanczos", description="The filter of a change of size; antialiased."
    )
    background: Literal["white"] = Field(default="white", description="What transparent pixels are laid on.")
    frame: Literal["first"] = Field(
        default="first", description="Which image of an animation or of many pages is kept."
    )
    max_file_bytes: int = Field(default=64 * 2**20, ge=1, description="Larger files are refused, in bytes.")
    max_pixels: int = Field(
        default=100_000_000, ge=1, le=178_000_000, description="Larger images are refused, in pixels."
    )


def image_from_bytes(content: bytes, how: Preprocessing) -> Pixels:
    """Return an image file as uint8 [size, size, channels]; raise `RefusedImage` where it cannot be used.

    A JPEG is decoded at a reduced scale (in the cosine domain) where at least twice the size remains.
    """
    if not content:
        raise RefusedImage("empty", "The file is empty.")
    if len(content) > how.max_file_bytes:
        raise RefusedImage("too-large", f"The file is larger than {how.max_file_bytes / 2**20:.0f} MiB.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about metadata; the limits below are our own
        try:
            image, square = _decoded(content, how)
            turn = _UPRIGHT.get(_orientation(image))
            image, square = _cropped(image, square)
            image = _resized(plain(image), square, how)
            return _pixels(image if turn is None else image.transpose(turn), how)
        except RefusedImage:
            raise
        except Exception as error:  # decoders fed with foreign bytes raise anything
            raise _refusal_of(error, content) from error


def image_from_array(values: Pixels, how: Preprocessing) -> Pixels:
    """Return uint8 values [H, W], [H, W, 1] or [H, W, 3] as uint8 [size, size, channels]."""
    grey = values.ndim == 2 or values.shape[-1] == 1
    if values.shape[:2] == (how.size, how.size) and (1 if grey else 3) == how.channels:
        return values.reshape(how.size, how.size, how.channels)
    image = Image.fromarray(values.reshape(values.shape[:2]) if grey else values)
    return _pixels(_resized(*_cropped(image, _centre_square(*image.size)), how), how)


def _decoded(content: bytes, how: Preprocessing) -> tuple[Image.Image, Box]:
    """Return the image fully loaded, as it is stored, and its centre square."""
    image = Image.open(io.BytesIO(content), formats=FORMATS)
    width, height = image.size
    if width * height > how.max_pixels:
        raise RefusedImage(
            "bomb", f"It unpacks to {width}x{height} pixels; the limit is {how.max_pixels / 1e6:g} megapixels."
        )
    reduced = image.draft(None, (2 * how.size, 2 * how.size))
    image.load()
    if reduced is None:
        return image, _centre_square(*image.size)
    scale = width / reduced[1][2]  # 1, 2, 4 or 8; the last column or row may stand for fewer pixels
    left, top, right, bottom = _centre_square(width, height)
    return image, (left / scale, top / scale, right / scale, bottom / scale)


def _centre_square(width: int, height: int) -> Box:
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return left, top, left + side, top + side


def _cropped(image: Image.Image, square: Box) -> tuple[Image.Image, Box]:
    """Return the whole pixels that cover a square, with the file's metadata, and the square's place in them."""
    left, top = int(square[0]), int(square[1])
    right, bottom = min(math.ceil(square[2]), image.width), min(math.ceil(square[3]), image.height)
    if (left, top, right, bottom) == (0, 0, *image.size):
        return image, square
    cropped = image.crop((left, top, right, bottom))
    cropped.info = dict(image.info)
    return cropped, (square[0] - left, square[1] - top, square[2] - left, square[3] - top)


def _resized(image: Image.Image, square: Box, how: Preprocessing) -> Image.Image:
    """Return the square of an image of mode L or RGB, resized."""
    if image.size == (how.size, how.size) and square == (0, 0, how.size, how.size):
        return image
    return image.resize((how.size, how.size), Image.Resampling.LANCZOS, box=square)


def _pixels(image: Image.Image, how: Preprocessing) -> Pixels:
    image = in_mode(image, "L" if how.channels == 1 else "RGB")
    return np.asarray(image).reshape(how.size, how.size, how.channels)


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # broken metadata is no reason to refuse a picture
        return 1


def _refusal_of(error: Exception, content: bytes) -> RefusedImage:
    if isinstance(error, Image.DecompressionBombError):
        return RefusedImage("bomb", f"It unpacks to too many pixels: {error}")
    if isinstance(error, MemoryError):
        return RefusedImage("too-large", "It needs more memory than there is.")
    if isinstance(error, UnidentifiedImageError):
        return _refusal_of_start(content)
    words = str(error) or type(error).__name__
    kind = "truncated" if "truncated" in words.lower() or isinstance(error, EOFError) else "damaged"
    return RefusedImage(kind, f"It cannot be decoded: {words}.")


def _refusal_of_start(content: bytes) -> RefusedImage:
    """Return why Pillow does not know a file at all, from its first bytes."""
    readable = "Ganvas reads PNG, JPEG, WebP, GIF, BMP, TIFF and PPM"
    other = next((name for start, name in _OTHER_STARTS.items() if content.startswith(start)), None)
    if content[4:8] == b"ftyp":
        other = _OTHER_BRANDS.get(content[8:12], "a video")
    if other:
        return RefusedImage("format", f"It is of the format {other}; {readable}. Convert it.")
    if content.startswith(_OUR_STARTS):
        return RefusedImage("damaged", "It starts like an image, but its header cannot be read.")
    return RefusedImage("not-an-image", f"Its bytes are not those of an image; {readable}.")
