"""What the metrics are for, on real digits: what is missing, what is copied, and what is neither."""

import numpy as np
import pytest

from ganvas.catalogue import find
from ganvas.metrics import METRICS
from ganvas.metrics.evaluation import evaluate
from ganvas.metrics.memorisation import audit
from ganvas.metrics.protocol import ImageSet, Reference, View
from ganvas.metrics.small import grey
from ganvas.seeds import Stream

COUNT, COPIED = 1_000, 500


def rows(images, chosen):
    return ImageSet(images.pixels[chosen], images.labels[chosen])


@pytest.fixture(scope="module")
def network():
    return grey()


@pytest.fixture(scope="module")
def real(mnist):
    """3,000 training digits, and three sets of 1,000 held-out ones: two at random, one without three classes."""
    training, held_out = mnist
    some = Stream(0, "acceptance/training").permutation(len(training.pixels))[:3_000]
    order = Stream(0, "acceptance/held-out").permutation(len(held_out.pixels))
    rest = order[2 * COUNT :]
    kept = rest[held_out.labels[rest] >= 3]
    parts = (order[:COUNT], order[COUNT : 2 * COUNT], kept[:COUNT])
    return rows(training, some), *(rows(held_out, part) for part in parts)


@pytest.fixture(scope="module")
def views(network, real):
    return [network.view(images) for images in real]


def test_three_missing_classes_cost_recall_and_coverage_but_no_precision(views):
    training, held_out, fresh, incomplete = views
    values = {}
    for name in ("k3-precision", "k3-recall", "k5-coverage", "fid"):
        read = find(METRICS, "metric", name).against(Reference(training, held_out), Stream(0, name))
        values[name] = (read(fresh).value, read(incomplete).value)
    whole, part = values["k3-precision"]
    assert part == pytest.approx(whole, abs=0.04), values  # two standard errors of their difference
    for name in ("k3-recall", "k5-coverage"):
        whole, part = values[name]
        assert part < 0.85 * whole, values
    assert values["fid"][1] > 5 * values["fid"][0]


def test_five_hundred_copies_are_caught_and_fresh_images_not_accused(views):
    training, held_out, fresh, _ = views
    clean = audit(training, held_out, fresh, Stream(0, "audit"))
    assert len(clean.suspects) <= 5, "one is the mean, and 6 or more come once in 60 times"
    assert abs(clean.copying) < 3
    copied = Stream(0, "acceptance/copied").permutation(len(training.features))[:COPIED]
    mixed = View(np.concatenate([training.features[copied], fresh.features[COPIED:]]))
    found = audit(training, held_out, mixed, Stream(0, "audit"))
    assert set(range(COPIED)) <= set(found.suspects.tolist())
    np.testing.assert_array_equal(found.generated.indices[:COPIED], copied)
    assert len(found.suspects) - COPIED <= len(clean.suspects)
    assert found.copying < -3, "as far below 0 as the metric calls copying"
    assert found.authenticity < found.held_out_authenticity - 0.2


@pytest.mark.slow
def test_more_and_more_noise_lies_between_real_images_and_noise_alone(network, real):
    training, held_out, fresh, _ = real
    noise = Stream(0, "acceptance/noise").normal(COUNT, 28 * 28).reshape(fresh.pixels.shape)
    samples = [
        ImageSet(np.clip(fresh.pixels + deviation * noise, 0, 255).astype(np.uint8), fresh.labels)
        for deviation in (0, 20, 60)
    ]
    names = ["fid", "mind", "k3-precision", "k3-recall", "k5-density", "k5-coverage"]
    scored = [evaluate(training, held_out, sample, [network], names, bootstrap=0) for sample in samples]
    for scores in zip(*scored, strict=True):
        values = [score.value for score in scores]
        assert values == sorted(values, reverse=not scores[0].lower_is_better), scores[0].metric
        worst, best = scores[0].ceiling, scores[0].floor
        assert abs(values[0] - best) < 0.1 * abs(worst - best), scores[0].metric
        assert abs(values[-1] - worst) <= abs(best - worst), scores[0].metric
