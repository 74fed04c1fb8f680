"""The bytes of an image file as an upright picture, under limits, or the reason why there is none."""

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image, UnidentifiedImageError

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
_SWAPS_SIDES = (5, 6, 7, 8)
_TURNS_RIGHT_TO_LEFT, _TURNS_BOTTOM_TO_TOP = (2, 3, 6, 7), (3, 4, 7, 8)
_EXIF_ORIENTATION = 0x0112

Frames = Literal["first", "refuse"]


class Picture(NamedTuple):
    """A loaded image, upright, in its own colours, perhaps decoded at a reduced scale.

    The pixel at (x, y) of the full picture, which is `width` x `height`, is decoded at (left + x / scale,
    top + y / scale); `format` is Pillow's name.
    """

    image: Image.Image
    width: int
    height: int
    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0
    format: str | None = None


def decode(content: bytes, max_pixels: int, frames: Frames, needed: Callable[[int, int], tuple[int, int]]) -> Picture:
    """Decode an image file; raise `RefusedImage` where it cannot be used.

    `needed(width, height)` tells how large the whole picture must at least be decoded: a JPEG is then decoded at
    1/2, 1/4 or 1/8 (in the cosine domain) where that is enough.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about metadata; the limits below are our own
        try:
            return _decoded(content, max_pixels, frames, needed)
        except RefusedImage:
            raise
        except Exception as error:  # decoders fed with foreign bytes raise anything
            raise refusal_of(error, content) from error


def mode_of(content: Path | bytes) -> str | None:
    """Return how the header of an image file says its colours are stored, in Pillow's words; None where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content) if isinstance(content, bytes) else content, formats=FORMATS) as image:
                return image.mode
    except Exception:  # decoders fed with foreign bytes raise anything
        return None


def picture_of(values: Pixels) -> Picture:
    """Return uint8 values [H, W] or [H, W, C] (C = 1, 3 or 4) as a picture."""
    image = Image.fromarray(values.reshape(values.shape[:2]) if values.shape[2:] == (1,) else values)
    return Picture(image, *image.size)


def refusal_of(error: Exception, content: bytes) -> RefusedImage:
    """Return what an error met while decoding says about a file."""
    if isinstance(error, Image.DecompressionBombError):
        return RefusedImage("bomb", f"It unpacks to more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels.")
    if isinstance(error, MemoryError):
        return RefusedImage("too-large", "It needs more memory than there is.")
    if isinstance(error, UnidentifiedImageError):
        return _refusal_of_start(content)
    words = str(error) or "its parts do not fit together"
    kind = "truncated" if "truncated" in words.lower() or isinstance(error, EOFError) else "damaged"
    return RefusedImage(kind, f"It cannot be decoded: {words}.")


def _decoded(content: bytes, max_pixels: int, frames: Frames, needed: Callable[[int, int], tuple[int, int]]) -> Picture:
    image = Image.open(io.BytesIO(content), formats=FORMATS)
    if image.width * image.height > max_pixels:
        raise RefusedImage(
            "bomb", f"It unpacks to {image.width}x{image.height} pixels; the limit is {max_pixels / 1e6:g} megapixels."
        )
    if frames == "refuse" and getattr(image, "is_animated", False):
        raise RefusedImage("animated", "It holds several images, and the setting `frame` says to refuse those.")
    name, reduced, stored = image.format, None, image.size
    if name == "JPEG":
        swap = _orientation(image) in _SWAPS_SIDES
        reduced = image.draft(None, _sides(needed(*_sides(stored, swap)), swap))
    image.load()
    if name != "JPEG":
        stored = image.size  # a TIFF turns itself while it is loaded
    orientation = _orientation(image)  # now, as asking a PNG loads it, and hides what is wrong with it
    width, height = _sides(stored, orientation in _SWAPS_SIDES)
    turn = _UPRIGHT.get(orientation)
    upright = image if turn is None else image.transpose(turn)
    scale = stored[0] / reduced[1][2] if reduced else 1.0
    # of a reduced image the last stored column and row may stand for fewer pixels, wherever they are turned to
    left = upright.width - width / scale if orientation in _TURNS_RIGHT_TO_LEFT else 0.0
    top = upright.height - height / scale if orientation in _TURNS_BOTTOM_TO_TOP else 0.0
    return Picture(upright, width, height, scale, left, top, name)


def _sides(size: tuple[int, int], swap: bool) -> tuple[int, int]:
    return (size[1], size[0]) if swap else size


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # broken metadata is no reason to refuse a picture
        return 1


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
