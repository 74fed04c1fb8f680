"""Sampling at other places: exact on the grid, Keys' kernel and mirrors between, against NumPy and SciPy."""

import numpy as np
import pytest
import torch
from scipy.fft import fft, fftfreq, ifft

from ganvas.augment.geometry import rotation, scaling, shift
from ganvas.augment.resampling import mirrored, resample
from ganvas.seeds import Stream


def images_of(*shape):
    values = Stream(5, "test/images").uniform(1, int(np.prod(shape)))
    return torch.from_numpy(2 * values - 1).view(shape)


def of(*values):
    return tuple(torch.full((2,), float(value), dtype=torch.float64) for value in values)


def keys(distance):
    """Keys 1981, eq. 15."""
    s = abs(distance)
    if s < 1:
        return 1.5 * s**3 - 2.5 * s**2 + 1
    return -0.5 * s**3 + 2.5 * s**2 - 4 * s + 2 if s < 2 else 0.0


def by_hand(image, matrix):
    """Sample [H, W] at the places of a matrix, pixel by pixel, from an image mirrored far outwards."""
    height, width = image.shape
    padded = np.pad(image, 40, mode="reflect")
    found = np.zeros_like(image)
    for row in range(height):
        for column in range(width):
            x, y, _ = matrix @ [column - (width - 1) / 2, row - (height - 1) / 2, 1]
            x, y = x + (width - 1) / 2, y + (height - 1) / 2
            for i in range(int(np.floor(y)) - 1, int(np.floor(y)) + 3):
                for j in range(int(np.floor(x)) - 1, int(np.floor(x)) + 3):
                    found[row, column] += keys(y - i) * keys(x - j) * padded[i + 40, j + 40]
    return found


@pytest.mark.parametrize("shape", [(2, 1, 6, 6), (2, 3, 5, 8)], ids=str)
def test_any_matrix_against_a_sum_over_pixels(shape):
    images = images_of(*shape)
    matrices = rotation(*of(np.cos(0.7), np.sin(0.7))) @ scaling(*of(1.3, 0.8)) @ shift(*of(1.4, -2.3))
    found = resample(images, matrices)
    for image, matrix, result in zip(images, matrices, found, strict=True):
        for channel, sampled in zip(image, result, strict=True):
            np.testing.assert_allclose(sampled, by_hand(channel.numpy(), matrix.numpy()), atol=1e-9)


def test_flips_turns_and_shifts_are_exact():
    images = images_of(2, 3, 8, 8).float()
    array = images.numpy()
    cases = [
        (scaling(*of(-1, 1)), array[..., ::-1]),
        (rotation(*of(0, 1)), np.rot90(array, 1, (2, 3))),
        (rotation(*of(-1, 0)), np.rot90(array, 2, (2, 3))),
        (rotation(*of(0, -1)), np.rot90(array, 3, (2, 3))),
        (shift(*of(3, -2)), np.pad(array, [(0, 0), (0, 0), (0, 2), (3, 0)], mode="reflect")[:, :, 2:, :8]),
    ]
    for matrices, expected in cases:
        assert np.array_equal(resample(images, matrices.float()).numpy(), expected)


def test_scaling_by_2_enlarges():
    ramp = torch.arange(8.0, dtype=torch.float64).expand(2, 1, 8, 8)
    found = resample(ramp, scaling(*of(2, 2)))[0, 0, 4, 2:6]
    np.testing.assert_allclose(found, [2.75, 3.25, 3.75, 4.25])  # half the slope around the middle, 3.5


def test_mirrors_are_numpys_reflection():
    found = mirrored(torch.arange(-9, 14), 5)
    assert np.array_equal(found, np.pad(np.arange(5), 9, mode="reflect"))
    assert mirrored(torch.arange(-3, 4), 1).tolist() == [0] * 7


def test_keeps_more_of_fine_detail_than_bilinear_sampling():
    """A shift by half a pixel, the worst case: the share of a wave's amplitude that is left."""
    period, side = 4, 32
    wave = torch.cos(2 * np.pi * torch.arange(side, dtype=torch.float64) / period)
    found = resample(wave.expand(2, 1, side, side), shift(*of(0.5, 0)))[0, 0, 5, 4:28].numpy()
    ideal = ifft(fft(wave.numpy()) * np.exp(-2j * np.pi * fftfreq(side) * 0.5)).real[4:28]
    kept = found @ ideal / (ideal @ ideal)
    bilinear = np.cos(np.pi / period)
    assert kept == pytest.approx(2 * (keys(0.5) * np.cos(np.pi / 4) + keys(1.5) * np.cos(3 * np.pi / 4)), abs=1e-9)
    assert kept > bilinear + 0.15
