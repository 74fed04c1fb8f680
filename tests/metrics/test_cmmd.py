import numpy as np
import pytest

from ganvas.metrics import kernel
from ganvas.metrics.cmmd import CMMD, maximum_mean_discrepancy
from ganvas.metrics.protocol import Reference, View
from ganvas.seeds import Stream


def normal(count, width, purpose, seed=0):
    return Stream(seed, purpose).normal(count, width)


def by_definition(first, second):
    first, second = ([x / np.linalg.norm(x) for x in rows] for rows in (first, second))

    def mean(ones, twos):
        return np.mean([np.exp(-np.sum((x - y) ** 2) / (2 * 10**2)) for x in ones for y in twos])

    return 1000 * (mean(first, first) + mean(second, second) - 2 * mean(first, second))


@pytest.mark.parametrize("rows_at_once", [1, 4, 100])
def test_equals_the_definition_in_any_block(monkeypatch, rows_at_once):
    monkeypatch.setattr(kernel, "_ROWS_AT_ONCE", rows_at_once)
    real, fake = normal(13, 6, "a"), 1 + normal(9, 6, "b")
    assert maximum_mean_discrepancy(real, fake)[0] == pytest.approx(by_definition(real, fake), rel=1e-10)


def test_length_of_features_does_not_matter_and_equal_sets_are_at_zero():
    real = normal(50, 6, "a")
    assert maximum_mean_discrepancy(real, 3 * real)[0] == pytest.approx(0, abs=1e-10)
    assert maximum_mean_discrepancy(real, real)[0] >= 0
    assert np.isfinite(maximum_mean_discrepancy(np.zeros((5, 3)), np.ones((5, 3)))).all()


def test_bias_of_equal_laws_is_the_known_one():
    """Means that take in i = j lie 1000 (1 - mean k) (1/N + 1/M) too high."""
    num, other = 60, 90
    values = [maximum_mean_discrepancy(normal(num, 5, "a", s), normal(other, 5, "b", s))[0] for s in range(60)]
    expected = 1000 * (1 - np.exp(-0.01)) * (1 / num + 1 / other)  # x.y is 0 on average, and k = exp((x.y - 1) / 100)
    assert np.mean(values) == pytest.approx(expected, rel=0.06)


def test_row_reads_against_the_training_images_and_is_for_clip():
    reference = Reference(View(normal(80, 6, "a").astype(np.float32)), View(normal(9, 6, "b").astype(np.float32)))
    sample = View((0.5 + normal(40, 6, "c")).astype(np.float32))
    reading = CMMD.against(reference, Stream(0, "cmmd"))(sample)
    value, error = maximum_mean_discrepancy(reference.training.features, sample.features)
    assert reading.value == pytest.approx(value, rel=1e-12)
    assert reading.interval[1] - reading.value == pytest.approx(1.96 * error, rel=1e-4)
    assert CMMD.suits == ("clip",)
