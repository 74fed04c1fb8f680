"""Whether received bytes are a whole image that Ganvas reads: by its header and its end, without decoding it."""

import io
import warnings
from typing import NamedTuple

from PIL import Image

from ganvas.data.decoding import FORMATS, refusal_of
from ganvas.errors import RefusedImage

_ENDINGS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "BMP": "bmp", "TIFF": "tif"}


class Checked(NamedTuple):
    """The format's usual ending of file names (no dot), and the size in pixels."""

    ending: str
    width: int
    height: int


def check_picture(content: bytes, max_pixels: int) -> Checked:
    """Return what an image file's header says; raise `RefusedImage` where it is none, or breaks off."""
    if not content:
        raise RefusedImage("empty", "The file is empty.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                name, (width, height) = image.format or "", image.size
                if name == "PNG":
                    image.verify()  # reads the chunks and their checksums, decodes nothing
        except Exception as error:  # readers of headers fed with foreign bytes raise anything
            raise refusal_of(error, content) from error
    if width * height > max_pixels:
        limit = f"the limit is {max_pixels / 1e6:g} megapixels"
        raise RefusedImage("bomb", f"It unpacks to {width}x{height} pixels; {limit}.")
    if not _is_whole(name, content):
        raise RefusedImage("truncated", "The image breaks off before its end.")
    return Checked(_ENDINGS.get(name, "ppm"), width, height)


def _is_whole(name: str, content: bytes) -> bool:
    """Tell whether the end of a file is there, where its format marks it."""
    if name in ("JPEG", "MPO"):
        return b"\xff\xd9" in content[-64 * 1024 :]
    if name == "PNG":
        return b"IEND" in content[-64 * 1024 :]
    if name == "GIF":
        return b"\x3b" in content[-1024:]
    if name == "WEBP":
        return len(content) >= 8 + int.from_bytes(content[4:8], "little")
    if name == "BMP":
        return len(content) >= int.from_bytes(content[2:6], "little")
    return True
