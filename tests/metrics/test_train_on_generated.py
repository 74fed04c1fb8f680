"""The classification accuracy score, on small digits with a short training."""

import numpy as np
import pytest

from ganvas.errors import UsageError
from ganvas.metrics.classifier_training import ClassifierTraining
from ganvas.metrics.protocol import ImageSet, Reference, View
from ganvas.metrics.train_on_generated import CAS, train_on_generated
from ganvas.seeds import Stream

SHORT = ClassifierTraining(fewest_images=2, most_images=6_400)


@pytest.fixture(scope="module")
def sets(digits16):
    training, held_out = digits16
    return ImageSet(training.pixels[:700], training.labels[:700]), held_out


def test_real_images_train_a_good_classifier_and_noise_none(sets):
    training, held_out = sets
    good = train_on_generated(training, held_out, 10, SHORT)
    noise = ImageSet(
        (Stream(0, "noise").uniform(700, 256) * 256).astype(np.uint8).reshape(-1, 16, 16, 1), training.labels
    )
    assert good.accuracy > 0.9
    assert train_on_generated(noise, held_out, 10, SHORT).accuracy < 0.4
    assert good.confusion.sum() == len(held_out.pixels)


def test_a_class_that_the_generator_draws_wrongly_is_seen_wrongly(sets):
    training, held_out = sets
    swapped = np.where(training.labels == 3, 5, np.where(training.labels == 5, 3, training.labels))
    found = train_on_generated(training._replace(labels=swapped), held_out, 10, SHORT)
    assert found.per_class[3] < 0.2
    assert found.per_class[5] < 0.2
    assert found.per_class[0] > 0.8


def test_row_is_costly_and_tests_on_held_out_images():
    assert CAS.costly
    assert CAS.floor_of_training
    assert CAS.needs_labels
    nothing = View(np.zeros((2, 1), np.float32), labels=np.array([0, 1]))
    with pytest.raises(UsageError, match="needs the images themselves"):
        CAS.against(Reference(nothing, nothing), Stream(0, "cas"))
    pixels = np.zeros((2, 16, 16, 1), np.uint8)
    with pytest.raises(UsageError, match="needs labelled images"):
        train_on_generated(ImageSet(pixels, np.array([0, 1])), ImageSet(pixels), 2, SHORT)


@pytest.mark.slow
def test_evaluation_reads_the_floor_from_training_images(sets, tmp_path):
    from ganvas.metrics.classifier_training import train_classifier
    from ganvas.metrics.evaluation import evaluate
    from ganvas.metrics.features import of_classifier
    from ganvas.progress import Silent

    training, held_out = sets
    network = of_classifier(train_classifier(tmp_path / "c", training, held_out, 10, "hash", SHORT, Silent()))
    score = evaluate(training, held_out, training, [network], ["cas"])[0]
    assert score.protocol.endswith("-cas360")
    assert score.floor > 0.85  # as many training images; the held-out ones would be tested on themselves
    assert abs(score.value - score.floor) < 0.08
    assert score.ceiling < 0.4
    assert score.interval is None
