import io

import numpy as np
import pytest
import torch
from PIL import Image

from ganvas.images import ImageShape, contact_sheet, png_bytes
from ganvas.players import from_pixels, to_pixels


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_keeps_every_value(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)
    read = np.asarray(Image.open(io.BytesIO(png_bytes(pixels))))
    np.testing.assert_array_equal(read.reshape(5, 7, channels), pixels)


def test_contact_sheet_places_images_in_rows() -> None:
    pixels = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1) * np.ones((1, 2, 3, 1), np.uint8)
    sheet = contact_sheet(pixels, columns=3, gap=1, scale=1)
    assert sheet.shape == (1 + 2 * 3, 1 + 3 * 4, 1)
    assert [int(sheet[1, 1 + 4 * column, 0]) for column in range(3)] == [0, 1, 2]
    assert [int(sheet[4, 1 + 4 * column, 0]) for column in range(3)] == [3, 4, 5]
    assert sheet[0].min() == 255
    assert contact_sheet(pixels).shape[0] > 96, "small images are enlarged"


def test_all_256_values_survive_the_road_to_the_network_and_back() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    images = from_pixels(torch.from_numpy(pixels))
    assert images.shape == (1, 1, 16, 16)
    assert (images.min(), images.max()) == (-1, 1)
    np.testing.assert_array_equal(to_pixels(images), pixels)


def test_real_values_are_scaled_already() -> None:
    values = torch.rand(2, 3, 4, 1, dtype=torch.float64) * 5
    images = from_pixels(values)
    assert images.dtype == torch.float32
    torch.testing.assert_close(images, values.permute(0, 3, 1, 2).float(), rtol=0, atol=0)


def test_values_outside_the_range_are_clipped() -> None:
    assert to_pixels(torch.tensor([-3.0, 3.0]).view(1, 1, 1, 2)).ravel().tolist() == [0, 255]


def test_shape_in_words() -> None:
    assert str(ImageShape(1, 16, 24)) == "24x16 greyscale"
    assert str(ImageShape(3, 8, 8)) == "8x8 colour"
