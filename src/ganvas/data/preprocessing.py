"""Any image file to uint8 pixels of one shape: decode under limits, upright, sRGB, framed, edited."""

from typing import Any, Literal, NamedTuple

import numpy as np
from PIL import ImageColor
from pydantic import model_validator

from ganvas.config import Field
from ganvas.data.colour import in_mode, laid_on, plain
from ganvas.data.decoding import Picture, decode, picture_of, refusal_of
from ganvas.data.framing import Framing
from ganvas.data.measures import Measures, measure
from ganvas.data.operations.operation import AnyOperation
from ganvas.data.sources.source import MAX_FILE_BYTES
from ganvas.errors import RefusedImage
from ganvas.images import Pixels

MAX_SIDE = 4096
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


class Editing(Framing):
    """What is done to every picture, whatever the shape of the set."""

    frame: Literal["first", "refuse"] = Field(
        default="first", description="Of animations and files of many pages: the first image is taken, or none."
    )
    operations: tuple[AnyOperation, ...] = Field(
        default=(), description="Edits of every image after it has its size, in this order."
    )
    max_file_bytes: int = Field(default=MAX_FILE_BYTES, ge=1, description="Larger files are refused, in bytes.")
    max_pixels: int = Field(
        default=100_000_000, ge=1, le=178_000_000, description="Larger images are refused, in pixels."
    )


class Preprocessing(Editing):
    """What is done to every image before it is stored; the constants are recorded in the dataset's card."""

    height: int = Field(ge=1, le=MAX_SIDE, description="Of every image, in pixels.")
    width: int = Field(ge=1, le=MAX_SIDE, description="Of every image, in pixels.")
    channels: Literal[1, 3, 4] = Field(description="1 for greyscale (ITU-R BT.601), 3 for sRGB, 4 for sRGB and alpha.")

    @model_validator(mode="before")
    @classmethod
    def _square(cls, values: Any) -> Any:  # noqa: ANN401
        """Let `size` stand for the height and width of a square."""
        if isinstance(values, dict) and "size" in values:
            side = values["size"]
            return {name: value for name, value in values.items() if name != "size"} | {"height": side, "width": side}
        return values

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of every image."""
        return self.height, self.width, self.channels


class Prepared(NamedTuple):
    """An image of the set, uint8 [H, W, C], what was measured of it, and the size and format it had."""

    pixels: Pixels
    measures: Measures
    width: int
    height: int
    format: str | None


def prepare_bytes(content: bytes, how: Preprocessing) -> Prepared:
    """Return an image file as an image of the set; raise `RefusedImage` where it cannot be used."""
    if not content:
        raise RefusedImage("empty", "The file is empty.")
    if len(content) > how.max_file_bytes:
        raise RefusedImage("too-large", f"The file is larger than {how.max_file_bytes / 2**20:.0f} MiB.")
    target = (how.width, how.height)
    picture = decode(content, how.max_pixels, how.frame, lambda width, height: how.needed(width, height, target))
    try:
        return _prepared(picture, how)
    except RefusedImage:
        raise
    except Exception as error:  # colour profiles and values of foreign files raise anything
        raise refusal_of(error, content) from error


def prepare_array(values: Pixels, how: Preprocessing) -> Prepared:
    """Return uint8 values [H, W] or [H, W, C] (C = 1, 3 or 4) as an image of the set."""
    return _prepared(picture_of(values), how)


def image_from_bytes(content: bytes, how: Preprocessing) -> Pixels:
    """Return an image file as uint8 [H, W, C]; raise `RefusedImage` where it cannot be used."""
    return prepare_bytes(content, how).pixels


def image_from_array(values: Pixels, how: Preprocessing) -> Pixels:
    """Return uint8 values [H, W] or [H, W, C] (C = 1, 3 or 4) as uint8 [H, W, C] of the set."""
    return prepare_array(values, how).pixels


def _prepared(picture: Picture, how: Preprocessing) -> Prepared:
    target = (how.width, how.height)
    cropped, box = how.cropped(picture, target)
    base, alpha = plain(cropped)
    opaque = laid_on(base, alpha, how.background)
    if how.channels == 4:
        full = in_mode(base, "RGB").copy()
        full.putalpha(alpha or 255)
        pixels = _without_hidden_colours(np.asarray(how.resized(full, box, target)), how.background)
    else:
        pixels = np.asarray(in_mode(how.resized(opaque, box, target), _MODES[how.channels]))
    pixels = pixels.reshape(how.shape)
    for operation in how.operations:
        pixels = operation.apply(pixels)
    return Prepared(pixels, measure(opaque), picture.width, picture.height, picture.format)


def _without_hidden_colours(pixels: Pixels, background: str) -> Pixels:
    """Return RGBA [H, W, 4] with the background's colour where nothing is visible: files keep anything there."""
    colour = (*ImageColor.getrgb(background)[:3], 0)
    return np.where(pixels[..., 3:] == 0, np.array(colour, np.uint8), pixels)
