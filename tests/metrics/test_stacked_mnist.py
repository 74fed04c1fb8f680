import numpy as np
import pytest

from ganvas.errors import DataError, UsageError
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.protocol import Reference, View
from ganvas.metrics.stacked_mnist import (
    NUM_SAMPLES,
    STACKED_KL,
    STACKED_MODES,
    count_modes,
    joint_log_probabilities,
)
from ganvas.seeds import Stream

PLACES = np.array([100, 10, 1])


def uniform_numbers(num_modes, seed):
    return Stream(seed, "stacked").integers(NUM_SAMPLES, num_modes)


def misread(numbers, accuracy, seed):
    """Return the numbers as a classifier sees them that takes each digit for any other with the same small chance."""
    digits = numbers[:, None] // PLACES % 10
    wrong = ~Stream(seed, "right").keep(*digits.shape, 1 - accuracy)
    moves = 1 + Stream(seed, "wrong").integers(digits.size, 9).reshape(digits.shape)
    return ((digits + wrong * moves) % 10) @ PLACES


def test_a_perfect_uniform_generator_has_the_known_divergence():
    found = [count_modes(uniform_numbers(1000, seed)) for seed in range(10)]
    assert np.mean([each.divergence for each in found]) == pytest.approx(0.0192, abs=0.001)
    assert all(each.found == each.surely_found == 1000 for each in found)


def test_triples_of_real_digits_have_the_known_divergence(mnist):
    labels = mnist[0].labels
    draws = [Stream(seed, "triples").integers(3 * NUM_SAMPLES, len(labels)).reshape(-1, 3) for seed in range(10)]
    found = [count_modes(labels[drawn] @ PLACES).divergence for drawn in draws]
    assert np.mean(found) == pytest.approx(0.0235, abs=0.001)


def test_a_good_classifier_credits_100_modes_as_300_but_not_at_five_hits():
    found = [count_modes(misread(uniform_numbers(100, seed), 0.9925, seed)) for seed in range(4)]
    assert count_modes(uniform_numbers(100, 0)).found == 100
    assert np.mean([each.found for each in found]) == pytest.approx(300, abs=50)
    assert np.mean([each.surely_found for each in found]) == pytest.approx(100, abs=3)


def test_counts_by_hand():
    numbers = np.array([0] * 5 + [7] * 4 + [999])
    found = count_modes(numbers)
    expected = 0.5 * np.log(500) + 0.4 * np.log(400) + 0.1 * np.log(100)
    assert found == (3, 1, pytest.approx(expected, rel=1e-12), 10)
    assert count_modes(np.arange(1000)).divergence == pytest.approx(0, abs=1e-12)


def test_joint_probabilities_are_those_of_the_three_digits():
    logits = Stream(0, "logits").normal(4, 30).reshape(4, 3, 10)
    joint = np.exp(joint_log_probabilities(logits))
    np.testing.assert_allclose(joint.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(joint.argmax(axis=1), logits.argmax(axis=2) @ PLACES)
    digits = np.exp(logits[0]) / np.exp(logits[0]).sum(axis=1, keepdims=True)
    assert joint[0, 274] == pytest.approx(digits[0, 2] * digits[1, 7] * digits[2, 4], rel=1e-5)


def test_rows_read_log_probabilities_of_a_classifier_of_stacked_digits():
    nothing = View(np.zeros((1, 1), np.float32))
    numbers = np.array([3, 3, 500, 999])
    sample = View(np.zeros((4, 2), np.float32), np.eye(1000, dtype=np.float32)[numbers])
    modes = STACKED_MODES.against(Reference(nothing, nothing), Stream(0, "x"))(sample)
    assert modes.value == 3
    assert modes.details == {"modes": 3, "modes_5_hits": 0, "kl": count_modes(numbers).divergence, "num_samples": 4}
    kl = STACKED_KL.against(Reference(nothing, nothing), Stream(0, "x"))
    assert kl(sample).value == count_modes(numbers).divergence
    with pytest.raises(UsageError, match="classifier of 1000 stacked digits"):
        kl(View(np.zeros((4, 2), np.float32), np.zeros((4, 10), np.float32)))


def test_scores_of_stacked_digits_come_with_intervals_and_only_for_their_network():
    from ganvas.metrics.evaluation import evaluate
    from ganvas.metrics.protocol import ImageSet

    def classify(features):
        return np.eye(1000, dtype=np.float32)[features.astype(int) @ PLACES % 1000]

    network = FeatureNetwork("stacked-0123abcd", "test", lambda pixels: pixels[:, 0, 0].astype("f4"), classify)
    other = FeatureNetwork("other-0123abcd", "test", lambda pixels: pixels[:, 0, 0].astype("f4"), classify)
    pixels = (Stream(0, "pixels").uniform(600, 3) * 10).astype(np.uint8)[:, None, None]
    images = ImageSet(pixels[:200]), ImageSet(pixels[200:400]), ImageSet(pixels[400:])
    modes, kl = evaluate(*images, [network, other], ["stacked-modes", "stacked-kl"])
    assert (modes.protocol, modes.features) == ("stacked-0123abcd-stacked-modes200", "stacked")
    assert modes.interval[0] < modes.value < modes.interval[1]
    assert kl.interval[0] < kl.value < kl.interval[1]
    assert evaluate(*images, [network], ["stacked-kl"], bootstrap=0)[0].interval is None
    with pytest.raises(UsageError, match="made for the features `stacked`"):
        evaluate(*images, [other], ["stacked-modes"])


def test_what_cannot_be_counted_is_refused_in_words():
    with pytest.raises(DataError, match="found 1000"):
        count_modes(np.array([1, 1000]))
    with pytest.raises(DataError, match="at least one image"):
        count_modes(np.array([], np.int64))
    with pytest.raises(DataError, match=r"\[N, 3, 10\]"):
        joint_log_probabilities(np.zeros((4, 10)))
