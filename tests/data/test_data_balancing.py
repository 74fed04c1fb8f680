"""How often images are shown: the definition, in numbers worked out elsewhere; and that the order stays a function."""

import gzip
import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import chisquare

from ganvas.data.dealing import Dealing, expected_showings
from ganvas.data.feed import Feed
from ganvas.errors import DataError, UsageError
from ganvas.seeds import Stream

MNIST = Path(os.environ.get("GANVAS_DATA", "nowhere")) / "mnist"
ONES = np.ones(10_000)


def labels_of(*sizes):
    return np.repeat(np.arange(len(sizes)), sizes)


def mixed(*sizes):
    """Labels in an order of their own."""
    labels = labels_of(*sizes)
    return labels[Stream(5, "mixed").permutation(len(labels))]


def power_law(sizes, alpha):
    raised = np.asarray(sizes, float) ** alpha
    return raised / raised.sum()


@pytest.fixture(scope="module")
def long_tail():
    """Real MNIST digits and labels, of class k the first round(5000 * 0.5 ** k) images."""
    if not MNIST.is_dir():
        pytest.skip("GANVAS_DATA names no folder with mnist/ in it")
    labels = np.frombuffer(gzip.decompress((MNIST / "train-labels-idx1-ubyte.gz").read_bytes())[8:], np.uint8)
    pixels = np.frombuffer(gzip.decompress((MNIST / "train-images-idx3-ubyte.gz").read_bytes())[16:], np.uint8)
    kept = [np.flatnonzero(labels == k)[: round(5000 * 0.5**k)] for k in range(10)]
    rows = np.sort(np.concatenate(kept))
    return pixels.reshape(-1, 28, 28, 1)[rows], labels[rows].astype(np.int64)


def drawn_labels(long_tail, alpha, num=60_000, batch_size=500):
    feed = Feed.from_arrays(*long_tail, batch_size, seed=3, balance_alpha=alpha)
    return np.concatenate([feed.batch(index).labels.numpy() for index in range(num // batch_size)])


# The shares of the classes


def test_shares_by_hand():
    labels = mixed(16, 4, 1)
    for alpha, shares in ((1, [16 / 21, 4 / 21, 1 / 21]), (0.5, [4 / 7, 2 / 7, 1 / 7]), (0, [1 / 3, 1 / 3, 1 / 3])):
        shown = expected_showings(labels, ONES[:21], alpha)
        np.testing.assert_allclose(np.bincount(labels, shown) / 21, shares, rtol=1e-12)
        np.testing.assert_allclose(Dealing(21, labels, None, alpha).class_shares, shares, atol=1e-8)
        assert all(np.ptp(shown[labels == label]) == 0 for label in range(3))


@pytest.mark.parametrize("alpha", [0, 0.5, 1])
def test_long_tailed_mnist_is_drawn_as_defined(long_tail, alpha):
    sizes = np.bincount(long_tail[1])
    shares = power_law(sizes, alpha)
    found = np.bincount(drawn_labels(long_tail, alpha), minlength=10)
    assert chisquare(found, 60_000 * shares).pvalue > 0.001
    for epoch in range(3):
        rows = Dealing(len(long_tail[1]), long_tail[1], None, alpha, seed=3).rows(epoch)
        counts = np.bincount(long_tail[1][rows])
        assert (np.abs(counts - sizes.sum() * shares) < 1).all()
        if alpha == 1:
            np.testing.assert_array_equal(counts, sizes)


@pytest.mark.parametrize(("drawn", "claimed"), [(0, 1), (1, 0), (0.5, 0), (0.5, 0.45)])
def test_the_chi_square_test_can_fail(long_tail, drawn, claimed):
    shares = power_law(np.bincount(long_tail[1]), claimed)
    found = np.bincount(drawn_labels(long_tail, drawn), minlength=10)
    assert chisquare(found, 60_000 * shares).pvalue < 1e-6


def test_batches_are_mixed(long_tail):
    """Positions of a class lie in an epoch as if drawn: halves, and neighbours, are independent of it."""
    classes = drawn_labels(long_tail, 0)[:9_990]
    halves = np.stack([np.bincount(half, minlength=10) for half in np.split(classes, 2)])
    assert chisquare(halves[0], halves.sum(0) / 2).pvalue > 0.001
    same = (classes[1:] == classes[:-1]).mean()
    assert abs(same - 0.1) < 4 * math.sqrt(0.1 * 0.9 / len(classes))


def test_nothing_changes_where_nothing_is_asked():
    labels = mixed(50, 9, 1)
    options = [{}, {"max_repeats": 1}, {"max_repeats": 7}, {"weights": np.full(60, 0.3)}]
    for dealing in [Dealing(60, labels, seed=4, **option) for option in options] + [
        Dealing(60, mixed(20, 20, 20), balance_alpha=0, seed=4),
        Dealing(60, labels, balance_alpha=0, max_repeats=1, seed=4),
    ]:
        for epoch in (0, 1, 9):
            np.testing.assert_array_equal(dealing.rows(epoch), Stream(4, "order", epoch).permutation(60))


# The images of a class


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=6).filter(any),
    alpha=st.floats(0, 1),
    limit=st.integers(0, 5),
    spread=st.sampled_from([0, 0.5, 3]),
    seed=st.integers(0, 2**40),
    epoch=st.integers(0, 10**6),
)
def test_every_epoch_rounds_the_expected_showings(sizes, alpha, limit, spread, seed, epoch):
    labels, num = mixed(*sizes), sum(sizes)
    weights = np.exp(spread * Stream(seed, "test").normal(num, 1)[:, 0])
    expected = expected_showings(labels, weights / weights.max(), alpha, limit)
    dealing = Dealing(num, labels, weights, alpha, limit, seed)
    rows = dealing.rows(epoch)
    counts = np.bincount(rows, minlength=num)
    assert len(rows) == num
    assert (np.abs(counts - expected) < 1 + 1e-6).all()
    by_class = np.bincount(labels, counts - expected)
    assert (np.abs(by_class) < 1 + 1e-6).all()
    assert not limit or counts.max() <= limit
    np.testing.assert_allclose(dealing.class_shares, np.bincount(labels, expected) / num, atol=1e-8)
    np.testing.assert_array_equal(Dealing(num, labels, weights, alpha, limit, seed).rows(epoch), rows)


@pytest.mark.parametrize("alpha", [0, 0.5])
def test_images_of_a_class_are_shown_equally_often(long_tail, alpha):
    labels = long_tail[1]
    dealing = Dealing(len(labels), labels, None, alpha)
    counts = np.stack([np.bincount(dealing.rows(epoch), minlength=len(labels)) for epoch in range(30)])
    for label in range(10):
        assert np.ptp(counts[:, labels == label], axis=1).max() <= 1
        assert np.ptp(counts[:, labels == label].sum(0)) <= 4  # independent epochs would differ by up to 16


def test_weights_count_as_so_many_images():
    labels, weights = labels_of(4, 4), np.array([1, 1, 2, 4, 1, 1, 1, 5.0])
    for alpha in (1, 0.5, 0):
        shown = expected_showings(labels, weights, alpha)
        shares = power_law([8, 8], alpha)
        np.testing.assert_allclose(shown, 8 * shares[labels] * weights / 8)
        np.testing.assert_allclose(expected_showings(labels, weights * 1e-3, alpha), shown)
    dealing = Dealing(8, labels, weights)
    totals = np.bincount(np.concatenate([dealing.rows(epoch) for epoch in range(200)]))
    assert (np.abs(totals - 200 * weights / 2) <= 3).all()


def test_weights_without_classes():
    dealing = Dealing(3, None, np.array([1.0, 2.0, 3.0]))
    totals = np.bincount(np.concatenate([dealing.rows(epoch) for epoch in range(200)]))
    assert (np.abs(totals - [100, 200, 300]) <= 3).all()
    assert dealing.class_shares is None


# The limit on repeats


def test_limit_by_hand():
    """Of 16, 4 and 1 images in equal shares each class is due 7; 3 repeats leave the smallest 3, the others 9 each."""
    labels = labels_of(16, 4, 1)
    shown = expected_showings(labels, ONES[:21], 0, max_repeats=3)
    np.testing.assert_allclose(np.bincount(labels, shown), [9, 9, 3])
    shown = expected_showings(labels, ONES[:21], 0, max_repeats=2)  # 9.5 for four images is too much as well
    np.testing.assert_allclose(np.bincount(labels, shown), [11, 8, 2])


@pytest.mark.parametrize("limit", [1, 2, 5, 40])
@pytest.mark.parametrize("alpha", [0, 0.7])
def test_limit_is_the_root_of_its_equation(alpha, limit):
    labels = mixed(300, 60, 12, 2)
    weights = np.exp(Stream(1, "test").normal(374, 1)[:, 0])
    free = expected_showings(labels, weights, alpha)
    root = brentq(lambda t: np.minimum(limit, t * free).sum() - 374 + 1e-9, 0.5, 1e6, xtol=1e-13, rtol=1e-13)
    found = expected_showings(labels, weights, alpha, limit)
    np.testing.assert_allclose(found, np.minimum(limit, root * free), rtol=1e-7)


# The order


def test_resuming_in_mid_epoch(long_tail):
    def batches(workers):
        with Feed.from_arrays(*long_tail, 64, seed=2, workers=workers, balance_alpha=0, max_repeats=20) as feed:
            return [feed.batch(index) for index in [*range(7, 12), *range(154, 160)]]  # over the end of an epoch

    with Feed.from_arrays(*long_tail, 64, seed=2, balance_alpha=0, max_repeats=20) as running:
        wanted = [running.batch(index) for index in range(160)]
    for workers in (0, 2, 4):
        for found, index in zip(batches(workers), [*range(7, 12), *range(154, 160)], strict=True):
            assert found.labels.equal(wanted[index].labels)
            assert found.pixels.equal(wanted[index].pixels)


def test_another_process_deals_the_same():
    code = (
        "import hashlib, numpy as np\n"
        "from ganvas.data.dealing import Dealing\n"
        "dealing = Dealing(60, np.repeat(np.arange(3), [50, 9, 1]), None, 0.25, 6, 11)\n"
        "print(hashlib.sha256(dealing.rows(8).astype('<i8').tobytes()).hexdigest())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    rows = Dealing(60, labels_of(50, 9, 1), None, 0.25, 6, 11).rows(8)
    assert told.strip() == hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest()


def test_seeds_and_epochs_differ():
    labels = mixed(50, 9, 1)
    rows = [Dealing(60, labels, None, 0, seed=seed).rows(epoch).tolist() for seed in (0, 1) for epoch in (0, 1)]
    assert len({tuple(row) for row in rows}) == 4


def test_natural_order_goes_in_rounds():
    rows = Dealing(6, np.array([0, 1, 0, 0, 0, 0]), None, 0, shuffle=False).rows(0)
    assert np.bincount(rows)[1] == 3
    firsts = rows[: len(set(rows.tolist()))]
    assert firsts.tolist() == sorted(set(rows.tolist()))
    assert rows[len(firsts) :].tolist() == [1, 1]
    assert Dealing(4, None, shuffle=False).rows(3).tolist() == [0, 1, 2, 3]


# What is refused


def test_wrong_options():
    labels = labels_of(3, 2)
    for options in ({"balance_alpha": -0.1}, {"balance_alpha": 1.1}, {"balance_alpha": math.nan}, {"max_repeats": -1}):
        with pytest.raises(UsageError, match=r"alpha in \[0, 1\] and repeats >= 0"):
            Dealing(5, labels, **options)
    with pytest.raises(UsageError, match=r"An alpha of 0\.5 balances classes, and these images have none"):
        Dealing(5, None, balance_alpha=0.5)


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_wrong_weights(wrong):
    pixels, labels = np.zeros((5, 1, 1, 1), np.uint8), labels_of(3, 2)
    with pytest.raises(DataError, match=rf"above 0; image 3 has {wrong}"):
        Feed.from_arrays(pixels, labels, 2, weights=np.array([1, 1, 1, wrong, 1]))
    with pytest.raises(DataError, match=r"Expected 5 weights, one for each image; found \[4\]"):
        Feed.from_arrays(pixels, labels, 2, weights=np.ones(4))
