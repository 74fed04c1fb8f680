import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.errors import DataError
from ganvas.metrics.frechet import FID, Gaussian, Moments, couple, distance_to, frechet_distance, merged, streamed
from ganvas.metrics.protocol import Reference, View
from ganvas.seeds import Stream

PAIRS = ["half_a__half_b", "animals__vehicles", "half_a__vehicles", "only_cats__animals", "half_a__tiny40"]


def normal(count, width, purpose="x", seed=0):
    return Stream(seed, purpose).normal(count, width)


def distance(first, second):
    return frechet_distance(Moments.of(first).gaussian(), Moments.of(second).gaussian())


@pytest.mark.parametrize("pair", PAIRS)
def test_equals_pytorch_fid_on_real_features(metric_fixtures, pair):
    _, sets, expected = metric_fixtures
    case = expected["pairs"][pair]
    assert distance(sets[case["real"]], sets[case["fake"]]) == pytest.approx(case["fid"], rel=1e-6, abs=0)


def test_identity_case_of_real_features_is_zero_and_not_negative(metric_fixtures):
    _, sets, _ = metric_fixtures
    assert 0 <= distance(sets["half_a"], sets["half_a"]) < 1e-13
    assert 0 <= distance(sets["half_a"], sets["half_a"][::-1]) < 1e-13


def test_statistics_of_the_whole_set_are_the_reference_ones(metric_fixtures):
    features, _, expected = metric_fixtures
    law = Moments.of(features).gaussian()
    np.testing.assert_allclose(law.mean[:5], expected["whole_set"]["mean_first5"], rtol=1e-12)
    np.testing.assert_allclose(np.sum(law.factor**2), expected["whole_set"]["cov_trace"], rtol=1e-12)


def test_equals_torchmetrics_on_the_same_features(metric_fixtures):
    from torchmetrics.image.fid import FrechetInceptionDistance

    class Given(torch.nn.Identity):
        num_features = 64

    _, sets, _ = metric_fixtures
    theirs = FrechetInceptionDistance(feature=Given()).set_dtype(torch.float64)
    theirs.update(torch.from_numpy(sets["half_a"]).double(), real=True)
    theirs.update(torch.from_numpy(sets["half_b"]).double(), real=False)
    assert distance(sets["half_a"], sets["half_b"]) == pytest.approx(theirs.compute().item(), rel=1e-6, abs=0)


def test_closed_form_of_commuting_covariances():
    rotation = np.linalg.qr(normal(12, 12))[0]
    first, second = np.linspace(0.1, 3, 12), np.linspace(2, 0.5, 12)
    means = normal(2, 12, "means")
    one = Gaussian.of_covariance(means[0], rotation.T * first @ rotation)
    two = Gaussian.of_covariance(means[1], rotation.T * second @ rotation)
    expected = np.sum((means[0] - means[1]) ** 2) + np.sum((np.sqrt(first) - np.sqrt(second)) ** 2)
    assert frechet_distance(one, two) == pytest.approx(expected, rel=1e-12)


def test_closed_form_in_two_dimensions_where_covariances_do_not_commute():
    first, second = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, -0.3], [-0.3, 3.0]])
    product = first @ second  # Tr M^(1/2) = (Tr M + 2 det(M)^(1/2))^(1/2) for 2x2
    root = math.sqrt(np.trace(product) + 2 * math.sqrt(np.linalg.det(product)))
    expected = 1 + np.trace(first) + np.trace(second) - 2 * root
    one, two = Gaussian.of_covariance([0, 0], first), Gaussian.of_covariance([0, 1], second)
    assert frechet_distance(one, two) == pytest.approx(expected, rel=1e-12)


def test_closed_form_of_singular_covariances():
    flat = np.diag([4.0, 0.0, 0.0])  # against a law with full rank, along one axis, and with rank two
    zero = np.zeros(3)
    one = Gaussian.of_covariance(zero, flat)
    assert frechet_distance(one, Gaussian.of_covariance(zero, np.eye(3))) == pytest.approx(1 + 1 + 1, rel=1e-12)
    assert frechet_distance(one, Gaussian.of_covariance(zero, np.zeros((3, 3)))) == pytest.approx(4, rel=1e-12)
    assert frechet_distance(one, Gaussian.of_covariance(zero, np.diag([0, 9.0, 0]))) == pytest.approx(13, rel=1e-12)


def test_fewer_images_than_features_equals_the_sum_over_the_span():
    few = normal(5, 40)  # rank 4: against N(m, I) the trace is the sum of the singular values of F
    law = Moments.of(few).gaussian()
    roots = np.linalg.svd(law.factor, compute_uv=False)[:4]
    expected = np.sum(roots**2) + 40 - 2 * np.sum(roots)
    assert frechet_distance(law, Gaussian.of_covariance(law.mean, np.eye(40))) == pytest.approx(expected, rel=1e-12)
    assert 0 <= frechet_distance(law, law) < 1e-14


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(2, 40),
    width=st.integers(1, 20),
    dead=st.integers(0, 5),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
)
def test_a_set_against_itself_is_zero_never_negative_or_nan(count, width, dead, scale):
    features = scale * (5 + normal(count, width)) * (np.arange(width) >= dead)
    law = Moments.of(features).gaussian()
    shuffled = Moments.of(features[::-1]).gaussian()
    assert 0 <= frechet_distance(law, law) <= 1e-10 * scale**2
    assert 0 <= frechet_distance(law, shuffled) <= 1e-10 * scale**2


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(0, 60), min_size=1, max_size=8), width=st.integers(1, 12))
def test_merged_statistics_are_those_of_one_pass(sizes, width):
    features = 100 + normal(sum(sizes) + 2, width)
    merged = Moments.of(features[:2])
    for start, size in zip(np.cumsum([2, *sizes]), sizes, strict=False):
        merged = merged.merge(Moments.of(features[start : start + size]))
    assert merged.count == len(features)
    np.testing.assert_allclose(merged.mean, features.mean(axis=0), rtol=1e-13)
    factor = merged.gaussian().factor
    np.testing.assert_allclose(factor.T @ factor, np.cov(features.T).reshape(width, width), atol=1e-12)
    assert len(factor) <= width


def test_updates_in_blocks_of_any_size_agree_and_stay_small():
    features = 10 + normal(5_000, 8)
    moments = Moments.empty(8)
    for start in range(0, 5_000, 7):
        moments = moments.update(features[start : start + 7])
        assert len(moments.factor) <= 3 * 8
    assert 0 <= frechet_distance(moments.gaussian(), Moments.of(features).gaussian()) < 1e-13


def test_bias_of_a_sample_follows_the_known_law():
    width, count = 16, 400  # E[FID] ~ (d + d (d + 1) / 4) / N against the exact moments of N(0, I)
    exact = Gaussian.of_covariance(np.zeros(width), np.eye(width))
    values = [frechet_distance(exact, Moments.of(normal(count, width, "bias", s)).gaussian()) for s in range(100)]
    expected = (width + width * (width + 1) / 4) / count
    standard_error = np.std(values) / math.sqrt(len(values))
    assert abs(np.mean(values) - expected) < 3 * standard_error + 0.02 * expected


def test_bias_law_holds_within_five_per_cent():
    width, count = 8, 1000
    exact = Gaussian.of_covariance(np.zeros(width), np.eye(width))
    values = [frechet_distance(exact, Moments.of(normal(count, width, "law", s)).gaussian()) for s in range(400)]
    assert np.mean(values) == pytest.approx((width + width * (width + 1) / 4) / count, rel=0.05)


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 400), min_size=0, max_size=6), order_seed=st.integers(0, 99))
def test_parts_of_any_split_merged_in_any_order_give_the_whole(cuts, order_seed):
    features = 5 + normal(400, 6) * np.linspace(1e-3, 10, 6)
    bounds = [0, *sorted(cuts), 400]
    parts = [Moments.of(features[start:stop]) for start, stop in pairwise(bounds)]
    order = Stream(order_seed, "order").permutation(len(parts))
    law, whole = merged(parts[i] for i in order).gaussian(), Moments.of(features).gaussian()
    np.testing.assert_allclose(law.mean, whole.mean, rtol=1e-10)
    np.testing.assert_allclose(law.factor.T @ law.factor, whole.factor.T @ whole.factor, rtol=1e-10, atol=1e-10)
    other = Moments.of(normal(100, 6, "other")).gaussian()
    assert frechet_distance(law, other) == pytest.approx(frechet_distance(whole, other), rel=1e-10)


def test_ranks_that_each_stream_their_share_give_the_distance_of_one_machine(metric_fixtures):
    _, sets, expected = metric_fixtures
    features, real = sets["half_b"], Moments.of(sets["half_a"]).gaussian()
    ranks = [streamed(np.array_split(features[rank::3], 17)) for rank in range(3)]  # every third image to each
    found = frechet_distance(real, merged(ranks).gaussian())
    assert found == pytest.approx(frechet_distance(real, Moments.of(features).gaussian()), rel=1e-10)
    assert found == pytest.approx(expected["pairs"]["half_a__half_b"]["fid"], rel=1e-6)


def test_streaming_keeps_one_batch_and_a_small_factor():
    import tracemalloc

    width, batches = 16, 400

    def features():
        for number in range(batches):
            yield normal(250, width, "batch", number)

    streamed(normal(250, width, "batch", number) for number in range(2))  # what is loaded once is not counted
    tracemalloc.start()
    moments = streamed(features())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert moments.count == 250 * batches
    assert peak < 20 * 250 * width * 8  # all features would be 400 batches
    with pytest.raises(DataError, match="there are none"):
        streamed([])


def test_influence_is_the_change_when_an_image_weighs_more():
    first, features = Moments.of(normal(60, 4, "a")).gaussian(), 0.3 + normal(50, 4, "b") * [1, 2, 0.5, 1]

    def weighted(weights):
        weights = weights / weights.sum()
        mean = weights @ features
        centred = features - mean
        return frechet_distance(first, Gaussian.of_covariance(mean, centred.T * weights @ centred))

    plain, step = np.ones(50), 1e-5
    law = Gaussian.of_covariance(features.mean(axis=0), np.cov(features.T, bias=True))
    influence = couple(first, law).influence(features)
    change = [(weighted(plain + step * one) - weighted(plain - step * one)) / (2 * step) for one in np.eye(50)]
    np.testing.assert_allclose(influence - influence.mean(), 50 * np.array(change), rtol=1e-5, atol=1e-6)


def test_transport_carries_one_covariance_to_the_other():
    first, second = Moments.of(normal(90, 5, "a")).gaussian(), Moments.of(2 * normal(70, 5, "b")).gaussian()
    root = couple(first, second).root
    transport = root @ root.T
    one, two = first.factor.T @ first.factor, second.factor.T @ second.factor
    np.testing.assert_allclose(transport @ two @ transport, one, rtol=1e-9, atol=1e-10)


def test_identical_images_have_a_distance_and_no_error():
    real = Moments.of(normal(30, 3)).gaussian()
    value, error = distance_to(real, np.ones((10, 3)))
    expected = np.sum((real.mean - 1) ** 2) + np.sum(real.factor**2)
    assert value == pytest.approx(expected, rel=1e-12)
    assert error == 0
    assert distance_to(Moments.of(np.ones((5, 3))).gaussian(), np.ones((10, 3))) == (0, 0)


def test_row_reads_a_view_against_the_reference(metric_fixtures):
    _, sets, expected = metric_fixtures
    read = FID.against(Reference(View(sets["half_a"]), View(sets["half_b"])), Stream(0, "fid"))
    reading = read(View(sets["half_b"]))
    assert reading.value == pytest.approx(expected["pairs"]["half_a__half_b"]["fid"], rel=1e-6)
    assert FID.lower_is_better


def test_what_cannot_be_measured_is_refused_in_words():
    with pytest.raises(DataError, match="NaN or infinity"):
        Moments.of(np.array([[1.0, np.nan], [0.0, 1.0]]))
    with pytest.raises(DataError, match="at least 2 images; found 1"):
        Moments.of(np.ones((1, 3))).gaussian()
    with pytest.raises(DataError, match="found 3 and 4"):
        distance(np.ones((5, 3)), np.ones((5, 4)))
