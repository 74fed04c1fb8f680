"""The audit for copies, on normal features: fresh ones are not accused, copied ones are."""

import json

import numpy as np
import pytest

from ganvas.errors import DataError
from ganvas.metrics.data_copying import COPYING
from ganvas.metrics.frechet import Moments, frechet_distance
from ganvas.metrics.memorisation import AUTHENTICITY, Search, audit, suspicious
from ganvas.metrics.protocol import Reference, View
from ganvas.seeds import Stream

WIDTH = 16


def features(count, purpose, seed=0):
    return Stream(seed, purpose).normal(count, WIDTH).astype(np.float32)


def checked(training, held_out, generated, seed=0):
    return audit(View(training), View(held_out), View(generated), Stream(seed, "audit"))


@pytest.fixture(scope="module")
def training():
    return features(4_000, "training")


def test_nearest_training_images_and_distances_are_those_by_hand():
    training = np.array([[0.0, 0], [10, 0], [0, 10], [10, 10]], np.float32)
    found = Search(training).neighbours(np.array([[1.0, 0], [10, 7], [0, 10]], np.float32))
    np.testing.assert_array_equal(found.indices, [0, 3, 2])
    np.testing.assert_allclose(found.distances, [1, 3, 0], atol=1e-12)
    others = (9 + np.hypot(1, 10) + np.hypot(9, 10)) / 3  # all that there are; ten where there are more
    np.testing.assert_allclose(found.nearness[[0, 2]], [1 / others, 0], rtol=1e-9)


def test_nearest_ones_equal_brute_force(training):
    queries, training = features(100, "queries"), training[:1_000]
    found = Search(training).neighbours(queries)
    distances = np.linalg.norm(training[None].astype(np.float64) - queries[:, None], axis=2)
    np.testing.assert_array_equal(found.indices, distances.argmin(axis=1))
    np.testing.assert_allclose(found.distances, distances.min(axis=1), rtol=1e-12)
    ordered = np.sort(distances, axis=1)
    np.testing.assert_allclose(found.nearness, ordered[:, 0] / ordered[:, 1:11].mean(axis=1), rtol=1e-6)


def test_authentic_is_farther_than_the_nearest_training_image_from_its_own_nearest():
    training = np.array([[0.0], [1.0], [10.0], [14.0]])
    queries = np.array([[0.4], [-1.5], [11.0], [19.0], [10.0]])
    search = Search(training)
    np.testing.assert_array_equal(search.authentic(search.neighbours(queries)), [False, True, False, True, False])


def test_five_hundred_copies_among_ten_thousand_are_found_and_fresh_ones_not_accused(training):
    held_out, generated = features(2_000, "held-out"), features(10_000, "generated")
    copied = Stream(0, "copied").permutation(len(training))[:500]
    places = Stream(0, "places").permutation(len(generated))[:500]
    generated[places] = training[copied] + 0.01 * features(500, "noise")
    found = checked(training, held_out, generated)
    np.testing.assert_array_equal(np.sort(found.suspects[:500]), np.sort(places))
    np.testing.assert_array_equal(found.generated.indices[places], copied)
    assert found.false_accusation_rate == 2 / 2001
    accused = len(found.suspects) - 500  # of 9,500 fresh ones; Poisson of mean 9.5, times what 2 of 2,000 leave open
    assert accused < 40
    assert found.suspected_share == len(found.suspects) / 10_000
    json.dumps(found.plain(), allow_nan=False)


def test_copies_of_real_pictures_are_found_among_their_features(metric_fixtures):
    features, _, _ = metric_fixtures
    features = features[Stream(0, "split").permutation(len(features))]
    training, held_out, generated = features[:5_000], features[5_000:7_000], features[7_000:].copy()
    spread = features.std(axis=0)
    generated[:150] = training[:150] + 0.1 * spread * Stream(0, "noise").normal(150, 64)
    found = checked(training, held_out, generated)
    assert set(range(150)) <= set(found.suspects)
    assert len(found.suspects) <= 150 + 20  # of 2,850 real ones 3 on average over held-out sets, and 8 with one in 40
    np.testing.assert_array_equal(found.generated.indices[:150], np.arange(150))


def test_held_out_images_are_not_accused(training):
    for count, accused in ((500, 0), (2_000, 1)):  # the rank of the bound, less one
        held_out = features(count, "held-out")
        found = checked(training, held_out, held_out)
        assert len(found.suspects) == accused
        assert found.authenticity == found.held_out_authenticity
        assert found.copying == 0


def test_rate_of_false_accusations_is_kept_on_average(training):
    """Each of many draws of held-out and fresh images; their mean rate is k / (n + 1) exactly."""
    nearness, rates = Search(training[:500]).neighbours(features(30_000, "many")).nearness, []
    for start in range(0, 30_000, 300):
        fresh, held_out = nearness[start : start + 200], nearness[start + 200 : start + 300]
        suspects, rate = suspicious(fresh, held_out)
        rates.append(len(suspects) / 200)
    assert rate == 1 / 101
    assert np.mean(rates) == pytest.approx(rate, abs=3 * np.std(rates) / len(rates) ** 0.5)


def test_a_crowded_and_an_empty_region_are_judged_alike():
    """A near copy in an empty region is farther from its image than fresh ones in a crowded region are from theirs."""
    crowd, empty = 0.01 * features(1_000, "crowd"), 50 + 5 * features(1_000, "empty")
    training = np.concatenate([crowd, empty])
    held_out = np.concatenate([0.01 * features(250, "held-out"), 50 + 5 * features(250, "held-out empty")])
    copies = empty[:20] + 0.5 * features(20, "noise")
    found = checked(training, held_out, np.concatenate([copies, held_out[:100], held_out[-100:]]))
    assert set(found.suspects) == set(range(20))
    assert found.generated.distances[:20].min() > found.held_out.distances[:250].max()


def test_copies_pull_every_number_below_its_value_on_held_out_images(training):
    held_out = features(1_000, "held-out")
    copies = training[:1_000] + 0.05 * features(1_000, "noise")
    found, fresh = (checked(training, held_out, sample) for sample in (copies, features(1_000, "fresh")))
    assert found.authenticity < 0.05 < 0.3 < found.held_out_authenticity
    assert found.copying < -10
    assert abs(fresh.copying) < 3
    assert fresh.authenticity == pytest.approx(fresh.held_out_authenticity, abs=0.05)


def test_fid_gap_is_between_as_many_training_and_held_out_images():
    training, held_out = features(300, "t"), features(200, "h")
    generated = training[:250]
    found = checked(training, held_out, generated)
    law = Moments.of(generated).gaussian()
    assert found.fid_held_out == pytest.approx(frechet_distance(Moments.of(held_out).gaussian(), law), rel=1e-9)
    assert found.fid_gap == found.fid_training - found.fid_held_out
    assert found.fid_gap < -0.2
    honest = [checked(training, held_out, features(250, "fresh", seed), seed).fid_gap for seed in range(8)]
    assert abs(np.mean(honest)) < 0.3 * found.fid_held_out


def test_a_training_image_repeated_many_times_accuses_nobody():
    """Its distances are all 0: nearness is 1, not NaN."""
    blank = np.zeros((50, WIDTH), np.float32)
    found = checked(np.concatenate([blank, features(200, "t")]), features(50, "h"), blank[:20])
    assert len(found.suspects) == 0
    assert np.isfinite(found.generated.nearness).all()


def test_row_stands_beside_its_value_on_held_out_images(training):
    held_out = View(features(400, "held-out"))
    read = AUTHENTICITY.against(Reference(View(training), held_out), Stream(0, "authenticity"))
    fresh, copied = read(View(features(400, "fresh"))), read(View(training[:400]))
    assert fresh.value == pytest.approx(read(held_out).value, abs=0.1)
    assert copied.value == 0
    assert fresh.interval[0] < fresh.value < fresh.interval[1]
    assert AUTHENTICITY.floor_is_best
    assert not AUTHENTICITY.lower_is_better


def test_what_cannot_be_audited_is_refused_in_words():
    with pytest.raises(DataError, match="at least 3 training images; found 2"):
        Search(np.ones((2, 4)))
    with pytest.raises(DataError, match="found 4 and 3"):
        Search(np.ones((5, 4))).neighbours(np.ones((5, 3)))


def test_what_metrics_left_serves_the_audit_and_both_tell_the_same(training, monkeypatch):
    looked_up, neighbours = [], Search.neighbours

    def counting(search, sample):
        looked_up.append(len(sample))
        return neighbours(search, sample)

    monkeypatch.setattr(Search, "neighbours", counting)
    held_out, generated = View(features(300, "held-out")), View(features(400, "generated"))
    reference = Reference(View(training[:600]), held_out)
    rows = (AUTHENTICITY, COPYING)
    scores = {metric: metric.against(reference, Stream(5, f"metrics/{metric.name}")) for metric in rows}
    told = [read(generated).value for read in scores.values()]
    floor = scores[AUTHENTICITY](held_out).value
    assert looked_up == [400, 300]
    again = View(generated.features.copy())
    found = audit(reference.training, held_out, again, Stream(5, "metrics/audit"), reference.shared)
    assert looked_up == [400, 300]
    assert [found.authenticity, found.copying] == told
    assert found.held_out_authenticity == floor
    assert found.plain() == audit(reference.training, held_out, again, Stream(5, "metrics/audit")).plain()
    assert looked_up == [400, 300, 300, 400]
