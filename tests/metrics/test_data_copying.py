import math

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from ganvas.metrics.data_copying import COPYING, Cells, CopyingTest, mann_whitney
from ganvas.metrics.protocol import Reference, View
from ganvas.seeds import Stream


def normal(count, width, purpose, seed=0):
    return Stream(seed, purpose).normal(count, width)


def prepared(training, held_out):
    return CopyingTest.prepared(training, held_out, Stream(0, "cells"))


def test_z_is_that_of_the_mann_whitney_test():
    real, fake = normal(1, 60, "a")[0], 0.4 + normal(1, 45, "b")[0]
    u = mannwhitneyu(fake, real).statistic
    expected = (u - 60 * 45 / 2) / math.sqrt(60 * 45 * (60 + 45 + 1) / 12)
    assert mann_whitney(real, fake)[0] == pytest.approx(expected, rel=1e-12)
    assert mann_whitney(real, real)[0] == 0
    assert mann_whitney(np.zeros(5), np.zeros(7))[0] == 0  # ties count half


def test_one_cell_is_the_global_test_on_distances_to_training_images():
    training, held_out, sample = normal(50, 3, "t"), normal(60, 3, "h"), 0.5 * normal(40, 3, "s")
    test = prepared(training, held_out)

    def distances(rows):
        return np.array([np.linalg.norm(training - row, axis=1).min() for row in rows])

    assert len(test.held_out) == 1
    np.testing.assert_allclose(test.held_out[0], distances(held_out), rtol=1e-7)
    assert test.of(sample).value == pytest.approx(mann_whitney(distances(held_out), distances(sample))[0], rel=1e-12)


def test_cells_part_the_space_and_search_their_own_training_images():
    training = np.concatenate([normal(100, 2, "one"), 50 + normal(100, 2, "two")])
    cells = Cells(training, 2, Stream(0, "cells"))
    found = cells.distances(np.array([[0.0, 0.0], [50.0, 50.0], [51.0, 50.0]]))
    assert sorted(len(part) for part in found) == [1, 2]
    near_first = np.linalg.norm(training, axis=1).min()
    assert next(part for part in found if len(part) == 1) == pytest.approx([near_first], rel=1e-7)


def test_mean_over_cells_weighs_by_held_out_images_and_leaves_thin_ones_out():
    centres = np.array([[0.0, 0], [60, 0], [0, 60]])

    def at(shares, purpose):
        return np.concatenate([c + normal(n, 2, f"{purpose}{i}") for i, (c, n) in enumerate(zip(centres, shares))])  # noqa: B905

    test = prepared(at([300, 300, 300], "t"), at([100, 150, 50], "h"))
    found = test.of(at([90, 120, 5], "s"))  # the third cell holds fewer than 20
    assert len(test.held_out) == 3
    weights = [len(part) for part in test.held_out]
    kept = [(weight, z) for weight, z in zip(weights, found.cells, strict=True) if z is not None]
    assert sorted(weight for weight, _ in kept) == [100, 150]
    assert found.value == pytest.approx(sum(w * z for w, z in kept) / 250, rel=1e-12)


def test_fresh_samples_are_near_zero_copies_far_below_and_wrong_ones_far_above():
    training, held_out = normal(3000, 6, "t"), normal(800, 6, "h")
    test = prepared(training, held_out)
    assert len(test.held_out) == 8
    assert test.of(held_out).value == 0
    fresh = test.of(normal(800, 6, "fresh"))
    assert abs(fresh.value) < 2
    assert fresh.error == pytest.approx(math.sqrt(0.5 / 8), rel=0.3)  # 8 cells; half, the held-out images being given
    copies = training[:800] + 0.02 * normal(800, 6, "noise")
    assert test.of(copies).value < -10
    assert test.of(3 * normal(800, 6, "far")).value > 5


def test_samples_where_nothing_real_lies_are_judged_all_together():
    training = np.concatenate([normal(300, 2, "t"), [[90.0, 90.0]] * 300 + normal(300, 2, "u")])
    test = prepared(training, normal(200, 2, "h"))  # no held-out image in the second cell
    found = test.of(np.full((50, 2), 89.0) + normal(50, 2, "s"))
    assert np.isfinite(found.value)
    assert len(found.cells) == 1


def test_row_has_floor_zero_and_says_that_the_floor_is_best():
    reference = Reference(View(normal(300, 4, "t").astype("f4")), View(normal(250, 4, "h").astype("f4")))
    read = COPYING.against(reference, Stream(0, "c-t"))
    assert read(reference.held_out).value == 0
    reading = read(View(reference.training.features[:200]))
    assert reading.value < -5
    assert reading.interval[0] <= reading.value <= reading.interval[1]
    assert COPYING.floor_is_best
