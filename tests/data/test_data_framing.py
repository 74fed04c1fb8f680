"""Framing: which part of a picture is kept, to the pixel, for crops, bars and distortion of any shape."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ganvas.config import Config
from ganvas.data.framing import Framing
from ganvas.data.preprocessing import Preprocessing, image_from_array, image_from_bytes
from ganvas.errors import ConfigurationError

SHAPES = [(60, 40), (40, 60), (97, 13), (13, 97), (50, 50), (33, 32), (300, 7)]
TARGETS = [(16, 16), (24, 16), (16, 24), (9, 31)]
"""Width and height."""


def ramp(width, height, across=200.0, down=0.0, start=20.0):
    """Return a grey plane that rises by `across` from the left edge to the right one, by `down` from top to bottom."""
    x, y = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    return np.rint(start + across * x + down * y[:, None]).astype(np.uint8)


def framed(values, target, channels=1, **choices):
    how = Preprocessing(width=target[0], height=target[1], channels=channels, **choices)
    return image_from_array(values, how)


def expected_ramp(box, full, target, across, down, start=20.0):
    """Return what a box (left, top, right, bottom) of the ramp of a picture is at the size of the target."""
    x = box[0] + (np.arange(target[0]) + 0.5) * (box[2] - box[0]) / target[0]
    y = box[1] + (np.arange(target[1]) + 0.5) * (box[3] - box[1]) / target[1]
    return start + across * x / full[0] + down * y[:, None] / full[1]


def inner(values, border=2):
    """Return an image without its border, where a filter has less to see."""
    return values[border:-border, border:-border].astype(np.float64)


@pytest.mark.parametrize("resampling", ["lanczos", "bicubic", "box"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("shape", SHAPES[:4] + SHAPES[5:6])
def test_stretched_is_the_whole_picture(shape, target, resampling):
    found = framed(ramp(*shape, 120, 80), target, fit="stretch", resampling=resampling)[..., 0]
    expected = expected_ramp((0, 0, *shape), shape, target, 120, 80)
    blocky = 120 / shape[0] + 80 / shape[1] if resampling == "box" else 0  # enlarged, the box filter makes steps
    assert np.abs(inner(found) - inner(expected)).max() <= 1.5 + blocky  # 1 level; the ramp is rounded to half of one


def window(width, height, target):
    """Return the largest window of the target's shape in the middle, to whole pixels."""
    across = min(width, height * target[0] / target[1])
    down = min(height, width * target[1] / target[0])
    left, top = (width - across) / 2, (height - down) / 2
    return left, top, left + across, top + down


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("shape", SHAPES[:6])
def test_a_crop_is_the_largest_window_in_the_middle(shape, target):
    found = framed(ramp(*shape, 120, 80), target)[..., 0]
    expected = expected_ramp(window(*shape, target), shape, target, 120, 80)
    of_a_pixel = 120 / shape[0] + 80 / shape[1]  # windows lie on whole pixels
    assert np.abs(inner(found) - inner(expected)).max() <= 1.5 + of_a_pixel


def test_a_crop_without_a_change_of_size_copies_pixels():
    values = np.arange(10 * 7, dtype=np.uint8).reshape(7, 10)
    np.testing.assert_array_equal(framed(values, (7, 7))[..., 0], values[:, 1:8])
    np.testing.assert_array_equal(framed(values.T.copy(), (7, 7))[..., 0], values.T[1:8])
    np.testing.assert_array_equal(framed(values, (10, 7))[..., 0], values)
    np.testing.assert_array_equal(framed(values, (5, 7))[..., 0], values[:, 2:7])


def test_reduced_by_a_whole_factor_the_box_filter_takes_means():
    values = np.add.outer(np.arange(12) * 4, np.arange(20) * 6).astype(np.uint8)
    means = values.reshape(6, 2, 10, 2).mean((1, 3))
    assert np.abs(framed(values, (10, 6), resampling="box")[..., 0] - means).max() <= 0.5


def test_nearest_gives_only_values_that_were_there():
    values = np.where(np.indices((40, 40)).sum(0) % 2, 255, 0).astype(np.uint8)
    assert set(np.unique(framed(values, (16, 16), resampling="nearest"))) <= {0, 255}
    assert len(np.unique(framed(values, (16, 16), resampling="lanczos"))) > 2


@pytest.mark.parametrize(("background", "colour"), [("white", 255), ("black", 0), ("#808080", 128)])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("shape", SHAPES)
def test_bars_are_even_and_of_the_background(shape, target, background, colour):
    found = framed(np.full(shape[::-1], 77, np.uint8), target, fit="pad", background=background)[..., 0]
    inside = found == 77
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    assert inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    assert (found[~inside] == colour).all()
    scale = min(target[0] / shape[0], target[1] / shape[1])
    assert (len(columns), len(rows)) == tuple(max(1, round(side * scale)) for side in shape)
    for places, side in ((columns, target[0]), (rows, target[1])):
        assert 0 <= (side - 1 - places[-1]) - places[0] <= 1


def test_bars_of_a_picture_with_alpha_are_transparent():
    found = framed(np.full((10, 20, 3), 77, np.uint8), (16, 16), channels=4, fit="pad", background="red")
    assert (found[4:12] == (77, 77, 77, 255)).all()
    assert (found[:4] == (255, 0, 0, 0)).all()
    assert (found[12:] == (255, 0, 0, 0)).all()


def test_bars_of_a_colour_picture_have_the_colour():
    found = framed(np.full((10, 20, 3), 77, np.uint8), (16, 16), channels=3, fit="pad", background="#102030")
    assert (found[:4] == (16, 32, 48)).all()
    assert (found[4:12] == 77).all()


def plane_with_detail(width, height, left, top, side):
    """Return a grey plane with a chequered square, every place of which differs from every other."""
    values = np.full((height, width), 90, np.uint8)
    rows, columns = np.indices((side, side))
    values[top : top + side, left : left + side] = np.where((rows // 4 + columns // 4) % 2, 255 - columns, columns)
    return values


@pytest.mark.parametrize("place", [0, 60, 150, 240])
@pytest.mark.parametrize("standing", [False, True])
def test_subject_is_where_the_detail_is(place, standing):
    values = plane_with_detail(300, 60, place, 0, 60)
    parts = [values[:, shift : shift + 60] for shift in range(241)]
    given = values.T.copy() if standing else values
    found = framed(given, (60, 60), position="subject")[..., 0]
    found = found.T if standing else found
    shifts = [shift for shift, part in enumerate(parts) if np.array_equal(part, found)]
    assert len(shifts) == 1
    assert abs(shifts[0] - place) <= 5  # detail is looked for on 64 places along the long side: 4.7 pixels each
    middle = framed(given, (60, 60))[..., 0]
    np.testing.assert_array_equal(middle.T if standing else middle, parts[120])


def test_without_any_detail_the_subject_is_the_middle():
    values = np.full((40, 200), 9, np.uint8)
    values[:, 100:] = 200  # an edge in the middle, and nothing else
    np.testing.assert_array_equal(framed(values, (20, 20), position="subject"), framed(values, (20, 20)))


def test_subject_changes_nothing_where_the_shapes_agree():
    values = plane_with_detail(80, 40, 10, 5, 20)
    np.testing.assert_array_equal(framed(values, (40, 20), position="subject"), framed(values, (40, 20)))


def test_subject_is_found_in_a_reduced_jpeg_too():
    buffer = io.BytesIO()
    Image.fromarray(plane_with_detail(1600, 320, 1280, 0, 320)).save(buffer, "JPEG", quality=95)
    how = Preprocessing(width=32, height=32, channels=1, position="subject")
    found = image_from_bytes(buffer.getvalue(), how)
    assert np.abs(found[:, 4:].astype(int) - 128).max() < 60
    assert abs(float(found.mean()) - 127) < 8


@given(
    width=st.integers(1, 400),
    height=st.integers(1, 400),
    target=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    fit=st.sampled_from(["crop", "stretch", "pad"]),
    position=st.sampled_from(["centre", "subject"]),
)
def test_any_shape_becomes_the_target_and_flat_stays_flat(width, height, target, fit, position):
    values = np.full((height, width), 200, np.uint8)
    found = framed(values, target, fit=fit, position=position, background="#c8c8c8")
    assert found.shape == (target[1], target[0], 1)
    assert (found == 200).all()


@given(
    width=st.integers(1, 9000),
    height=st.integers(1, 9000),
    target=st.tuples(st.integers(1, 512), st.integers(1, 512)),
)
@pytest.mark.parametrize("fit", ["crop", "stretch", "pad"])
def test_what_must_be_decoded_leaves_twice_the_target(fit, width, height, target):
    across, down = Framing(fit=fit).needed(width, height, target)
    kept = window(width, height, target) if fit == "crop" else (0, 0, width, height)
    share = (kept[2] - kept[0]) / width, (kept[3] - kept[1]) / height
    sides = across * share[0] / target[0], down * share[1] / target[1]
    assert max(sides) >= 2 - 1e-6 if fit == "pad" else min(sides) >= 2 - 1e-6


def test_choices_that_cannot_be():
    assert issubclass(Framing, Config)
    for wrong in ({"fit": "squeeze"}, {"background": "mauvish"}, {"position": "left"}, {"resampling": "sinc"}):
        with pytest.raises(ConfigurationError, match=next(iter(wrong))):
            Framing.read(wrong, "The framing")
