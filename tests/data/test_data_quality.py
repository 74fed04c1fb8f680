import numpy as np
import pytest
from PIL import Image, ImageFilter
from sklearn.datasets import load_digits

from ganvas.data.measures import Measured, measure
from ganvas.data.outliers import outlyingness
from ganvas.data.quality import FLAGS, QualityLimits, flags
from ganvas.errors import DataError
from ganvas.seeds import Stream


def flagged(images, sizes=None):
    widths, heights = np.array(sizes or [image.size for image in images]).T
    found = flags(Measured.of([measure(image) for image in images]), widths, heights)
    assert tuple(found) == FLAGS
    return {name: np.flatnonzero(values).tolist() for name, values in found.items() if values.any()}


@pytest.fixture(scope="module")
def pictures():
    noise = Stream(0, "pictures").normal(80, 24 * 24).reshape(80, 24, 24)
    values = np.clip(120 + 40 * noise, 0, 255).astype(np.uint8)
    return [Image.fromarray(one).resize((96, 96), Image.Resampling.BICUBIC) for one in values]


def changed(image, scale, offset=0):
    return Image.fromarray(np.clip(np.asarray(image) * scale + offset, 0, 255).astype(np.uint8))


def test_a_homogeneous_set_has_no_flags(pictures):
    assert flagged(pictures) == {}


def test_digits_are_not_dark():
    digits = [Image.fromarray((digit * 15.9).astype(np.uint8)) for digit in load_digits().images]
    assert all(len(members) < 0.02 * len(digits) for members in flagged(digits).values())


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("dark", lambda image: changed(image, 0.1)),
        ("light", lambda image: changed(image, 0.2, 200)),
        ("low-information", lambda image: changed(image, 0.05, 110)),
        ("blurry", lambda image: image.filter(ImageFilter.GaussianBlur(6))),
        ("blank", lambda image: Image.new("L", image.size, 77)),
        ("odd-size", lambda image: image.resize((8, 8))),
        ("odd-aspect", lambda image: image.resize((600, 90))),
    ],
)
def test_one_unlike_the_others_is_flagged(pictures, name, change):
    assert flagged([*pictures, change(pictures[0])])[name] == [80]


def test_blank_images_have_no_other_flag(pictures):
    images = [*pictures, Image.new("L", (96, 96)), Image.new("RGB", (2, 900), "white")]
    assert flagged(images) == {"blank": [80, 81]}


def test_an_outlier_among_like_images(pictures):
    base = np.asarray(pictures[0], np.float64)
    alike = [changed(Image.fromarray((0.9 * base + 0.1 * np.asarray(one)).astype(np.uint8)), 1) for one in pictures]
    assert flagged([*alike, pictures[7].rotate(90)])["outlier"] == [80]


def test_outlyingness_is_the_distance_to_the_fifth_neighbour():
    line = np.zeros((7, 256), np.uint8)
    line[:, 0] = [0, 10, 20, 30, 40, 50, 250]
    expected = 0.5 * np.log(np.array([50, 40, 30, 30, 40, 50, 240.0]) ** 2 + 1)
    np.testing.assert_allclose(outlyingness(line), expected, rtol=1e-3)


@pytest.mark.parametrize("num", [0, 1, 5])
def test_small_sets_flag_only_what_is_blank(pictures, num):
    images = pictures[:num]
    sizes = np.full(num, 96)
    assert not any(
        values.any() for values in flags(Measured.of([measure(image) for image in images]), sizes, sizes).values()
    )
    few = flags(Measured.of([measure(image) for image in images]), sizes, sizes, QualityLimits(least_images=1))
    assert not any(values.any() for values in few.values())


def test_lengths_must_agree(pictures):
    with pytest.raises(DataError, match="1 measures, 2 widths and 1 heights"):
        flags(Measured.of([measure(pictures[0])]), np.array([1, 2]), np.array([1]))
