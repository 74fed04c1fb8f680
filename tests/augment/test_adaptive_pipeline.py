"""ADA's operations against NumPy, the distributions of its draws against the paper's, and what may leak."""

import colorsys

import numpy as np
import pytest
import torch

from ganvas.augment import adaptive, colours, geometry
from ganvas.augment.adaptive import ADA
from ganvas.augment.draws import Draws
from ganvas.seeds import Stream

ONE = torch.tensor(1.0)
RGB = np.random.default_rng(2).uniform(-1, 1, (5, 3))


def painted(matrices):
    """Apply one matrix [1, 4, 4] to the colours `RGB`."""
    matrix = matrices[0].numpy()
    return RGB @ matrix[:3, :3].T + matrix[:3, 3]


def one(value):
    return torch.tensor([value], dtype=torch.float64)


def draws_of(shape, num, probability=1.0):
    return Draws(torch.zeros(num, *shape, dtype=torch.float64), Stream(1, "test"), torch.tensor(probability))


def test_brightness_and_contrast():
    np.testing.assert_allclose(painted(colours.brightness(one(0.3))), RGB + 0.3)
    np.testing.assert_allclose(painted(colours.contrast(one(1.7))), RGB * 1.7)


def test_luma_flip_negates_the_mean_and_keeps_what_is_above_it():
    mean = RGB.mean(1, keepdims=True)
    np.testing.assert_allclose(painted(colours.luma_flip(one(1.0))), RGB - 2 * mean)
    np.testing.assert_allclose(painted(colours.luma_flip(one(0.0))), RGB)


def test_saturation_stretches_the_distance_to_grey():
    mean = RGB.mean(1, keepdims=True)
    np.testing.assert_allclose(painted(colours.saturation(one(0.4))), (RGB - mean) * 0.4 + mean)


def test_hue_rotation_by_a_third_turn_moves_red_to_green():
    turned = painted(colours.hue_rotation(one(2 * np.pi / 3)))
    np.testing.assert_allclose(turned, RGB[:, [2, 0, 1]], atol=1e-12)


def test_hue_rotation_turns_the_hue_by_its_angle():
    red = np.array([1.0, 0.0, 0.0])
    matrix = colours.hue_rotation(one(np.pi / 6))[0].numpy()
    turned = matrix[:3, :3] @ red
    assert turned.sum() == pytest.approx(1)
    # the angle about the grey axis, from the hexagon's plane coordinates
    alpha, beta = turned[0] - (turned[1] + turned[2]) / 2, np.sqrt(3) / 2 * (turned[1] - turned[2])
    assert np.arctan2(beta, alpha) == pytest.approx(np.pi / 6)
    hue, _, _ = colorsys.rgb_to_hsv(*np.clip(turned, 0, 1))
    assert 0 < hue < 1 / 3  # between red and green


def test_a_third_operation_comes_after_the_first():
    """Brightness first, contrast then: c (x + b), not c x + b."""
    images = torch.zeros(400, 3, 1, 1, dtype=torch.float64)
    stream = Stream(1, "test")
    both = ADA(images, stream, ONE, ("brightness", "contrast"))[:, 0, 0, 0]
    bright = ADA(images, stream, ONE, ("brightness",))[:, 0, 0, 0]
    ones = torch.ones(400, 3, 1, 1, dtype=torch.float64)
    factor = ADA(ones, stream, ONE, ("contrast",))[:, 0, 0, 0]
    torch.testing.assert_close(both, factor * bright)


def test_noise_and_cutout_by_hand():
    images = torch.ones(2, 1, 4, 8)
    noise = torch.arange(64.0).view(2, 32)
    torch.testing.assert_close(
        adaptive.noisy(images, torch.tensor([0.5, 0.0]), noise)[:, 0],
        torch.stack([1 + noise[0] / 2, 0 * noise[0] + 1]).view(2, 4, 8),
    )
    cut = adaptive.cutout(images, torch.tensor([0.5, 0.0]), torch.tensor([0.5, 1.0]))[:, 0]
    middle, corner = np.ones((4, 8)), np.ones((4, 8))
    middle[1:3, 2:6], corner[3:, :2] = 0, 0
    assert np.array_equal(cut, np.stack([middle, corner]))


def logs_of_scales(name, num=4000):
    inverse = geometry.inverses(draws_of((1, 8, 8), num), frozenset({name}))
    return -inverse[:, 0, 0].log2(), -inverse[:, 1, 1].log2()


def test_scales_have_the_papers_distribution():
    x, y = logs_of_scales("isotropic_scaling")
    torch.testing.assert_close(x, y)
    assert x.mean() == pytest.approx(0, abs=0.015)
    assert x.std() == pytest.approx(0.2, rel=0.05)
    x, y = logs_of_scales("anisotropic_scaling")
    torch.testing.assert_close(x, -y)
    assert x.std() == pytest.approx(0.2, rel=0.05)


def test_shifts_have_the_papers_distribution():
    inverse = geometry.inverses(draws_of((1, 16, 32), 4000), frozenset({"fractional_translation"}))
    assert inverse[:, 0, 2].std() == pytest.approx(0.125 * 32, rel=0.05)
    assert inverse[:, 1, 2].std() == pytest.approx(0.125 * 16, rel=0.05)
    whole = geometry.inverses(draws_of((1, 16, 32), 4000), frozenset({"integer_translation"}))
    assert set(whole[:, 0, 2].tolist()) == set(range(-4, 5))
    assert set(whole[:, 1, 2].tolist()) == set(range(-2, 3))


@pytest.mark.parametrize("p", [0.2, 0.8])
def test_an_image_is_turned_with_probability_p(p):
    inverse = geometry.inverses(draws_of((1, 8, 8), 4000, p), frozenset({"rotation"}))
    upright = torch.isclose(inverse[:, 0, 0], torch.tensor(1.0, dtype=torch.float64)).double().mean()
    assert upright == pytest.approx(1 - p, abs=0.03)


def test_oblong_images_make_half_turns_only():
    inverse = geometry.inverses(draws_of((1, 8, 12), 400), frozenset({"quarter_turns"}))
    assert set(inverse[:, 0, 0].tolist()) == {1.0, -1.0}
    assert not inverse[:, 0, 1].any()


def test_upright_images_prevail_below_probability_1():
    """Karras et al. 2020, section 2.2: what is not augmented stays the commonest, so G can learn it; at 1 it is not."""
    image = torch.arange(16.0).view(1, 1, 4, 4)
    num = 4000
    turns = [torch.rot90(image, k, (2, 3))[0] for k in range(4)]
    for p, upright in ((0.8, 0.4), (1.0, 0.25)):  # 1 - p + p / 4
        found = ADA(image.expand(num, 1, 4, 4), Stream(0, "test"), torch.tensor(p), ("quarter_turns",))
        shares = [float((found == turn).flatten(1).all(1).double().mean()) for turn in turns]
        assert shares[0] == pytest.approx(upright, abs=0.03)
        assert shares[1:] == pytest.approx([p / 4] * 3, abs=0.03)
        assert sum(shares) == 1


def test_mean_colours_stay_on_average():
    images = torch.full((8000, 3, 1, 1), 0.4, dtype=torch.float64)
    found = ADA(images, Stream(0, "test"), torch.tensor(0.5), ("brightness", "hue_rotation", "saturation"))
    np.testing.assert_allclose(found.mean((0, 2, 3)), [0.4] * 3, atol=0.01)  # 0.2 / sqrt(2 * 8000) = 0.0016
