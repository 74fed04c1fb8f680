"""Scalings: every byte comes back exactly; constants against numpy and the definition of whitening; files."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ganvas.data.scaling import (
    ARRAYS_FILE,
    SCALINGS,
    SETTINGS_FILE,
    ScalingSettings,
    fit_scaling,
    load_scaling,
    save_scaling,
    scaling_of,
)
from ganvas.data.scalings.moments import Moments, moments_of
from ganvas.errors import ConfigurationError, DamagedError, DataError, NotFiniteError, UsageError

ALL = [{"scaling": kind} for kind in SCALINGS] + [
    {"scaling": "min_max", "scaling_over": "channel"},
    {"scaling": "standard", "scaling_over": "channel"},
    {"scaling": "standard", "scaling_over": "pixel"},
    {"scaling": "standard", "scaling_over": "pixel", "scaling_min_deviation": 1e-3},
    {"scaling": "pca", "scaling_epsilon": 0.1},
    {"scaling": "zca", "scaling_epsilon": 0.1},
]
every_scaling = pytest.mark.parametrize("values", ALL, ids=lambda values: "-".join(map(str, values.values())))


def pictures(number=300, height=5, width=4, channels=3, seed=0):
    """Smooth, correlated images; one place is always black, one always 77, one nearly always 0."""
    random = np.random.default_rng(seed)
    light = random.normal(120, 40, (number, 1, 1, 1)) + random.normal(0, 25, (number, height, width, channels))
    made = np.clip(light, 0, 255).astype(np.uint8)
    made[:, 0, 0], made[:, 0, 1], made[:, 0, 2] = 0, 77, 0
    made[0, 0, 2] = 255
    return made


def chunked(images, size=64):
    return lambda: (images[start : start + size] for start in range(0, len(images), size))


def all_bytes(shape):
    """Return images in which every place takes all 256 values, in two orders."""
    places = np.arange(np.prod(shape)).reshape(shape)
    ramps = [(np.arange(256).reshape(-1, 1, 1, 1) + step * places) % 256 for step in (0, 37)]
    return np.concatenate(ramps).astype(np.uint8)


def fitted(images, size=64, **values):
    return fit_scaling(ScalingSettings(**values), chunked(images, size))


@every_scaling
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_byte_comes_back(values, channels):
    images = pictures(channels=channels)
    scaling = fitted(images, **values)
    for original in (images, all_bytes(images.shape[1:])):
        seen = scaling.apply(original)
        assert seen.dtype == np.float32
        assert seen.shape == original.shape
        assert np.array_equal(scaling.invert(seen), original)
    assert np.abs(scaling.apply(images)).max() <= 1
    json.dumps(scaling.constants(), allow_nan=False)


@every_scaling
@pytest.mark.parametrize("value", [0, 9, 255])
def test_images_of_one_value(values, value):
    images = np.full((5, 3, 4, 1), value, np.uint8)
    scaling = fitted(images, **values)
    assert np.abs(scaling.apply(images)).max() <= 1
    everything = all_bytes((3, 4, 1))
    assert np.array_equal(scaling.invert(scaling.apply(everything)), everything)


@every_scaling
@given(training=arrays(np.uint8, (3, 3, 2, 3)), others=arrays(np.uint8, (2, 3, 2, 3)))
@settings(max_examples=40, deadline=None)
def test_any_images_come_back(values, training, others):
    scaling = fitted(training, 2, **values)
    assert np.array_equal(scaling.invert(scaling.apply(others)), others)


@pytest.mark.parametrize("kind", ["pca", "zca"])
def test_hardest_case_of_whitening_comes_back(kind):
    """Nearly flat training images at the size limit in one direction, and images of the other extreme."""
    random = np.random.default_rng(2)
    images = np.where(random.random((40, 1, 1, 1)) < 0.5, 0, 255).astype(np.uint8) * np.ones((1, 16, 16, 3), np.uint8)
    scaling = fitted(images, scaling=kind, scaling_epsilon=0.1)
    extremes = (random.random((64, 16, 16, 3)) < 0.5).astype(np.uint8) * np.uint8(255)
    assert np.array_equal(scaling.invert(scaling.apply(extremes)), extremes)


def test_symmetric_is_what_players_see():
    torch = pytest.importorskip("torch")
    from ganvas.players import from_pixels

    images = all_bytes((2, 2, 3))
    seen = torch.from_numpy(fitted(images, scaling="symmetric").apply(images)).permute(0, 3, 1, 2)
    torch.testing.assert_close(seen, from_pixels(torch.from_numpy(images)), rtol=0, atol=1e-7)


@given(number=st.integers(1, 90), size=st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_moments_are_those_of_numpy(number, size):
    images = np.random.default_rng(number).integers(0, 256, (number, 3, 2, 3), dtype=np.uint8)
    found, exact = moments_of(chunked(images, size)()), images.astype(np.float64)
    for axes, own in (((), found), ((0, 1), found.over((0, 1))), ((0, 1, 2), found.over((0, 1, 2)))):
        along = (0, *(axis + 1 for axis in axes))
        np.testing.assert_allclose(own.mean, exact.mean(along, keepdims=True)[0], rtol=1e-12)
        np.testing.assert_allclose(own.deviation, exact.std(along, keepdims=True)[0], rtol=1e-12, atol=1e-12)
        assert np.array_equal(own.lowest, exact.min(along, keepdims=True)[0])
        assert np.array_equal(own.highest, exact.max(along, keepdims=True)[0])


def test_moments_keep_their_digits_far_from_zero():
    samples = 1e9 + np.random.default_rng(0).normal(size=(1000, 1))
    found = Moments.of(samples[:1])
    for sample in samples[1:]:
        found = found.merged(Moments.of(sample[None]))
    np.testing.assert_allclose(found.deviation, samples.std(axis=0), rtol=1e-6)


def test_standard_has_mean_zero_and_equal_deviations():
    images = pictures()
    for over, axes in (("global", None), ("channel", (0, 1, 2)), ("pixel", 0)):
        seen = fitted(images, scaling="standard", scaling_over=over).apply(images).astype(np.float64)
        np.testing.assert_allclose(seen.mean(axis=axes), 0, atol=1e-6)
        spread = seen.std(axis=axes)
        assert np.ptp(spread[spread > 0]) < 1e-6
        assert np.abs(seen).max() == pytest.approx(1)


def test_min_max_and_centre_by_hand():
    images = np.array([[10, 20], [30, 110]], np.uint8).reshape(2, 1, 1, 2)
    assert fitted(images, scaling="min_max").apply(images).ravel() == pytest.approx([-1, -0.8, -0.6, 1])
    assert fitted(images, scaling="min_max", scaling_over="channel").apply(images).ravel() == pytest.approx(
        [-1, -1, 1, 1]
    )
    assert fitted(images, scaling="centre").apply(images).ravel() == pytest.approx([-10 / 45, -1, 10 / 45, 1])
    assert fitted(images, scaling="unit").apply(images).ravel() == pytest.approx(
        [10 / 255, 20 / 255, 30 / 255, 110 / 255]
    )


@pytest.mark.parametrize("kind", ["pca", "zca"])
def test_whitened_images_have_the_identity_as_covariance(kind):
    images = np.random.default_rng(3).integers(0, 256, (900, 3, 4, 2), dtype=np.uint8)
    images[..., 1] = images[..., 0] // 2 + images[..., 1] // 2
    scaling = fitted(images, scaling=kind, scaling_epsilon=0.1)
    flat = scaling.apply(images).reshape(900, -1).astype(np.float64) * scaling.constants()["bound"]
    np.testing.assert_allclose(np.cov(flat.T, bias=True), np.eye(24), atol=5e-4)


def test_zca_is_the_inverse_root_of_the_covariance():
    from scipy.linalg import fractional_matrix_power

    images = np.random.default_rng(4).integers(0, 256, (200, 2, 2, 3), dtype=np.uint8)
    scaling = fitted(images, scaling="zca", scaling_epsilon=2.0)
    flat = images.reshape(200, -1).astype(np.float64)
    root = fractional_matrix_power(np.cov(flat.T, bias=True) + 2.0 * np.eye(12), -0.5)
    wanted = (flat - flat.mean(0)) @ root
    np.testing.assert_allclose(scaling.apply(images).reshape(200, -1) * scaling.constants()["bound"], wanted, atol=1e-6)


def test_pca_agrees_with_scikit_learn_and_states_what_it_loses():
    from sklearn.decomposition import PCA

    images = pictures(height=4, width=4, channels=1)
    flat = images.reshape(len(images), -1).astype(np.float64)
    theirs = PCA(6, svd_solver="full").fit(flat)
    scaling = fitted(images, scaling="pca", scaling_components=6)
    np.testing.assert_allclose(scaling.variances, theirs.explained_variance_ * (len(flat) - 1) / len(flat), rtol=1e-9)
    seen = scaling.apply(images)
    assert not seen.reshape(len(seen), -1)[:, 6:].any()
    exact = scaling._backward(seen.astype(np.float64)).reshape(len(flat), -1)
    np.testing.assert_allclose(exact, theirs.inverse_transform(theirs.transform(flat)), atol=1e-3)
    assert scaling.constants()["lost_variance"] == pytest.approx(np.square(exact - flat).mean(), rel=1e-4)


@every_scaling
def test_saved_scalings_come_back(values, tmp_path):
    images = pictures(40)
    scaling = fitted(images, **values)
    save_scaling(scaling, tmp_path)
    again = load_scaling(tmp_path)
    assert again.settings == scaling.settings
    assert again.constants() == scaling.constants()
    assert np.array_equal(again.apply(images), scaling.apply(images))


def test_damaged_files_are_refused(tmp_path):
    save_scaling(fitted(pictures(40), scaling="zca"), tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    whole = (tmp_path / ARRAYS_FILE).read_bytes()
    for content in (b"", whole[:100], b"\x80\x04K\x01.", whole[:-8] + b"\xff" * 8):
        (tmp_path / ARRAYS_FILE).write_bytes(content)
        with pytest.raises(DamagedError, match=ARRAYS_FILE):
            load_scaling(tmp_path)
    save_scaling(fitted(pictures(40), scaling="centre"), other)
    (tmp_path / ARRAYS_FILE).write_bytes((other / ARRAYS_FILE).read_bytes())
    with pytest.raises(DamagedError, match="constants of zca"):
        load_scaling(tmp_path)
    save_scaling(fitted(pictures(40, height=2), scaling="zca"), other)
    (tmp_path / ARRAYS_FILE).write_bytes((other / ARRAYS_FILE).read_bytes())
    with pytest.raises(DamagedError, match="do not fit images"):
        load_scaling(tmp_path)
    (tmp_path / SETTINGS_FILE).write_text("{}")
    with pytest.raises(DamagedError, match="settings"):
        load_scaling(tmp_path)
    save_scaling(fitted(pictures(40), scaling="zca"), tmp_path)
    (tmp_path / ARRAYS_FILE).unlink()
    with pytest.raises(DamagedError, match="is missing"):
        load_scaling(tmp_path)


def test_files_larger_than_any_scaling_are_refused_unread(tmp_path):
    scaling = fitted(pictures(40), scaling="zca")
    for name in (ARRAYS_FILE, SETTINGS_FILE):
        save_scaling(scaling, tmp_path)
        with (tmp_path / name).open("ab") as file:
            file.truncate(10**11)
        with pytest.raises(DamagedError, match=rf"{name}` has 100,000,000,000 bytes"):
            load_scaling(tmp_path)


def test_scaling_must_be_the_one_that_its_folder_names(tmp_path):
    scaling = fitted(pictures(40), scaling="zca")
    assert scaling_of(tmp_path, ScalingSettings(), scaling.shape) is None
    with pytest.raises(DamagedError, match="is missing"):
        scaling_of(tmp_path, scaling.settings, scaling.shape)
    save_scaling(scaling, tmp_path)
    found = scaling_of(tmp_path, scaling.settings, scaling.shape)
    assert found is not None
    assert np.array_equal(found.apply(pictures(9)), scaling.apply(pictures(9)))
    for values, shape in (({"scaling": "pca"}, scaling.shape), ({"scaling": "zca"}, (5, 4, 1))):
        with pytest.raises(DamagedError, match="needs"):
            scaling_of(tmp_path, ScalingSettings(**values), shape)


def test_what_cannot_be_fitted_is_explained():
    with pytest.raises(DataError, match="no images"):
        fitted(np.zeros((0, 2, 2, 1), np.uint8), scaling="standard")
    with pytest.raises(DataError, match=r"found float64"):
        fitted(np.zeros((3, 2, 2, 1)), scaling="standard")
    with pytest.raises(DataError, match=r"\[n, 2, 2, 1\].*\[3, 2, 2, 3\]"):
        parts = [np.zeros((3, 2, 2, channels), np.uint8) for channels in (1, 3)]
        fit_scaling(ScalingSettings(scaling="standard"), lambda: iter(parts))
    with pytest.raises(ConfigurationError, match=r"at most 4,096 values.*these have 12,288"):
        fitted(np.zeros((2, 64, 64, 3), np.uint8), scaling="zca")
    with pytest.raises(ConfigurationError, match="scaling_components is 13"):
        fitted(np.zeros((2, 2, 2, 3), np.uint8), scaling="pca", scaling_components=13)


@pytest.mark.parametrize(
    "values",
    [
        {"scaling": "zca", "scaling_components": 3},
        {"scaling": "min_max", "scaling_over": "pixel"},
        {"scaling": "unit", "scaling_over": "channel"},
        {"scaling": "zca", "scaling_epsilon": 0.01},
        {"scaling": "other"},
    ],
)
def test_settings_that_cannot_work_are_refused(values):
    with pytest.raises(ConfigurationError):
        ScalingSettings.read(values, "The scaling")


def test_what_is_no_image_is_refused():
    scaling = fitted(pictures(10), scaling="symmetric")
    with pytest.raises(UsageError, match=r"\[N, 5, 4, 3\]"):
        scaling.apply(np.zeros((2, 4, 4, 3), np.uint8))
    with pytest.raises(UsageError, match="float32"):
        scaling.apply(np.zeros((2, 5, 4, 3), np.float32))
    with pytest.raises(NotFiniteError):
        scaling.invert(np.full((1, 5, 4, 3), np.nan))
    beyond = np.array([-9.0, 9.0]).reshape(2, 1, 1, 1) * np.ones((1, 5, 4, 3))
    assert np.unique(scaling.invert(beyond)).tolist() == [0, 255]
