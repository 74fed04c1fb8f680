"""The order of images in shards: each once an epoch, a function of nothing but seed, epoch, batch and sizes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganvas.data.feed import Feed
from ganvas.data.lanes import Lanes
from ganvas.data.reading import ArrayReader
from ganvas.errors import UsageError


class InMemory:
    """Numbered images in memory, dealt as if they lay in shards of such sizes."""

    def __init__(self, sizes, weights=None):
        self.sizes, self.count, self.given = sizes, sum(sizes), weights

    def reader(self, split):
        rows = np.arange(self.count)
        pixels = np.stack([rows % 256, rows // 256], axis=1).astype(np.uint8).reshape(-1, 1, 2, 1)
        return ArrayReader(pixels, self.sizes)

    def labels(self, split):
        return np.arange(self.count)

    def weights(self, split):
        return self.given


SIZES = st.lists(st.integers(1, 30), min_size=1, max_size=12)


@settings(deadline=None)
@given(SIZES, st.integers(1, 40), st.integers(1, 20), st.integers(0, 2**40), st.integers(0, 1000))
def test_every_epoch_shows_each_image_once(sizes, batch_size, num_lanes, seed, epoch):
    lanes, count = Lanes(sizes, batch_size, num_lanes, seed), sum(sizes)
    rows = lanes.rows(epoch, np.arange(count))
    np.testing.assert_array_equal(np.sort(rows), np.arange(count))
    some = np.random.default_rng(seed).integers(0, count, 20)
    np.testing.assert_array_equal(Lanes(sizes, batch_size, num_lanes, seed).rows(epoch, some), rows[some])
    shards = np.repeat(np.arange(len(sizes)), sizes)[rows]
    assert set(lanes.shards(epoch, some)) == set(shards[some].tolist())


def test_by_hand():
    """Two lanes, batches of 4: places 0 and 1 of each from the first half of the row, 2 and 3 from the second."""
    lanes = Lanes([3, 3, 3], 4, 2, seed=1)
    row = np.concatenate([3 * shard + lanes._inside(0, shard) for shard in lanes._row(0).shards.tolist()])
    expected = row[[0, 1, 4, 5, 2, 3, 6, 7, 8]]
    np.testing.assert_array_equal(lanes.rows(0, np.arange(9)), expected)


def test_orders_differ_by_epoch_and_seed():
    orders = [Lanes([20] * 5, 8, 4, seed).rows(epoch, np.arange(100)).tolist() for seed in (0, 1) for epoch in (0, 1)]
    assert len({tuple(order) for order in orders}) == 4


@pytest.mark.parametrize("workers", [0, 3])
@pytest.mark.parametrize("num_processes", [1, 2, 3])
def test_any_number_of_processes_and_workers_deals_the_same_batches(workers, num_processes):
    whole = Feed(InMemory([17, 20, 3, 40, 1]), 12, seed=5, shards_at_once=4)
    ends = [12 * rank // num_processes for rank in range(num_processes + 1)]
    parts = [
        Feed(InMemory([17, 20, 3, 40, 1]), 12, 5, workers=workers, part=(first, end - first), shards_at_once=4)
        for first, end in pairwise(ends)
    ]
    for index in [*range(30), 3]:
        dealt = np.concatenate([part.batch(index).labels for part in parts])
        np.testing.assert_array_equal(dealt, whole.batch(index).labels)
    for part in parts:
        part.close()


def test_a_process_reads_the_shards_of_its_share_alone():
    sizes, batch_size, count = [100] * 16, 16, 1600
    lanes = Lanes(sizes, batch_size, 8, seed=2)
    places = np.arange(count)
    read = [lanes.shards(0, places[places % batch_size // 4 == rank]) for rank in range(4)]
    assert all(len(shards) <= 5 for shards in read)  # 4 of 16, and one that a border cuts
    assert set().union(*read) == set(range(16))
    for batch in range(0, count, batch_size):
        assert len(lanes.shards(0, places[batch : batch + batch_size])) <= 8


def test_every_batch_is_mixed_from_all_lanes():
    lanes = Lanes([50] * 20, 32, 8, seed=3)
    found = [len(lanes.shards(0, np.arange(first, first + 32))) for first in range(0, 960, 32)]
    assert min(found) >= 7


def test_natural_order_without_shuffling():
    feed = Feed(InMemory([3, 4]), 5, shuffle=False)
    assert [feed.batch(index).labels.tolist() for index in range(2)] == [[0, 1, 2, 3, 4], [5, 6, 0, 1, 2]]


def test_weights_and_balance_are_refused():
    for pictures, options in ((InMemory([4, 4], np.ones(8)), {}), (InMemory([4, 4]), {"balance_alpha": 0.5})):
        with pytest.raises(UsageError, match="shown once an epoch"):
            Feed(pictures, 2, **options)
