import numpy as np
import pytest

from ganvas.metrics.extrapolated import EXTRAPOLATED_FID, extrapolate, subset_sizes
from ganvas.metrics.frechet import FID
from ganvas.metrics.protocol import Reference, View
from ganvas.seeds import Stream


def normal(count, width, purpose, seed=0):
    return Stream(seed, purpose).normal(count, width).astype(np.float32)


@pytest.mark.parametrize(
    ("num_samples", "num_features", "smallest"),
    [
        (50_000, 2048, 5_000),  # the paper's
        (100_000, 64, 5_000),
        (10_000, 2048, 5_000),
        (10_000, 64, 1_000),
        (1_000, 64, 160),
        (200, 64, 100),
    ],
)
def test_fifteen_sizes_evenly_up_to_all(num_samples, num_features, smallest):
    sizes = subset_sizes(num_samples, num_features)
    assert len(sizes) == 15
    assert (sizes[0], sizes[-1]) == (smallest, num_samples)
    steps = np.diff(sizes)
    assert steps.max() - steps.min() <= 1


def test_a_line_is_followed_to_its_end():
    sizes = subset_sizes(10_000, 8)
    line = extrapolate(sizes, 3.0 + 500 / sizes)
    assert line == pytest.approx((3.0, 500, 0), abs=1e-9)


def test_standard_error_of_the_intercept_is_that_of_a_regression():
    from scipy.stats import linregress

    sizes = subset_sizes(5_000, 8)
    values = 3.0 + 500 / sizes + 0.1 * normal(1, 15, "noise")[0]
    known = linregress(1 / sizes, values)
    assert extrapolate(sizes, values) == pytest.approx((known.intercept, known.slope, known.intercept_stderr), rel=1e-9)


def test_is_near_the_exact_distance_where_fid_is_far():
    """Two normal laws at distance d * shift^2 = 1: a FID of 600 images is too high by about (d + d (d + 1) / 4) / N."""
    width, num = 16, 600
    reference = Reference(View(normal(20_000, width, "real")), View(normal(600, width, "held-out")))
    samples = [View(0.25 + normal(num, width, "fake", seed)) for seed in range(12)]
    plain = [FID.against(reference, Stream(0, "fid"))(sample).value for sample in samples]
    readings = [EXTRAPOLATED_FID.against(reference, Stream(0, "infinity"))(sample) for sample in samples]
    bias = (width + width * (width + 1) / 4) / num
    assert np.mean(plain) == pytest.approx(1 + bias, abs=0.05)
    assert np.mean([reading.value for reading in readings]) == pytest.approx(1, abs=0.05)
    assert np.mean([reading.details["slope"] for reading in readings]) == pytest.approx(bias * num, rel=0.25)
    assert sum(low <= 1 <= high for low, high in (reading.interval for reading in readings)) >= 10


def test_a_row_names_its_sizes_and_says_it_is_costly():
    reference = Reference(View(normal(300, 4, "real")), View(normal(100, 4, "held-out")))
    reading = EXTRAPOLATED_FID.against(reference, Stream(0, "x"))(View(normal(100, 4, "fake")))
    assert reading.details["sizes"] == subset_sizes(100, 4).tolist()
    assert len(reading.details["values"]) == 15
    assert reading.spread > 0
    assert EXTRAPOLATED_FID.costly
