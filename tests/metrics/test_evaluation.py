import json

import numpy as np
import pytest

from ganvas.errors import ConfigurationError, DataError, UsageError
from ganvas.metrics import METRICS
from ganvas.metrics.classifier_training import ClassifierTraining, train_classifier
from ganvas.metrics.evaluation import evaluate, num_samples
from ganvas.metrics.features import of_classifier, pixels8
from ganvas.metrics.protocol import ImageSet, Score, protocol_name, require_comparable
from ganvas.progress import Silent
from ganvas.seeds import Stream


@pytest.fixture(scope="module")
def network(tmp_path_factory, digits16):
    config = ClassifierTraining(fewest_images=2, most_images=6_400)
    folder = tmp_path_factory.mktemp("evaluation") / "classifier"
    return of_classifier(train_classifier(folder, *digits16, 10, "content-hash", config, Silent()))


def noisy(images, amount):
    """Replace a share `amount` of all pixels by noise."""
    flat = images.pixels.reshape(len(images.pixels), -1)
    where = ~Stream(0, "where").keep(*flat.shape, amount)
    noise = (Stream(0, "noise").uniform(*flat.shape) * 256).astype(np.uint8)
    return ImageSet(np.where(where, noise, flat).reshape(images.pixels.shape), images.labels)


@pytest.fixture(scope="module")
def scores(network, digits16):
    training, held_out = digits16
    generated = noisy(ImageSet(training.pixels[:400], training.labels[:400]), 0.3)
    return evaluate(training, held_out, generated, [network, pixels8()])


def test_every_metric_that_applies_gives_one_score_under_its_protocol_name(scores, network):
    names = [score.protocol for score in scores]
    anywhere = ("fid", "kid", "mind", "class-fid", "k3-precision", "k3-recall", "k5-density", "k5-coverage")
    expected = {*anywhere, "authenticity", "c-t"}
    assert names == [
        *(f"{network.name}-{metric}360" for metric in METRICS if metric in expected | {"accuracy"}),
        *(f"pixels8-{metric}360" for metric in METRICS if metric in expected),
    ]
    assert protocol_name("classifier-1a2b3c4d", "fid", 359) == "classifier-1a2b3c4d-fid359"


def test_real_images_are_the_floor_and_noise_the_ceiling(scores):
    for score in scores:
        order = [score.floor, score.value, score.ceiling]
        if not score.floor_is_best:
            assert order == sorted(order, reverse=not score.lower_is_better), score
        assert (score.num_samples, score.num_reference) == (360, 1437)
        assert "cannot" in score.caution or "unseen" in score.caution
    accuracy = next(score for score in scores if score.metric == "accuracy")
    assert accuracy.floor > 0.9
    assert accuracy.ceiling < 0.3
    assert accuracy.details is not None
    assert np.sum(accuracy.details["confusion"]) == 360


def test_held_out_images_as_generated_ones_score_the_floor(network, digits16):
    training, held_out = digits16
    for score in evaluate(training, held_out, held_out, [network]):
        assert score.value == score.floor


def test_every_score_has_an_interval_around_its_value_unless_told_not(scores, network, digits16):
    for score in scores:
        low, high = score.interval
        assert low <= score.value <= high
        assert low < high or score.value in (0, 1)
    training, held_out = digits16
    assert evaluate(training, held_out, held_out, [network], ["fid"], bootstrap=0)[0].interval is None


def test_costly_metrics_are_left_out_unless_asked_for(digits16, scores):
    training, held_out = digits16
    small = [ImageSet(images.pixels[:120], images.labels[:120]) for images in (training, held_out, held_out)]
    everything = [score.metric for score in evaluate(*small, [pixels8()], ["all"])]
    assert [score.metric for score in evaluate(*small, [pixels8()], ["fid-infinity"])] == ["fid-infinity"]
    assert set(everything) == {score.metric for score in scores if score.features == "pixels8"} | {"fid-infinity"}


def test_a_few_images_of_many_classes_are_scored_without_what_needs_more(digits16):
    training, held_out = digits16
    first = [np.flatnonzero(images.labels == number)[0] for images in (held_out,) for number in range(10)]
    few = ImageSet(held_out.pixels[first], held_out.labels[first])
    names = [score.metric for score in evaluate(training, few, few, [pixels8()])]
    assert "class-fid" not in names
    assert "fid" in names
    with pytest.raises(UsageError, match="`class-fid` needs 2 images of some class at least; there are 1"):
        evaluate(training, few, few, [pixels8()], ["class-fid"])


def test_scores_fall_with_the_noise(network, digits16):
    training, held_out = digits16
    levels = [
        evaluate(training, held_out, noisy(held_out, amount), [network], ["fid", "mind"])
        for amount in (0.0, 0.1, 0.3, 0.6)
    ]
    for metric in zip(*levels, strict=True):
        values = [score.value for score in metric]
        assert values == sorted(values)
        assert values[-1] > 3 * values[0]


def test_the_same_seed_gives_the_same_scores(network, digits16, scores):
    training, held_out = digits16
    generated = noisy(ImageSet(training.pixels[:400], training.labels[:400]), 0.3)
    assert evaluate(training, held_out, generated, [network, pixels8()]) == scores


def test_score_goes_through_json_and_reads_as_one_line(scores):
    score = scores[0]
    assert Score.read(json.loads(json.dumps(score.plain(), allow_nan=False)), "A score") == score
    assert str(score).startswith(f"{score.protocol} ")
    assert "real images" in str(score)
    assert "lower is better" in str(score)
    assert f"[{score.interval[0]:.4g}, {score.interval[1]:.4g}]" in str(score)
    assert "nearest to real is best" in str(next(score for score in scores if score.metric == "authenticity"))
    with pytest.raises(ConfigurationError):
        Score.read(score.plain() | {"value": float("nan")}, "A score")


def test_scores_of_two_protocols_are_not_compared(scores):
    require_comparable([scores[0], scores[0]])
    with pytest.raises(UsageError, match="fid360 against 1437 images"):
        require_comparable(scores[:2])
    with pytest.raises(UsageError, match="against 99 images"):
        require_comparable([scores[0], scores[0].override(num_reference=99)])


def test_sample_count_follows_the_held_out_images():
    assert num_samples(60_000, 359) == 359
    assert num_samples(60_000, 20_000) == 10_000
    assert num_samples(50, 359) == 50
    with pytest.raises(DataError, match="held-out share"):
        num_samples(60_000, 1)


def test_unconditional_generators_get_no_accuracy_and_asking_for_it_is_refused(network, digits16):
    training, held_out = digits16
    generated = ImageSet(held_out.pixels)
    found = evaluate(training, held_out, generated, [network], ["fid"])
    assert [score.metric for score in found] == ["fid"]
    with pytest.raises(UsageError, match="`accuracy` needs labels"):
        evaluate(training, held_out, generated, [network], ["accuracy"])
    with pytest.raises(UsageError, match="`accuracy` is made for the features `classifier`"):
        evaluate(training, held_out, held_out, [pixels8()], ["accuracy"])
    with pytest.raises(UsageError, match="`cmmd` is made for the features `clip`"):
        evaluate(training, held_out, held_out, [network], ["cmmd"])


def test_what_does_not_fit_is_refused_in_words(network, digits16):
    training, held_out = digits16
    with pytest.raises(DataError, match=r"360 generated images were expected.*found 10"):
        evaluate(training, held_out, ImageSet(held_out.pixels[:10]), [network])
    with pytest.raises(DataError, match="must have one shape"):
        evaluate(training, held_out, ImageSet(held_out.pixels[:, :8]), [network])
    with pytest.raises(UsageError, match="Did you mean `fid`"):
        evaluate(training, held_out, held_out, [network], ["fidd"])
    with pytest.raises(UsageError, match="none was given"):
        evaluate(training, held_out, held_out, [])


def test_a_cache_is_asked_for_all_but_the_generated_images_and_changes_no_score(network, digits16):
    class Remembering:
        def __init__(self):
            self.views = {}

        def view(self, network, images, key, progress):
            self.views.setdefault(key, network.view(images, progress))
            return self.views[key]

    cache, arguments = Remembering(), (*digits16, digits16[1], [network], ["fid"])
    plain = evaluate(*arguments)
    assert evaluate(*arguments, cache=cache) == evaluate(*arguments, cache=cache) == plain
    assert set(cache.views) == {"training", "held-out", "noise-of-seed-0"}
    assert len(cache.views["training"].features) == 1437


def test_a_score_names_the_row_of_its_features(scores):
    assert {score.features for score in scores} == {"classifier", "pixels8"}


def test_progress_is_told_every_image(network, digits16):
    class Counting(Silent):
        total = done = 0

        def begin(self, task, total, done=0):
            self.total = total

        def advance(self, amount=1, note=""):
            self.done += amount

    progress = Counting()
    evaluate(*digits16, digits16[1], [network], ["mind"], progress=progress)
    assert progress.done == progress.total == 1437 + 3 * 360
