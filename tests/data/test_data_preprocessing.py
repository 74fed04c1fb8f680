"""Image files of every kind to pixels, or a refusal that names its kind."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw

from ganvas.data.decoding import FORMATS
from ganvas.data.preprocessing import Preprocessing, image_from_array, image_from_bytes
from ganvas.errors import ConfigurationError, RefusedImage
from ganvas.seeds import Stream

COLOUR = Preprocessing(size=16, channels=3)
GREY = Preprocessing(size=16, channels=1)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def scene(size=(48, 48)) -> Image.Image:
    """A red left half, a blue right half, a white block at the top left."""
    image = Image.new("RGB", size, (200, 30, 30))
    draw = ImageDraw.Draw(image)
    draw.rectangle((size[0] // 2, 0, size[0], size[1]), fill=(30, 30, 200))
    draw.rectangle((0, 0, size[0] // 4, size[1] // 4), fill=(255, 255, 255))
    return image


def refused_kind(content: bytes, how: Preprocessing = COLOUR) -> str:
    with pytest.raises(RefusedImage) as caught:
        image_from_bytes(content, how)
    assert str(caught.value)
    return caught.value.kind


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("how", [GREY, COLOUR])
def test_formats_and_shape(kind, how):
    pixels = image_from_bytes(encoded(scene(), kind), how)
    assert pixels.shape == (16, 16, how.channels)
    assert pixels.dtype == np.uint8
    wanted = np.asarray(scene().convert("L" if how.channels == 1 else "RGB").resize((16, 16), Image.Resampling.LANCZOS))
    assert np.abs(pixels.astype(int) - wanted.reshape(pixels.shape)).mean() < 8


def test_same_size_keeps_every_value():
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(image_from_bytes(encoded(Image.fromarray(values)), GREY)[..., 0], values)
    np.testing.assert_array_equal(image_from_array(values, GREY)[..., 0], values)


def test_array_and_file_agree_when_resized():
    values = np.arange(20 * 30, dtype=np.uint8).reshape(20, 30)
    for how in (GREY, COLOUR):
        np.testing.assert_array_equal(
            image_from_array(values, how), image_from_bytes(encoded(Image.fromarray(values)), how)
        )


def test_centre_crop():
    values = np.zeros((16, 48), np.uint8)
    values[:, 16:32] = 255
    assert (image_from_bytes(encoded(Image.fromarray(values)), GREY) == 255).all()
    assert (image_from_bytes(encoded(Image.fromarray(values.T)), GREY) == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(orientation):
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the inverse of each transposition of Pillow
    upright = scene()
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = image_from_bytes(encoded(stored, exif=exif), COLOUR).astype(int)
    difference = np.abs(pixels - image_from_bytes(encoded(upright), COLOUR))
    assert difference.max() <= 6  # rows and columns are resized one after the other, each rounded
    assert difference.mean() < 0.2


def test_nonsense_orientation_and_broken_exif_are_ignored():
    exif = Image.Exif()
    exif[0x0112] = 99
    plain = image_from_bytes(encoded(scene(), "JPEG"), COLOUR)
    np.testing.assert_array_equal(image_from_bytes(encoded(scene(), "JPEG", exif=exif), COLOUR), plain)
    broken = encoded(scene(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    np.testing.assert_array_equal(image_from_bytes(broken, COLOUR), plain)


def test_alpha_is_laid_on_white():
    image = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 8, 16))
    image.putpixel((15, 15), (0, 0, 0, 128))
    pixels = image_from_bytes(encoded(image), COLOUR)
    assert pixels[0, 0].tolist() == [0, 0, 255]
    assert pixels[0, 12].tolist() == [255, 255, 255]
    assert pixels[15, 15].tolist() == [127, 127, 127]


@pytest.mark.parametrize("mode", ["LA", "P", "L", "RGB"])
def test_other_transparency_is_laid_on_white(mode):
    options = {}
    if mode == "LA":
        image = Image.merge("LA", [Image.new("L", (16, 16), 0), Image.new("L", (16, 16), 0)])
    else:
        image = Image.new(mode, (16, 16), 0)
        options["transparency"] = (0, 0, 0) if mode == "RGB" else 0
    for how in (GREY, COLOUR):
        assert (image_from_bytes(encoded(image, **options), how) == 255).all()


def test_palette_with_alpha_per_entry():
    image = Image.new("P", (16, 16), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    pixels = image_from_bytes(encoded(image, transparency=b"\x00\xff"), COLOUR)
    assert pixels[3, 3].tolist() == [10, 200, 30]


def test_one_bit():
    image = Image.new("1", (16, 16), 0)
    image.paste(1, (0, 0, 8, 16))
    for kind in ("PNG", "TIFF", "PPM", "BMP"):
        pixels = image_from_bytes(encoded(image, kind), GREY)
        assert (pixels[:, :8] == 255).all()
        assert (pixels[:, 8:] == 0).all()


def test_cmyk_jpeg_has_its_colours():
    pixels = image_from_bytes(encoded(scene().convert("CMYK"), "JPEG", quality=95), COLOUR).astype(int)
    assert np.abs(pixels[12, 3] - [200, 30, 30]).max() < 25
    assert np.abs(pixels[12, 13] - [30, 30, 200]).max() < 25


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_is_scaled_not_clipped(kind):
    values = (np.arange(256, dtype=np.uint32) * 257).astype(np.uint16).reshape(16, 16)
    pixels = image_from_bytes(encoded(Image.fromarray(values), kind), GREY)
    np.testing.assert_array_equal(pixels[..., 0].ravel(), np.arange(256))


def test_dark_16_bit_pgm_stays_dark():
    values = np.full((16, 16), 200, ">u2")
    pixels = image_from_bytes(b"P5 16 16 65535\n" + values.tobytes(), GREY)
    assert (pixels == 1).all()


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0])
def test_floats_are_scaled_by_the_usual_white(white):
    values = (np.arange(256, dtype=np.float32) * np.float32(white / 255)).reshape(16, 16)
    pixels = image_from_bytes(encoded(Image.fromarray(values), "TIFF"), GREY)
    np.testing.assert_array_equal(pixels[..., 0].ravel(), np.arange(256))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e9])
def test_floats_without_a_usual_white_are_refused(value):
    values = np.full((16, 16), value, np.float32)
    assert refused_kind(encoded(Image.fromarray(values), "TIFF"), GREY) == "range"


def test_profile_is_applied_and_broken_ones_ignored():
    flat = Image.new("RGB", (16, 16), (100, 100, 100))
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (b"not a profile", lab, lab[:200]):
        assert image_from_bytes(encoded(flat, "TIFF", icc_profile=profile), COLOUR)[0, 0].tolist() == [100, 100, 100]
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert image_from_bytes(encoded(flat, icc_profile=srgb), COLOUR)[0, 0].tolist() == [100, 100, 100]
    swapped = image_from_bytes(encoded(Image.new("RGB", (16, 16), (200, 30, 30)), icc_profile=swap_profile()), COLOUR)
    assert swapped[0, 0].astype(int)[2] > 150 > 100 > swapped[0, 0].astype(int)[0]


def swap_profile() -> bytes:
    """Return the sRGB profile with red and blue exchanged, under another name."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for first, second in ((b"rXYZ", b"bXYZ"),):
        one, other = profile.index(first), profile.index(second)
        profile[one : one + 4], profile[other : other + 4] = second, first
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "green", "blue")]
    for kind, options in (("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {})):
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert image_from_bytes(content, COLOUR)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("size", [(640, 480), (1501, 1499), (999, 2003)])
@pytest.mark.parametrize("orientation", [1, 6])
def test_reduced_decoding_of_large_jpegs_is_close_to_the_full_one(size, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(ripples(size), "JPEG", quality=95, exif=exif)
    left, top = (max(0, (one - other) // 2) for one, other in (size, size[::-1]))
    square = (left, top, left + min(size), top + min(size))
    full = Image.open(io.BytesIO(content)).resize((32, 32), Image.Resampling.LANCZOS, box=square)
    if orientation == 6:
        full = full.transpose(Image.Transpose.ROTATE_270)
    difference = np.abs(image_from_bytes(content, Preprocessing(size=32, channels=3)).astype(int) - np.asarray(full))
    assert difference.max() <= 6
    assert difference.mean() < 1


def ripples(size) -> Image.Image:
    """Smooth waves, finer to the right and below: any shift or change of scale shows."""
    x, y = np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1])[:, None]
    waves = [np.sin(20 * x**2 + 3 * y), np.sin(20 * y**2 - 2 * x), np.cos(9 * (x + y))]
    return Image.fromarray((127.5 + 120 * np.stack(waves, axis=-1)).astype(np.uint8))


def test_kinds_of_refusal():
    png, jpeg = encoded(scene((64, 64)).effect_spread(30)), encoded(scene((64, 64)).effect_spread(30), "JPEG")
    assert refused_kind(b"") == "empty"
    assert refused_kind(b"hello, this is text") == "not-an-image"
    assert refused_kind(png[: len(png) // 2]) == "truncated"
    assert refused_kind(jpeg[: len(jpeg) // 2]) == "truncated"
    assert refused_kind(png[:20]) in ("truncated", "damaged")
    assert refused_kind(png[:41] + b"\xff\xff\xff" + png[44:]) == "damaged"
    assert refused_kind(b"8BPS" + bytes(100)) == "format"
    assert refused_kind(b"\0\0\0\x20ftypavif" + bytes(100)) == "format"
    assert refused_kind(b"<svg xmlns='http://www.w3.org/2000/svg'/>") == "format"
    assert refused_kind(png, COLOUR.override(max_file_bytes=100)) == "too-large"
    assert refused_kind(png, COLOUR.override(max_pixels=64 * 64 - 1)) == "bomb"


@pytest.mark.parametrize("side", [10_001, 13_400, 60_000])
def test_bombs_are_refused_before_they_unpack(side):
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    packed = zlib.compress(bytes(1000))
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    assert refused_kind(content) == "bomb"


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), cut=st.booleans())
def test_nothing_but_a_refusal_escapes_mutated_files(kind, seed, cut):
    content = bytearray(encoded(scene((32, 32)), kind))
    draw = Stream(seed, "mutation")
    for place, value in zip(draw.integers(8, len(content)), draw.child("value").integers(8, 256), strict=True):
        content[place] = value
    if cut:
        del content[int(draw.child("cut").integers(1, len(content))[0]) :]
    try:
        pixels = image_from_bytes(bytes(content), COLOUR)
    except RefusedImage as refused:
        assert refused.kind in {"empty", "truncated", "damaged", "not-an-image", "format", "bomb", "range"}
    else:
        assert pixels.shape == (16, 16, 3)


@pytest.mark.parametrize("wrong", [{"size": 0}, {"size": 10**6}, {"channels": 2}])
def test_settings_that_cannot_work(wrong):
    with pytest.raises(ConfigurationError):
        GREY.override(**wrong)
