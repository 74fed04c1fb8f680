"""Decoding: every orientation, mode and depth gives the picture that a viewer shows, and nothing that is hidden."""

import io

import numpy as np
import pytest
from PIL import Image

from ganvas.data.decoding import decode
from ganvas.data.preprocessing import Preprocessing, image_from_bytes, prepare_bytes
from ganvas.errors import RefusedImage

TURN = {
    1: lambda values: values,
    2: lambda values: values[:, ::-1],
    3: lambda values: values[::-1, ::-1],
    4: lambda values: values[::-1],
    5: lambda values: values.swapaxes(0, 1),
    6: lambda values: np.rot90(values, -1),
    7: lambda values: np.rot90(values, 2).swapaxes(0, 1),
    8: lambda values: np.rot90(values),
}
"""What a viewer does to stored values [H, W, ...] to show them, by EXIF orientation (TIFF 6.0, page 36)."""


def scene(width, height):
    """Return RGB values [H, W, 3] that are smooth, and different in every corner."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return np.rint(np.stack([220 * x + 20, 200 * y + 30, 120 * x * y + 60 * x + 40], 2)).astype(np.uint8)


def saved(values, form="PNG", mode=None, orientation=1, **options):
    image = Image.fromarray(values) if mode is None else Image.fromarray(values).convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, form, exif=exif, **options)
    return buffer.getvalue()


def written(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def pixels(content, width=16, height=16, channels=3, **choices):
    return image_from_bytes(content, Preprocessing(width=width, height=height, channels=channels, **choices))


def apart(first, second):
    return int(np.abs(first.astype(int) - second.astype(int)).max())


@pytest.mark.parametrize("fit", ["crop", "stretch", "pad"])
@pytest.mark.parametrize("orientation", sorted(TURN))
def test_an_orientation_is_the_turned_file(orientation, fit):
    values = scene(37, 22)
    shown = np.ascontiguousarray(TURN[orientation](values))
    for width, height in ((16, 16), (20, 12), (12, 20)):
        found = pixels(saved(values, orientation=orientation), width, height, fit=fit)
        assert apart(found, pixels(saved(shown), width, height, fit=fit)) <= 1


@pytest.mark.parametrize("position", ["centre", "subject"])
@pytest.mark.parametrize("size", [(403, 299), (257, 640)])
@pytest.mark.parametrize("orientation", sorted(TURN))
def test_an_orientation_of_a_reduced_jpeg_is_the_turned_file(orientation, size, position):
    values = scene(*size)
    how = Preprocessing(width=24, height=20, channels=3, position=position)
    found = prepare_bytes(saved(values, "JPEG", orientation=orientation, quality=95), how)
    whole = prepare_bytes(saved(np.ascontiguousarray(TURN[orientation](values))), how)
    assert (found.width, found.height) == (whole.width, whole.height)
    assert apart(found.pixels, whole.pixels) <= (6 if position == "centre" else 12)  # on a coarse grid of its own


def test_a_jpeg_is_decoded_no_larger_than_needed_and_places_stay_exact():
    content = saved(scene(803, 397), "JPEG")
    for target, scale in (((400, 198), 2), ((200, 99), 4), ((10, 5), 8), ((700, 300), 1)):
        picture = decode(content, 10**9, "first", lambda *_, target=target: target)
        assert picture.scale == scale
        assert (picture.width, picture.height, picture.format) == (803, 397, "JPEG")
        assert picture.image.size == (-(-803 // scale), -(-397 // scale))


@pytest.mark.parametrize("orientation", [0, 9, 77, 65535])
def test_an_orientation_that_does_not_exist_is_none(orientation):
    np.testing.assert_array_equal(pixels(saved(scene(30, 20), orientation=orientation)), pixels(saved(scene(30, 20))))


def with_alpha(values, alpha):
    return written(Image.fromarray(np.dstack([values, alpha])))


def test_alpha_is_laid_on_the_background():
    values = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    alpha = np.zeros((16, 16), np.uint8)
    alpha[:, 4:8], alpha[:, 8:] = 128, 255
    for background, colour in (("white", (255, 255, 255)), ("black", (0, 0, 0)), ("#204060", (32, 64, 96))):
        found = pixels(with_alpha(values, alpha), background=background)
        share = alpha[..., None] / 255
        assert apart(found, np.rint(values * share + np.array(colour) * (1 - share))) <= 1


def test_alpha_is_kept_and_what_is_hidden_is_not():
    values = np.random.default_rng(0).integers(0, 255, (16, 16, 3), np.uint8)
    alpha = np.tile(np.array([0, 0, 1, 128, 255, 255, 0, 7], np.uint8), (16, 2))
    found = pixels(with_alpha(values, alpha), channels=4, background="#010203")
    np.testing.assert_array_equal(found[..., 3], alpha)
    np.testing.assert_array_equal(found[alpha > 0][:, :3], values[alpha > 0])
    assert (found[alpha == 0] == (1, 2, 3, 0)).all()
    same = pixels(with_alpha(np.where(alpha[..., None] == 0, 99, values), alpha), channels=4, background="#010203")
    np.testing.assert_array_equal(found, same)


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_hidden_colours_do_not_bleed_when_the_size_changes(fit):
    values = np.full((40, 60, 3), (0, 255, 0), np.uint8)  # green where nothing is to be seen
    alpha = np.zeros((40, 60), np.uint8)
    values[10:30, 20:40], alpha[10:30, 20:40] = (200, 0, 0), 255
    for channels in (3, 4):
        found = pixels(with_alpha(values, alpha), channels=channels, fit=fit, background="black")
        visible = found[..., :3] if channels == 3 else found[found[..., 3] > 0][:, :3]
        assert visible[..., 1].max() <= 1
        assert visible[..., 0].max() >= 190


def test_without_alpha_all_is_opaque():
    found = pixels(saved(scene(20, 20)), channels=4)
    assert (found[..., 3] == 255).all()
    np.testing.assert_array_equal(found[..., :3], pixels(saved(scene(20, 20))))


def test_16_bits_become_8_by_257():
    levels = np.arange(256, dtype=np.uint16).reshape(16, 16)
    found = pixels(written(Image.fromarray(levels * 257)), channels=1)
    np.testing.assert_array_equal(found[..., 0], levels)
    found = pixels(written(Image.fromarray(levels * 257), "TIFF"), channels=1)
    np.testing.assert_array_equal(found[..., 0], levels)


def test_palettes_one_bit_and_grey_with_alpha():
    values = scene(16, 16)
    palette = Image.fromarray(values).quantize(200)
    np.testing.assert_array_equal(pixels(written(palette)), np.asarray(palette.convert("RGB")))
    np.testing.assert_array_equal(pixels(written(palette, "GIF")), np.asarray(palette.convert("RGB")))
    dots = Image.fromarray(values).convert("1")
    for form in ("PNG", "TIFF", "PPM"):
        np.testing.assert_array_equal(pixels(written(dots, form), channels=1)[..., 0], np.asarray(dots) * np.uint8(255))
    grey = np.dstack([values[..., 0], np.where(values[..., 1] > 120, 255, 0).astype(np.uint8)])
    content = written(Image.fromarray(grey))
    assert Image.open(io.BytesIO(content)).mode == "LA"
    expected = np.where(grey[..., 1] > 0, grey[..., 0], 0)
    np.testing.assert_array_equal(pixels(content, channels=1, background="black")[..., 0], expected)
    found = pixels(content, channels=4, background="black")
    np.testing.assert_array_equal(found, np.dstack([expected] * 3 + [grey[..., 1]]))


def test_a_transparent_colour_of_a_palette_is_transparent():
    palette = Image.fromarray((np.indices((16, 16)).sum(0) // 8 % 2).astype(np.uint8), "L").convert("P")
    palette.putpalette([255, 0, 0, 0, 0, 255])
    content = written(palette, transparency=0)
    hidden = np.asarray(palette) == 0
    found = pixels(content, channels=4, background="white")
    np.testing.assert_array_equal(found[..., 3] == 0, hidden)
    assert (found[~hidden] == (0, 0, 255, 255)).all()
    assert (pixels(content, background="#00ff00")[hidden] == (0, 255, 0)).all()


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_cmyk_without_a_profile_is_as_pillow_shows_it(form):
    image = Image.fromarray(scene(16, 16)).convert("CMYK")
    options = {"quality": 100, "subsampling": 0} if form == "JPEG" else {}
    assert apart(pixels(written(image, form, **options)), scene(16, 16)) <= 6


def animated(form):
    frames = [Image.fromarray(np.full((20, 20, 3), level, np.uint8)) for level in (40, 120, 200)]
    return written(frames[0], form, save_all=True, append_images=frames[1:])


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_images_the_first_is_taken_or_none(form):
    assert apart(pixels(animated(form)), np.full(1, 40)) <= 2
    with pytest.raises(RefusedImage, match="several images") as caught:
        pixels(animated(form), frame="refuse")
    assert caught.value.kind == "animated"
    still = written(Image.fromarray(scene(20, 20)), form)
    assert pixels(still, frame="refuse").shape == (16, 16, 3)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (b"words", "not-an-image"),
        (b"%PDF-1.7", "format"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (saved(scene(60, 60))[:-300], "truncated"),
        (saved(scene(600, 600), "JPEG")[:3000], "truncated"),
        (b"\0\0\0\x20ftypavif", "format"),
    ],
)
def test_what_cannot_be_decoded_says_why(content, kind):
    with pytest.raises(RefusedImage) as caught:
        pixels(content)
    assert caught.value.kind == kind
    assert str(caught.value).endswith(".")


def test_limits_of_pixels_and_bytes_are_errors_before_anything_is_unpacked():
    content = saved(scene(100, 50))
    assert pixels(content, max_pixels=5000).shape == (16, 16, 3)
    with pytest.raises(RefusedImage, match="100x50 pixels") as caught:
        pixels(content, max_pixels=4999)
    assert caught.value.kind == "bomb"
    with pytest.raises(RefusedImage) as caught:
        pixels(content, max_file_bytes=len(content) - 1)
    assert caught.value.kind == "too-large"
