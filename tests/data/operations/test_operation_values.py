"""What operations do, against hand-computed arrays and implementations nobody here wrote."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from ganvas.data.operations.operation import read_operation

RANDOM = np.random.default_rng(5).integers(0, 256, (24, 31, 3), dtype=np.uint8)


def edit(text, values):
    pixels = np.asarray(values, np.uint8)
    return read_operation(text).apply(pixels[..., None] if pixels.ndim == 2 else pixels)


def grey(text, values):
    return edit(text, values)[..., 0].tolist()


def test_curves():
    assert grey("gamma:2", [[0, 128, 255]]) == [[0, 64, 255]]
    assert grey("invert", [[0, 1, 255]]) == [[255, 254, 0]]
    assert grey("posterise:3", [[0, 63, 64, 191, 192, 255]]) == [[0, 0, 128, 128, 255, 255]]
    assert grey("threshold:100", [[100, 101]]) == [[0, 255]]


def test_stretching():
    assert grey("min_max", [[50, 60, 100]]) == [[0, 51, 255]]
    ramp = np.arange(101, dtype=np.uint8)[None]
    stretched = edit("contrast_stretch:low=10,high=90", ramp)[0, :, 0]
    assert stretched[[0, 10, 50, 90, 100]].tolist() == [0, 0, 128, 255, 255]


def test_normalisation():
    assert grey("standardise:1", [[10, 10, 30, 30]]) == [[0, 0, 255, 255]]
    assert grey("standardise:2", [[10, 10, 30, 30]]) == [[64, 64, 191, 191]]
    # x' = 10 / sqrt(300 + 100) = 1/2, of which 127.5 + 127.5 / 2
    assert grey("gcn:bias=300,limit=1", [[10, 10, 30, 30]]) == [[64, 64, 191, 191]]
    channels = edit("standardise:per_channel=1", RANDOM // [1, 2, 4])
    assert np.ptp(channels.mean(axis=(0, 1))) < 1
    assert np.ptp(channels.std(axis=(0, 1))) < 1


def test_local_contrast_evens_out_light():
    texture = np.indices((64, 64)).sum(0) % 2 * 2.0 - 1
    light = np.where(np.arange(64) < 32, 20, 80)
    evened = edit("lcn", 128 + texture * light)[16:48]
    assert evened[:, 44:60].std() < 1.5 * evened[:, 4:20].std() * 2  # four times as strong before
    assert abs(evened.mean() - 127.5) < 3


def test_equalisation_of_gonzalez_form():
    # counts 2, 1, 1: cdf 2, 3, 4, so 0, 255 / 2 and 255
    assert grey("equalise", [[52, 52], [60, 200]]) == [[0, 0], [128, 255]]
    flat = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert (
        grey("equalise", flat // 2 + 60)
        == np.repeat(np.rint(np.arange(128) * 2 * 255 / 254), 2).reshape(16, 16).astype(int).tolist()
    )


def test_luminance_edits_keep_colour_differences():
    muted = (RANDOM // 4 + 90).astype(np.uint8)
    for name in ("equalise", "clahe"):
        change = edit(name, muted).astype(int) - muted
        inside = ((edit(name, muted) > 0) & (edit(name, muted) < 255)).all(axis=-1)
        assert inside.sum() > 50
        assert np.ptp(change[inside], axis=-1).max() == 0


def test_clahe_is_that_of_skimage():
    from skimage.exposure import equalize_adapthist

    wanted = np.rint(255 * equalize_adapthist(RANDOM[..., 0], kernel_size=[6, 8], clip_limit=0.03))
    assert np.array_equal(edit("clahe:0.03,tiles=4", RANDOM[..., :1])[..., 0], wanted)


def test_otsu_splits_two_heaps_where_all_levels_say():
    values = np.concatenate([np.arange(20, 40).repeat(5), np.arange(180, 240).repeat(2)]).reshape(20, -1)
    between = [
        (values <= t).mean() * (values > t).mean() * (values[values <= t].mean() - values[values > t].mean()) ** 2
        for t in range(20, 239)
    ]
    assert np.array_equal(edit("otsu", values)[..., 0] == 255, values > 20 + int(np.argmax(between)))
    assert grey("otsu", [[9, 9]]) == [[0, 0]]
    assert grey("otsu", [[200, 200]]) == [[255, 255]]


def test_pillow_agrees():
    image = Image.fromarray(RANDOM)
    assert np.array_equal(edit("greyscale", RANDOM)[..., 0], np.asarray(image.convert("L")))
    ycbcr = edit("ycbcr", RANDOM).astype(int) - np.asarray(image.convert("YCbCr"))
    assert np.abs(ycbcr).max() <= 1
    median = np.asarray(image.filter(ImageFilter.MedianFilter(5)))
    assert np.array_equal(edit("median:5", RANDOM)[2:-2, 2:-2], median[2:-2, 2:-2])
    assert np.array_equal(edit("invert", RANDOM), np.asarray(ImageOps.invert(image)))


@pytest.mark.parametrize(
    ("rgb", "hsv", "lab"),
    [  # published values: hue 0, 120 and 240 of 360 degrees; Lab of sRGB under D65 by Lindbloom's calculator
        ((255, 0, 0), (0, 255, 255), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (85, 255, 255), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (171, 255, 255), (32.30, 79.19, -107.86)),
        ((255, 255, 255), (0, 0, 255), (100, 0, 0)),
    ],
)
def test_known_colours(rgb, hsv, lab):
    assert edit("hsv", [[rgb]])[0, 0].tolist() == list(hsv)
    bytes_of_lab = np.rint(np.array(lab) * [2.55, 1, 1] + [0, 128, 128])
    assert edit("lab", [[rgb]])[0, 0].tolist() == bytes_of_lab.tolist()


def test_denoising_comes_nearer_to_the_clean_picture():
    clean = np.where(np.indices((48, 48)).sum(0) // 12 % 2, 180.0, 60.0)[..., None]
    noisy = np.clip(clean + np.random.default_rng(1).normal(0, 10, clean.shape), 0, 255).astype(np.uint8)
    before = np.abs(noisy - clean).mean()
    for text in ("median", "nl_means"):
        assert np.abs(edit(text, noisy) - clean).mean() < 0.75 * before
    flat = np.full((48, 48, 1), 100.0)
    noisy = np.clip(flat + np.random.default_rng(1).normal(0, 10, flat.shape), 0, 255).astype(np.uint8)
    assert edit("gaussian:2", noisy).std() < 0.25 * noisy.std()


def test_centring_by_box_and_by_mass():
    image = np.zeros((7, 9), np.uint8)
    image[0:3, 0:3] = 200
    centred = edit("centre_box", image)[..., 0]
    assert np.argwhere(centred).min(0).tolist() == [2, 3]
    assert np.array_equal(edit("centre_mass", image)[..., 0], centred)
    image[0, 3:8] = 20  # a faint tail widens the box, and hardly moves the mass
    assert np.argwhere(edit("centre_box", image)[..., 0] > 100).min(0).tolist() == [2, 1]
    assert np.argwhere(edit("centre_mass", image)[..., 0] > 100).min(0).tolist() == [2, 1]
    assert np.argwhere(edit("centre_mass:tolerance=30", image)[..., 0] > 100).min(0).tolist() == [2, 3]


def test_centring_keeps_the_background_and_what_is_drawn():
    paper = np.full((20, 20, 3), (250, 240, 200), np.uint8)
    paper[1:4, 15:19] = (10, 60, 90)
    centred = edit("centre_box", paper)
    assert np.array_equal(centred[9:12, 8:12], paper[1:4, 15:19])
    assert (centred.reshape(-1, 3) == (250, 240, 200)).all(axis=1).sum() == 400 - 12
    assert np.array_equal(edit("centre_mass", RANDOM), RANDOM)  # it fills the frame


def test_centring_moves_alpha_along():
    image = np.zeros((9, 9, 4), np.uint8)
    image[..., :3] = RANDOM[:9, :9]  # colours that nobody sees
    image[0:3, 0:3] = (255, 0, 0, 255)
    centred = edit("centre_mass", image)
    assert np.array_equal(np.argwhere(centred[..., 3]), np.argwhere(image[..., 3]) + 3)
    assert (centred[3:6, 3:6] == (255, 0, 0, 255)).all()


def test_a_given_background_is_used():
    image = np.full((6, 6), 255, np.uint8)
    image[0, :2] = 0
    assert np.argwhere(edit("centre_box:0", image)[..., 0] == 0).tolist() == [[0, 0], [0, 1]]
    assert (edit("centre_box:255", image)[..., 0] == 0).sum() == 2


def test_mnist_was_centred_by_mass():
    folder = os.environ.get("GANVAS_DATA")
    if not folder:
        pytest.skip("GANVAS_DATA is not set")
    content = gzip.decompress((Path(folder) / "mnist" / "t10k-images-idx3-ubyte.gz").read_bytes())
    digits = np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28)[:1000]
    operation = read_operation("centre_mass:tolerance=0")
    assert all(np.array_equal(operation.apply(digit[..., None]), digit[..., None]) for digit in digits)
    for digit in digits:
        if not (digit[-3:].any() or digit[:, :2].any()):  # nothing wraps round
            moved = np.roll(digit, (3, -2), (0, 1))[..., None]
            assert np.array_equal(operation.apply(moved), digit[..., None])
