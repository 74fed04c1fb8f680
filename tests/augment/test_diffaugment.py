"""DiffAugment's operations against NumPy and Pillow, and the ranges of its draws against the paper's."""

import numpy as np
import torch
from PIL import Image, ImageChops, ImageEnhance

from ganvas.augment import diffaugment
from ganvas.augment.diffaugment import DIFFAUGMENT
from ganvas.players import from_pixels, to_pixels
from ganvas.seeds import Stream

PIXELS = np.random.default_rng(4).integers(60, 190, (3, 12, 20, 3), dtype=np.uint8)


def in_pillow(change):
    return np.stack([np.asarray(change(Image.fromarray(pixels))) for pixels in PIXELS])


def changed(operation, *values):
    images = from_pixels(torch.from_numpy(PIXELS))
    return to_pixels(operation(images, *(torch.full((len(PIXELS),), value) for value in values)))


def expect_near(found, expected, most):
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= most


def test_brightness_is_an_addition():
    expect_near(changed(diffaugment.brightness, 0.2), PIXELS + 25.5, 1)


def test_saturation_is_pillows_blend_with_the_mean():
    grey = PIXELS.mean(-1, keepdims=True)
    expect_near(changed(diffaugment.saturation, 1.5), np.clip((PIXELS - grey) * 1.5 + grey, 0, 255), 1)


def test_contrast_of_grey_images_is_pillows():
    grey = PIXELS[..., 0]
    expected = np.stack([np.asarray(ImageEnhance.Contrast(Image.fromarray(image)).enhance(0.6)) for image in grey])
    images = from_pixels(torch.from_numpy(grey[..., None]))
    found = to_pixels(diffaugment.contrast(images, torch.full((3,), 0.6)))[..., 0]
    expect_near(found, expected, 1)  # Pillow rounds the mean


def test_translation_is_pillows_offset_without_the_wrap():
    def moved(image):
        shifted = np.array(ImageChops.offset(image, 2, -1))
        shifted[:, :2], shifted[-1:] = 128, 128  # 0 in [-1, 1] is 127.5
        return Image.fromarray(shifted)

    assert np.array_equal(changed(diffaugment.translation, 2.0, -1.0), in_pillow(moved))


def test_cutout_is_pillows_paste_of_grey():
    def cut(image):
        image = image.copy()
        image.paste((128, 128, 128), (18 - 5, 3 - 3, 20, 6))
        return image

    assert np.array_equal(changed(diffaugment.cutout, 18.0, 3.0), in_pillow(cut))


def test_draws_fill_the_papers_ranges():
    num, one = 3000, torch.tensor(1.0)
    grey = torch.full((num, 1, 2, 2), 0.25)
    colours = DIFFAUGMENT(grey, Stream(0, "test"), one, ("colour",))[:, 0, 0, 0] - 0.25  # of brightness alone
    assert -0.5 <= colours.min() < -0.49
    assert 0.49 < colours.max() <= 0.5
    ends = torch.tensor([-1.0, 1.0]).view(1, 1, 1, 2).expand(num, 1, 2, 2)
    factors = DIFFAUGMENT(ends, Stream(0, "test"), one, ("colour",)).diff(dim=3)[:, 0, 0, 0] / 2
    assert 0.5 <= factors.min() < 0.51
    assert 1.49 < factors.max() <= 1.5 + 1e-6


def test_shifts_reach_an_eighth_and_no_further():
    images = torch.zeros(3000, 1, 32, 16)
    images[:, :, 16, 8] = 1
    moved = DIFFAUGMENT(images, Stream(0, "test"), torch.tensor(1.0), ("translation",))
    _, _, rows, columns = moved.nonzero(as_tuple=True)
    assert len(rows) == 3000
    assert set((rows - 16).tolist()) == set(range(-4, 5))
    assert set((columns - 8).tolist()) == set(range(-2, 3))


def test_cut_squares_lie_everywhere_and_cover_at_most_a_quarter():
    images = torch.ones(4000, 1, 8, 8)
    cut = DIFFAUGMENT(images, Stream(0, "test"), torch.tensor(1.0), ("cutout",)) == 0
    sizes = cut.flatten(1).sum(1)
    assert sizes.max() == 16
    assert sizes.min() == 4  # a corner
    assert cut.float().mean(0).min() > 0.1
