import time

import numpy as np
import pytest

from ganvas.errors import DataError
from ganvas.metrics.protocol import Reference, View
from ganvas.metrics.sliced import MIND, random_directions, sliced_distance, with_influence
from ganvas.seeds import Stream


def normal(count, width, purpose="x"):
    return Stream(0, purpose).normal(count, width)


def test_one_dimension_is_three_times_the_squared_wasserstein_distance():
    first, second = np.array([[3.0], [1.0], [2.0]]), np.array([[5.0], [2.0], [2.0]])
    expected = 3 * ((1 - 2) ** 2 + (2 - 2) ** 2 + (3 - 5) ** 2) / 3
    assert sliced_distance(first, second, random_directions(1, Stream(0, "d"))) == pytest.approx(expected, rel=1e-12)


def test_a_shift_counts_three_times_its_square():
    """Along u the distance of a set from itself shifted by m is (u.m)^2, on average |m|^2 / d."""
    features, shift = normal(50, 6), np.array([1.0, 0, 2, 0, 0, 0])
    value = sliced_distance(features, features + shift, random_directions(6, Stream(0, "d"), 40_000))
    assert value == pytest.approx(3 * 5, rel=0.03)


def test_equals_the_definition_direction_by_direction():
    first, second, directions = normal(30, 4), 2 * normal(30, 4, "y"), random_directions(4, Stream(0, "d"), 150)
    along = [np.mean((np.sort(first @ u) - np.sort(second @ u)) ** 2) for u in directions]
    assert sliced_distance(first, second, directions) == pytest.approx(3 * 4 * np.mean(along), rel=1e-12)


def test_equal_sets_in_any_order_are_at_zero():
    features = 1000 + normal(200, 10)
    value = sliced_distance(features, features[::-1], random_directions(10, Stream(0, "d")))
    assert 0 <= value < 1e-20


def test_sees_a_difference_beyond_the_second_moment():
    two_points = np.sign(normal(400, 1))  # +-1: the mean and variance of N(0, 1), roughly
    bell, other = normal(400, 1, "bell"), normal(400, 1, "other")
    directions = random_directions(1, Stream(0, "d"), 10)
    assert sliced_distance(two_points, bell, directions) > 10 * sliced_distance(other, bell, directions)


def test_directions_are_unit_seeded_and_uniform():
    directions = random_directions(3, Stream(0, "d"), 4_000)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(directions, random_directions(3, Stream(0, "d"), 4_000))
    np.testing.assert_allclose(directions.T @ directions / 4_000, np.eye(3) / 3, atol=0.02)


def test_influence_is_the_change_when_an_image_moves_along_its_slope():
    """The potential's slope at an image is N times how much the distance changes with the image."""
    first, second, directions = normal(40, 1), 0.5 + 2 * normal(40, 1, "y"), random_directions(1, Stream(0, "d"), 4)
    order = np.argsort(second[:, 0])
    value, found = with_influence(first, second, directions)
    assert value == sliced_distance(first, second, directions)
    found = found[order]
    ranked, partners = second[order, 0], np.sort(first[:, 0])
    slopes = 3 * 2 * (ranked - partners)  # 3 d times phi'
    expected = np.cumsum((slopes[1:] + slopes[:-1]) / 2 * np.diff(ranked))
    np.testing.assert_allclose(found[1:] - found[0], expected, rtol=1e-9, atol=1e-9)
    moved = second.copy()
    moved[order[7]] += 1e-6
    change = (sliced_distance(first, moved, directions) - sliced_distance(first, second, directions)) / 1e-6
    assert slopes[7] / 40 == pytest.approx(change, rel=1e-4)


def test_row_draws_as_many_reference_images_as_the_sample_has():
    reference = View(normal(500, 8).astype(np.float32))
    near, far = View(normal(100, 8, "near").astype(np.float32)), View(3 * normal(100, 8, "far").astype(np.float32))
    read = MIND.against(Reference(reference, near), Stream(0, "mind"))
    assert 0 < read(near).value < read(far).value / 4
    assert read(near) == read(near)


def test_unequal_sets_are_refused_in_words():
    with pytest.raises(DataError, match="found 3 and 4 images"):
        sliced_distance(np.ones((3, 2)), np.ones((4, 2)), random_directions(2, Stream(0, "d")))


def test_a_score_during_training_is_cheap(one_thread):
    first, second, directions = normal(1000, 784), normal(1000, 784, "y"), random_directions(784, Stream(0, "d"))
    began = time.process_time()
    sliced_distance(first, second, directions)
    assert time.process_time() - began < 1.0
