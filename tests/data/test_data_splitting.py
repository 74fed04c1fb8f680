"""The held-out share: stratified, seeded, and never against a declared split."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ganvas.data.splitting import Splitting, held_out


def split(labels, how, declared=None):
    return held_out(np.array(labels, np.int64), declared or [None] * len(labels), how)


@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=80),
    fraction=st.floats(0, 0.95),
    seed=st.integers(0, 2**40),
)
def test_every_class_gives_its_share_and_keeps_one(labels, fraction, seed):
    test = split(labels, Splitting(test_fraction=fraction, seed=seed))
    for label in set(labels):
        members = np.array(labels) == label
        share = members.sum() * fraction
        assert not test[members].all()
        assert abs(test[members].sum() - share) <= 0.5 + 1e-9 or test[members].sum() == members.sum() - 1


def test_deterministic_and_seeded():
    labels = [0, 1] * 100
    once = split(labels, Splitting(seed=1))
    np.testing.assert_array_equal(once, split(labels, Splitting(seed=1)))
    assert (once != split(labels, Splitting(seed=2))).any()
    assert once.sum() == 40


def test_declared_images_stay_where_they_are():
    declared = ["train"] * 10 + ["test"] * 10 + [None] * 10
    test = split([0] * 30, Splitting(test_fraction=0.5), declared)
    assert not test[:10].any()
    assert test[10:20].all()
    assert test[20:].sum() == 5


def test_zero_fraction_holds_nothing_out():
    assert not split([0] * 50, Splitting(test_fraction=0)).any()
