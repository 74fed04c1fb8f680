"""Precision, recall, density, coverage: against the values of the field's reference implementation and known laws."""

from math import prod

import numpy as np
import pytest

from ganvas.errors import DataError
from ganvas.metrics import METRICS, manifold
from ganvas.metrics.manifold import neighbourhoods, squared_radii, with_errors
from ganvas.metrics.protocol import Reference, View
from ganvas.seeds import Stream

PAIRS = [
    "half_a__half_b",
    "animals__vehicles",
    "half_a__vehicles",
    "only_cats__animals",
    "half_a__tiny40",
    "half_a__half_a",
]


def normal(count, width, purpose):
    return Stream(0, purpose).normal(count, width)


@pytest.mark.parametrize("pair", PAIRS)
def test_equals_the_reference_on_real_features(metric_fixtures, pair):
    _, sets, expected = metric_fixtures
    case = expected["pairs"][pair]
    rows, k = case["prdc"]["first_n"], case["prdc"]["k"]
    found = neighbourhoods(sets[case["real"]][:rows], sets[case["fake"]][:rows], k)
    assert found._asdict() == {name: pytest.approx(case["prdc"][name], abs=1e-9) for name in found._fields}


@pytest.mark.parametrize("rows_at_once", [1, 7, 1000])
def test_equals_the_definition_in_any_block(monkeypatch, rows_at_once):
    monkeypatch.setattr(manifold, "_ROWS_AT_ONCE", rows_at_once)
    real, fake, k = normal(30, 3, "a"), 0.5 + normal(20, 3, "b"), 3

    def radius(points, i):
        return sorted(np.linalg.norm(points - points[i], axis=1))[k]

    within = np.array([[np.linalg.norm(x - y) < radius(real, i) for y in fake] for i, x in enumerate(real)])
    recalled = np.array([[np.linalg.norm(x - y) < radius(fake, j) for j, y in enumerate(fake)] for x in real])
    expected = (within.any(0).mean(), recalled.any(1).mean(), within.sum(0).mean() / k, within.any(1).mean())
    assert neighbourhoods(real, fake, k) == pytest.approx(expected)


def test_coverage_of_equal_laws_is_the_published_expectation():
    """Naeem et al. 2020, section 4: 1 - prod over i < k of (N - 1 - i) / (M + N - 1 - i)."""
    n, k = 1000, 5
    expected = 1 - prod((n - 1 - i) / (2 * n - 1 - i) for i in range(k))
    found = [neighbourhoods(normal(n, 8, f"r{i}"), normal(n, 8, f"f{i}"), k) for i in range(4)]
    assert expected == pytest.approx(0.969, abs=1e-3)
    assert np.mean([each.coverage for each in found]) == pytest.approx(expected, abs=0.006)
    assert np.mean([each.density for each in found]) == pytest.approx(1, abs=0.02)


def test_fidelity_and_variety_fall_apart():
    real = normal(500, 4, "a")
    one_place = np.repeat(real[:1], 500, axis=0) + 1e-3 * normal(500, 4, "b")
    found = neighbourhoods(real, one_place, 3)
    assert found.precision == 1
    assert found.recall < 0.01
    far = neighbourhoods(real, real + 100, 3)
    assert far == (0, 0, 0, 0)


def test_errors_are_those_of_means_and_of_the_jackknife():
    real, fake = normal(40, 3, "a"), 0.5 + normal(30, 3, "b")
    values, errors = with_errors(real, fake, 3)
    assert values == neighbourhoods(real, fake, 3)
    assert errors.precision == pytest.approx(np.sqrt(values.precision * (1 - values.precision) / 29), rel=1e-12)
    without = [neighbourhoods(real, np.delete(fake, i, axis=0), 3).coverage for i in range(30)]
    jackknife = np.sqrt(29 / 30 * np.sum((without - np.mean(without)) ** 2))
    assert errors.coverage == pytest.approx(jackknife * 30 / 29, rel=1e-12)


def test_rows_read_views_and_name_k():
    reference, sample = View(normal(50, 4, "a").astype(np.float32)), View(normal(40, 4, "b").astype(np.float32))
    for name, k in (("precision", 3), ("recall", 3), ("density", 5), ("coverage", 5)):
        metric = METRICS[f"k{k}-{name}"].load()
        value = metric.against(Reference(reference, sample), Stream(0, "test"))(sample).value
        assert metric.name == f"k{k}-{name}"
        assert not metric.lower_is_better
        assert value == getattr(neighbourhoods(reference.features, sample.features, k), name)


def test_too_few_images_and_unequal_features_are_refused():
    with pytest.raises(DataError, match="need more than 3 images; found 3"):
        squared_radii(normal(3, 2, "a"), (3,))
    with pytest.raises(DataError, match="as many numbers per image"):
        neighbourhoods(normal(9, 2, "a"), normal(9, 3, "b"), 3)


def test_the_four_rows_measure_each_sample_once_and_forget_old_ones(monkeypatch):
    measured, between = [], manifold._between

    def counting(real, sample):
        measured.append(sample)
        return between(real, sample)

    monkeypatch.setattr(manifold, "_between", counting)
    reference = Reference(View(normal(60, 4, "a").astype(np.float32)), View(normal(40, 4, "h").astype(np.float32)))
    readers = [METRICS[name].load().against(reference, Stream(0, name)) for name in METRICS if name[0] == "k"][1:]
    assert len(readers) == 4
    samples = [View(normal(40, 4, f"s{number}").astype(np.float32)) for number in range(9)]
    values = [[read(sample).value for sample in samples[:3]] for read in readers]
    assert len(measured) == 3
    for sample in samples:
        readers[0](sample)
    assert len(measured) == 3 + 6
    assert values[0] == [readers[0](sample).value for sample in samples[:3]], "forgotten, and measured again"
    assert len(measured) == 3 + 6 + 3
