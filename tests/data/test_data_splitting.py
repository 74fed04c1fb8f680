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


@st.composite
def clustered_sets(draw):
    """Return labels, declared splits and clusters of a set of images, the clusters numbered as they appear."""
    count = draw(st.integers(1, 60))
    labels = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    declared = draw(st.lists(st.sampled_from([None, None, None, "train", "test"]), min_size=count, max_size=count))
    drawn = draw(st.lists(st.integers(-1, 12), min_size=count, max_size=count))
    order = list(dict.fromkeys(number for number in drawn if number >= 0))
    return labels, declared, np.array([order.index(number) if number >= 0 else -1 for number in drawn], np.int64)


@given(images=clustered_sets(), fraction=st.floats(0, 0.95), seed=st.integers(0, 2**40))
def test_a_cluster_is_never_divided_but_by_its_source(images, fraction, seed):
    labels, declared, clusters = images
    test = held_out(np.array(labels), declared, Splitting(test_fraction=fraction, seed=seed), clusters)
    for index, split_of_source in enumerate(declared):
        assert split_of_source is None or test[index] == (split_of_source == "test")
    for cluster in set(clusters.tolist()) - {-1}:
        members = np.flatnonzero(clusters == cluster)
        said = [declared[index] for index in members if declared[index]]
        free = [bool(test[index]) for index in members if not declared[index]]
        assert len(set(free)) <= 1
        if said and free:
            assert free[0] == (said[0] == "test")


@given(images=clustered_sets(), fraction=st.floats(0, 0.95), seed=st.integers(0, 2**40))
def test_with_clusters_no_class_gives_more_than_its_share(images, fraction, seed):
    labels, _, clusters = images
    how = Splitting(test_fraction=fraction, seed=seed)
    test = held_out(np.array(labels), [None] * len(labels), how, clusters)
    first = {cluster: int(np.argmax(clusters == cluster)) for cluster in set(clusters.tolist()) - {-1}}
    unit_labels = np.array([labels[first.get(cluster, index)] for index, cluster in enumerate(clusters.tolist())])
    for label in set(unit_labels.tolist()):
        members = unit_labels == label
        assert test[members].sum() <= members.sum() * fraction + 0.5 + 1e-9
        assert not test[members].all()
    alone = held_out(np.array(labels), [None] * len(labels), how, np.full(len(labels), -1))
    np.testing.assert_array_equal(alone, held_out(np.array(labels), [None] * len(labels), how))
