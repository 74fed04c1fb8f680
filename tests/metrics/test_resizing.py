import numpy as np
import pytest
from PIL import Image

from ganvas.errors import ModelError
from ganvas.metrics.resizing import area_averaged, clean_resized
from ganvas.seeds import Stream


def noise(count, height, width, channels):
    words = Stream(0, "noise").uniform(count, height * width * channels)
    return (words * 256).astype(np.uint8).reshape(count, height, width, channels)


def test_clean_resizing_is_pillows_on_whole_numbers_but_for_the_rounding():
    images = noise(2, 24, 31, 3) // 3 + 80  # far from the ends, which Pillow's whole numbers are cut at after each pass
    found = clean_resized(images, 50)
    assert found.shape == (2, 3, 50, 50)
    assert found.dtype == np.float32
    for image, planes in zip(images, found, strict=True):
        rounded = np.asarray(Image.fromarray(image).resize((50, 50), Image.Resampling.BICUBIC)).astype(np.float32)
        assert np.abs(planes.transpose(1, 2, 0) - rounded).max() < 1.5  # it rounds then, too
    assert np.abs(found - found.round()).max() > 0.4, "nothing is put back to whole grey levels"
    assert found.min() >= 0
    assert found.max() <= 255


def test_clean_resizing_widens_its_filter_when_an_image_shrinks():
    board = np.indices((64, 64)).sum(0) % 2 * 255  # without antialiasing it would stay a board, or become one grey
    found = clean_resized(board.astype(np.uint8)[None, :, :, None], 16)
    np.testing.assert_allclose(found, 127.5, atol=4)


def test_clean_resizing_cuts_overshoot_off():
    edge = np.zeros((1, 8, 8, 1), np.uint8)
    edge[:, :, 4:] = 255  # a bicubic filter swings below 0 and above 255 beside it
    found = clean_resized(edge, 64)
    assert found.min() == 0
    assert found.max() == 255


def test_grey_becomes_three_equal_channels_and_alpha_is_refused():
    found = clean_resized(noise(1, 9, 9, 1), 12)
    np.testing.assert_array_equal(found[:, 0], found[:, 1])
    np.testing.assert_array_equal(found[:, 0], found[:, 2])
    with pytest.raises(ModelError, match=r"1 or 3 channels were expected; these have 4.*`pixels8`"):
        clean_resized(noise(1, 9, 9, 4), 12)


def test_area_averaging_leaves_an_image_of_the_size_as_it_is():
    images = noise(2, 32, 32, 3)
    np.testing.assert_array_equal(area_averaged(images, 32), images)


@pytest.mark.parametrize("size", [20, 28, 45, 64])
def test_area_averaging_keeps_the_mean(size):
    images = noise(3, size, size + 3, 1)
    np.testing.assert_allclose(area_averaged(images, 32).mean((1, 2)), images.mean((1, 2)), rtol=1e-4)


def test_enlarged_by_area_each_new_pixel_shares_the_old_ones_it_lies_over():
    found = area_averaged(np.array([0, 90], np.uint8).reshape(1, 1, 2, 1), 3)
    np.testing.assert_allclose(found[0, 0, :, 0], [0, 45, 90])  # the middle one lies half over each
