import math

import numpy as np
import pytest

from ganvas.errors import UsageError
from ganvas.metrics.inception_score import INCEPTION_SCORE, inception_score
from ganvas.metrics.protocol import Reference, View
from ganvas.seeds import Stream

NOTHING = View(np.zeros((1, 1), np.float32))


def read(logits):
    view = View(np.zeros((len(logits), 1), np.float32), logits.astype(np.float32))
    return INCEPTION_SCORE.against(Reference(NOTHING, NOTHING), Stream(0, "is"))(view)


def test_by_hand():
    probabilities = np.array([[0.5, 0.5], [0.25, 0.75]])
    marginal = [0.375, 0.625]
    divergence = [sum(p * math.log(p / m) for p, m in zip(row, marginal, strict=True)) for row in probabilities]
    assert inception_score(np.log(probabilities)) == pytest.approx(math.exp(np.mean(divergence)), rel=1e-12)


def test_sure_and_equally_frequent_classes_score_their_number_and_one_class_scores_one():
    sure = 1000 * np.eye(7)[np.arange(7 * 100) % 7]
    assert read(sure).value == pytest.approx(7, rel=0.05)  # parts of 70 images are not quite even
    assert read(np.zeros((200, 7))).value == pytest.approx(1, abs=1e-12)
    assert read(sure[:1].repeat(200, axis=0)).value == pytest.approx(1, abs=1e-12)


def test_impossible_classes_are_no_nan():
    with np.errstate(divide="raise", invalid="raise"):
        assert inception_score(np.array([[0.0, -np.inf, -800.0], [0.0, -np.inf, -np.inf]])) == pytest.approx(1)


def test_images_in_the_order_of_their_classes_score_as_shuffled_ones():
    """Ten parts in file order would hold one class each, and score 1."""
    sure = 1000 * np.eye(10)[np.repeat(np.arange(10), 100)]
    assert read(sure).value > 8
    assert read(sure).spread < 0.5


def test_published_definition_over_ten_parts_of_the_drawn_order():
    logits = 3 * Stream(0, "logits").normal(500, 12)
    order = Stream(0, "is").permutation(500)
    float32 = logits.astype(np.float32).astype(np.float64)[order]
    log_probabilities = float32 - np.log(np.exp(float32).sum(axis=1, keepdims=True))
    values = [inception_score(log_probabilities[50 * part : 50 * part + 50]) for part in range(10)]
    reading = read(logits)
    assert reading.value == pytest.approx(np.mean(values), rel=1e-12)
    assert reading.spread == pytest.approx(np.std(values), rel=1e-9)


def test_only_for_features_of_inception():
    assert INCEPTION_SCORE.suits == ("inception",)
    assert not INCEPTION_SCORE.lower_is_better
    with pytest.raises(UsageError, match="needs class logits"):
        INCEPTION_SCORE.against(Reference(NOTHING, NOTHING), Stream(0, "is"))(NOTHING)
