import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from scipy.fft import dctn
from skimage.data import astronaut, camera, chelsea, coffee

from ganvas.data.measures import Measured, measure

MIRROR = 0x5555_5555_5555_5555


@pytest.fixture(scope="module", params=[astronaut, chelsea, coffee, camera], ids=lambda made: made.__name__)
def photo(request):
    return Image.fromarray(request.param())


def distance(first, second):
    return int(np.bitwise_count(np.uint64((first.hash ^ second.hash) & (2**64 - 1))))


def encoded(image, kind, quality):
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=quality)
    return Image.open(buffer).convert(image.mode)


def test_statistics_are_those_of_numpy():
    values = np.random.default_rng(0).integers(0, 200, (40, 50), dtype=np.uint8)
    found = measure(Image.fromarray(values))
    share = np.bincount(values.ravel()) / values.size
    share = share[share > 0]
    assert found.brightness == pytest.approx(values.mean() / 255)
    assert found.contrast == pytest.approx(values.std() / 255)
    assert found.entropy == pytest.approx(-(share * np.log2(share)).sum())


def test_two_values_in_halves():
    values = np.zeros((32, 32), np.uint8)
    values[:, 16:] = 255
    found = measure(Image.fromarray(values))
    assert (found.brightness, found.contrast, found.entropy) == pytest.approx((0.5, 0.5, 1.0))


def test_hash_is_the_signs_of_the_cosine_transform(photo):
    square = photo.convert("L").resize((32, 32), Image.Resampling.BOX)
    waves = dctn(np.asarray(square, np.float64), norm="ortho")[:8, :8]
    waves[0, 0] = 0
    expected = int.from_bytes(np.packbits((waves > 0.5).ravel()).tobytes(), "big")
    found = int(Measured.of([measure(square)]).hashes[0])
    assert (found ^ expected).bit_count() <= 1  # float32 against float64


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS),
        lambda image: image.resize((64, 64), Image.Resampling.BICUBIC),
        lambda image: encoded(image, "JPEG", 30),
        lambda image: encoded(image, "WEBP", 30),
        lambda image: ImageEnhance.Brightness(image).enhance(0.8),
        lambda image: ImageEnhance.Contrast(image).enhance(0.8),
        lambda image: image.convert("L"),
    ],
    ids=["half", "stretched", "jpeg", "webp", "darker", "paler", "grey"],
)
def test_hash_survives(photo, change):
    assert distance(measure(photo), measure(change(photo))) <= 6


def test_mirroring_turns_the_odd_columns_over(photo):
    plain, mirrored = measure(photo), measure(ImageOps.mirror(photo))
    assert distance(plain._replace(hash=plain.hash ^ MIRROR), mirrored) <= 3


def test_blur_lowers_sharpness_at_any_size(photo):
    photo = photo.convert("RGB")
    for size in (348, 96, 40):
        small = photo.resize((size, size), Image.Resampling.LANCZOS)
        blurred = small.filter(ImageFilter.GaussianBlur(size * 0.03))
        assert measure(blurred).sharpness < 0.6 * measure(small).sharpness


def test_sharpness_does_not_depend_on_contrast(photo):
    pale = Image.fromarray((np.asarray(photo) * 0.5 + 60).astype(np.uint8))
    assert measure(pale).sharpness == pytest.approx(measure(photo).sharpness, rel=0.1)


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (1200, 20), (3, 3000)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_any_shape_of_one_value(size, mode):
    found = measure(Image.new(mode, size, "white"))
    assert found == (1.0, 0.0, 0.0, 0.0, 0, bytes([255]) * 256, bytes([128]) * 32)


def test_colours_are_blue_then_red_differences():
    found = Measured.of([measure(Image.new("RGB", (8, 8), "red"))]).colours[0]
    assert (found[:16] < 100).all() and (found[16:] == 255).all()


def test_measures_are_plain_and_hashes_fit_signed_words(photo):
    found = measure(photo)
    assert [type(value) for value in found] == [float, float, float, float, int, bytes, bytes]
    assert -(2**63) <= found.hash < 2**63
    assert Measured.of([found._replace(hash=-1), found]).hashes.tolist() == [2**64 - 1, found.hash % 2**64]
