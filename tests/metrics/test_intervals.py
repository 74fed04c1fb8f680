"""Intervals against the spread of values over many independent samples of one generator."""

import math

import numpy as np
import pytest

from ganvas.errors import UsageError
from ganvas.metrics import METRICS
from ganvas.metrics.intervals import around, bootstrap, of_share, over_seeds, standard_error
from ganvas.metrics.kernel import KID
from ganvas.metrics.protocol import Reading, Reference, Score, View
from ganvas.seeds import Stream

WIDTH, COUNT, REPEATS = 4, 200, 50
READS = ("fid", "fid-infinity", "class-fid", "mind", "cmmd", "inception-score", "accuracy", "authenticity", "c-t")
MANIFOLD = ("k3-precision", "k3-recall", "k5-density", "k5-coverage")


def normal(count, purpose, seed=0):
    return Stream(seed, purpose).normal(count, WIDTH)


def sample(seed, shift=0.4, scale=0.8):
    rows = (shift + scale * normal(COUNT, "sample", seed)).astype(np.float32)
    classes = Stream(0, "classes").normal(WIDTH, 3).astype(np.float32)
    return View(rows, 2 * rows @ classes, Stream(seed, "labels").integers(COUNT, 3))


@pytest.fixture(scope="module")
def reference():
    training = View(normal(600, "training").astype(np.float32), labels=Stream(0, "training").integers(600, 3))
    return Reference(training, View(normal(300, "held-out").astype(np.float32)))


@pytest.mark.parametrize("name", [*READS, *MANIFOLD])
def test_the_interval_is_as_wide_as_values_of_other_samples_spread(name, reference):
    read = METRICS[name].load().against(reference, Stream(0, name))
    readings = [read(sample(seed)) for seed in range(REPEATS)]
    values = np.array([reading.value for reading in readings])
    reach = [max(reading.interval[1] - reading.value, reading.value - reading.interval[0]) for reading in readings]
    told, true = np.mean(reach) / 1.96, values.std(ddof=1)
    assert 0.7 * true < told < 1.5 * true  # the spread of 50 values is itself known to 10 %
    held = [low <= values.mean() <= high for low, high in (reading.interval for reading in readings)]
    assert np.mean(held) >= 0.85


def test_kid_has_an_interval_over_samples_beside_its_spread_over_subsets(reference):
    read = KID.against(reference, Stream(0, "kid"))
    readings = [read(sample(seed)) for seed in range(8)]
    true = np.std([reading.value for reading in readings], ddof=1)
    told = np.mean([reading.interval[1] - reading.value for reading in readings]) / 1.96
    assert 0.5 * true < told < 2 * true
    assert readings[0].spread > 0


@pytest.mark.parametrize("width", [8, 64])
def test_near_the_floor_the_interval_of_fid_is_too_wide_rather_than_too_narrow(width):
    from ganvas.metrics.frechet import Moments, distance_to

    real = Moments.of(Stream(0, "real").normal(2_000, width)).gaussian()
    found = np.array([distance_to(real, Stream(seed, "same").normal(200, width)) for seed in range(25)])
    true, told = found[:, 0].std(ddof=1), found[:, 1].mean()
    assert 0.9 * true < told < 2.2 * true


def test_an_interval_stays_within_what_is_possible():
    assert around(0.5, 0.1) == pytest.approx((0.5 - 0.1959964, 0.5 + 0.1959964))
    assert around(0.05, 0.1, lowest=0) == pytest.approx((0, 0.2459964))
    assert around(0.95, 0.1, 0, 1) == pytest.approx((0.7540036, 1))


def test_the_standard_error_of_a_mean_is_its_own():
    values = normal(100, "values")[:, 0]
    assert standard_error(values) == pytest.approx(values.std(ddof=1) / 10, rel=1e-12)
    assert standard_error(np.array([True, False])) == pytest.approx(0.5)
    assert standard_error(np.ones(1)) == 0


def test_shares_of_none_and_all_have_more_than_a_point():
    assert of_share(0.0, 50) == pytest.approx((0, 3.841459 / (50 + 3.841459)), rel=1e-5)
    assert of_share(1.0, 50) == pytest.approx((50 / (50 + 3.841459), 1), rel=1e-5)
    low, high = of_share(0.3, 1000)
    assert (low, high) == pytest.approx((0.2724, 0.3291), abs=1e-4)  # Wilson's, by hand


def test_a_bootstrap_stands_around_the_value_though_resamples_lie_beside_it():
    """The number of different images: a resample holds 63 % of them, and no percentile of these reaches the value."""

    def read(view):
        return Reading(float(len(np.unique(view.features[:, 0]))))

    view = sample(0)
    low, high = bootstrap(read, view, 200.0, 50, Stream(0, "bootstrap"))
    assert (low + high) / 2 == pytest.approx(200)
    assert (high - low) / 2 == pytest.approx(1.96 * math.sqrt(200 * math.exp(-1) * (1 - 2 * math.exp(-1))), rel=0.35)


def test_a_bootstrap_of_a_mean_gives_its_standard_error_and_is_seeded():
    def read(view):
        return Reading(float(view.features[:, 0].mean()))

    view = sample(0)
    value = read(view).value
    found, again, other = (bootstrap(read, view, value, 200, Stream(seed, "bootstrap")) for seed in (0, 0, 1))
    assert found == again != other
    assert (found[1] - value) / 1.96 == pytest.approx(standard_error(view.features[:, 0]), rel=0.15)
    with pytest.raises(UsageError, match="at least 2 resamples; found 1"):
        bootstrap(read, view, value, 1, Stream(0, "bootstrap"))


def score(value, **changes):
    plain = {"protocol": "pixels8-fid100", "metric": "fid", "value": value, "floor": 1, "ceiling": 9}
    counts = {"num_samples": 100, "num_reference": 500, "caution": "", "lower_is_better": True}
    return Score.read({**plain, **counts, **changes}, "A score")


def test_seeds_combine_to_their_mean_with_students_interval():
    combined = over_seeds([score(2.0, floor=0.8), score(3.0, floor=1.0), score(4.0, floor=1.2)])
    assert (combined.value, combined.floor, combined.ceiling) == pytest.approx((3, 1, 9))
    assert combined.spread == pytest.approx(1)
    reach = 4.302653 / math.sqrt(3)  # t of 2 degrees of freedom
    assert combined.interval == pytest.approx((3 - reach, 3 + reach), rel=1e-6)
    assert combined.details == {"values": [2.0, 3.0, 4.0]}
    assert Score.read(combined.plain(), "A score") == combined


def test_one_seed_is_itself_and_other_protocols_or_none_are_refused():
    alone = score(2.0, interval=(1.0, 3.0))
    assert over_seeds([alone]) is alone
    with pytest.raises(UsageError, match="one protocol"):
        over_seeds([alone, score(2.0, protocol="pixels8-fid99")])
    with pytest.raises(UsageError, match="there are none"):
        over_seeds([])
