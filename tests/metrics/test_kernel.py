import math

import numpy as np
import pytest
import torch

from ganvas.errors import DataError
from ganvas.metrics import kernel
from ganvas.metrics.kernel import KID, cubic_kernel, influence, kernel_distance, squared_mmd, sums_between, sums_within
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


def normal(count, width, purpose, seed=0):
    return Stream(seed, purpose).normal(count, width)


def mean_kernel(features):
    return float(np.mean((features.astype(np.float64) @ features.T.astype(np.float64) / features.shape[1] + 1) ** 3))


def by_definition(first, second):
    def k(x, y):
        return (x @ y / len(x) + 1) ** 3

    n, m = len(first), len(second)
    within = sum(k(x, y) for i, x in enumerate(first) for j, y in enumerate(first) if i != j) / (n * (n - 1))
    within += sum(k(x, y) for i, x in enumerate(second) for j, y in enumerate(second) if i != j) / (m * (m - 1))
    return within - 2 * sum(k(x, y) for x in first for y in second) / (n * m)


@pytest.mark.parametrize("rows_at_once", [1, 3, 4, 100])
def test_equals_the_definition_for_unequal_sizes_and_any_block(monkeypatch, rows_at_once):
    monkeypatch.setattr(kernel, "_ROWS_AT_ONCE", rows_at_once)
    first, second = normal(7, 5, "a"), 1 + normal(11, 5, "b")
    assert squared_mmd(first, second) == pytest.approx(by_definition(first, second), rel=1e-12)


@pytest.mark.parametrize("pair", PAIRS)
def test_equals_the_reference_on_all_real_features(metric_fixtures, pair):
    _, sets, expected = metric_fixtures
    case = expected["pairs"][pair]
    rows = case["kid_full"]["first_n"]
    value = squared_mmd(sets[case["real"]][:rows], sets[case["fake"]][:rows])
    assert value == pytest.approx(case["kid_full"]["value"], rel=1e-6, abs=0)


@pytest.mark.parametrize("pair", PAIRS)
def test_equals_torch_fidelity_on_its_own_subsets(metric_fixtures, pair):
    _, sets, expected = metric_fixtures
    case = expected["pairs"][pair]
    real, fake, size = sets[case["real"]], sets[case["fake"]], case["kid"]["subset_size"]
    draw = np.random.RandomState(2020)  # the draws of the reference
    values = [
        squared_mmd(real[draw.choice(len(real), size, False)], fake[draw.choice(len(fake), size, False)])
        for _ in range(100)
    ]
    rounding = 1e-7 * mean_kernel(real[:1000])  # the reference sums its kernels in float32: its error, not ours
    assert np.mean(values) == pytest.approx(case["kid"]["mean"], rel=1e-6, abs=rounding)
    assert np.std(values) == pytest.approx(case["kid"]["std"], rel=1e-6, abs=rounding)


@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance` will save all extracted features:UserWarning")
def test_equals_torchmetrics_on_the_same_subsets(metric_fixtures):
    from torchmetrics.image.kid import KernelInceptionDistance

    _, sets, _ = metric_fixtures
    real, fake = sets["half_a"].astype(np.float64), sets["vehicles"].astype(np.float64)
    theirs = KernelInceptionDistance(feature=torch.nn.Identity(), subsets=10, subset_size=500)
    theirs.update(torch.from_numpy(real), real=True)
    theirs.update(torch.from_numpy(fake), real=False)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        mean, std = theirs.compute()
        torch.manual_seed(3)
        values = [
            squared_mmd(real[torch.randperm(len(real))[:500]], fake[torch.randperm(len(fake))[:500]]) for _ in range(10)
        ]
    assert np.mean(values) == pytest.approx(mean.item(), rel=1e-6, abs=0)
    assert np.std(values) == pytest.approx(std.item(), rel=1e-6, abs=0)


def test_unbiased_for_equal_laws():
    values = [squared_mmd(normal(60, 4, "a", seed), normal(40, 4, "b", seed)) for seed in range(400)]
    assert abs(np.mean(values)) < 3 * np.std(values) / math.sqrt(len(values))
    assert min(values) < 0 < max(values)


def test_unbiased_for_different_laws():
    """Against the exact value for x ~ N(0, 1) and y ~ N(1, 1): k = 1 + 3 xy + 3 (xy)^2 + (xy)^3, moment by moment."""
    zero, one = (0, 1, 0), (1, 2, 4)  # E x, E x^2, E x^3

    def expectation(a, b):
        return 1 + 3 * a[0] * b[0] + 3 * a[1] * b[1] + a[2] * b[2]

    exact = expectation(zero, zero) + expectation(one, one) - 2 * expectation(zero, one)
    values = [squared_mmd(normal(60, 1, "a", seed), 1 + normal(40, 1, "b", seed)) for seed in range(400)]
    assert abs(np.mean(values) - exact) < 3 * np.std(values) / math.sqrt(len(values))


def test_subsets_come_from_the_stream_and_estimate_the_full_value(metric_fixtures):
    _, sets, expected = metric_fixtures
    case = expected["pairs"]["half_a__vehicles"]
    mean, std = kernel_distance(sets["half_a"], sets["vehicles"], Stream(0, "kid"))
    few, again, other = (
        kernel_distance(sets["half_a"], sets["vehicles"], Stream(seed, "kid"), num_subsets=5) for seed in (0, 0, 1)
    )
    assert few == again != other
    full = squared_mmd(sets["half_a"], sets["vehicles"])
    assert abs(mean - full) < 4 * std / math.sqrt(100)
    assert std == pytest.approx(case["kid"]["std"], rel=0.3)


def test_influence_is_twice_the_witness_of_each_image():
    real, fake = normal(9, 4, "a"), normal(7, 4, "b")
    found = influence(sums_within(fake, cubic_kernel), 7, sums_between(fake, real, cubic_kernel), 9)

    def k(x, y):
        return (x @ y / 4 + 1) ** 3

    for number, image in enumerate(fake):
        others = np.mean([k(image, y) for i, y in enumerate(fake) if i != number])
        assert found[number] == pytest.approx(2 * (others - np.mean([k(x, image) for x in real])), rel=1e-12)


def test_small_sets_make_small_subsets(metric_fixtures):
    _, sets, _ = metric_fixtures
    reading = KID.against(Reference(View(sets["half_a"]), View(sets["half_b"])), Stream(0, "kid"))(View(sets["tiny40"]))
    assert reading.spread is not None
    assert abs(reading.value) < 3 * reading.spread


def test_what_cannot_be_measured_is_refused_in_words():
    with pytest.raises(DataError, match="at least 2 images in each set; found 1"):
        squared_mmd(np.ones((1, 3)), np.ones((4, 3)))
    with pytest.raises(DataError, match="found 3 and 4"):
        squared_mmd(np.ones((5, 3)), np.ones((5, 4)))
    with pytest.raises(DataError, match="NaN or infinity"):
        squared_mmd(np.full((5, 3), np.inf), np.ones((5, 3)))
