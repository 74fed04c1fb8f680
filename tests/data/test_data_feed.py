"""Batches as a pure function of (seed, index)."""

import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from ganvas.data.feed import Feed
from ganvas.data.scaling import fit_scaling
from ganvas.data.scalings.contract import ScalingSettings
from ganvas.errors import DataError, UsageError
from ganvas.seeds import Stream


def numbered(count, labelled=True):
    """Images whose pixels say which they are, labels likewise."""
    rows = np.arange(count, dtype=np.int64)
    pixels = np.stack([rows % 256, rows // 256], axis=1).astype(np.uint8).reshape(count, 1, 2, 1)
    return pixels, rows if labelled else None


def feed(count, batch_size, **options):
    return Feed.from_arrays(*numbered(count), batch_size, **options)


def order(count, seed, epochs):
    return np.concatenate([Stream(seed, "order", epoch).permutation(count) for epoch in range(epochs)])


@settings(deadline=None)
@given(
    count=st.integers(1, 40),
    batch_size=st.integers(1, 100),
    seed=st.integers(0, 2**40),
    index=st.integers(0, 6),
)
def test_batch_k_is_a_window_of_the_row_of_epochs(count, batch_size, seed, index):
    batch = feed(count, batch_size, seed=seed).batch(index)
    last = (index + 1) * batch_size
    expected = order(count, seed, -(-last // count))[index * batch_size : last]
    assert_close(batch.labels, torch.from_numpy(expected))
    assert_close(batch.pixels[:, 0, 0, 0].long() + 256 * batch.pixels[:, 0, 1, 0].long(), batch.labels)


def test_types_and_shapes():
    pixels, labels = feed(10, 4).batch(0)
    assert (pixels.dtype, labels.dtype) == (torch.uint8, torch.int64)
    assert (pixels.shape, labels.shape) == ((4, 1, 2, 1), (4,))
    assert Feed.from_arrays(*numbered(10, labelled=False), 4).batch(3).labels is None


def test_each_epoch_holds_every_image_once_in_a_new_order():
    dealt = torch.cat([feed(30, 10).batch(index).labels for index in range(6)])
    assert sorted(dealt[:30].tolist()) == sorted(dealt[30:].tolist()) == list(range(30))
    assert dealt[:30].tolist() != dealt[30:].tolist()


@pytest.mark.parametrize("workers", [0, 2])
def test_scaled_batches_are_the_scaled_bytes(workers):
    pixels, labels = numbered(30)
    scaling = fit_scaling(ScalingSettings(scaling="zca"), lambda: iter([pixels]))
    with Feed.from_arrays(pixels, labels, 8, seed=1, workers=workers, scaling=scaling) as scaled:
        for index in range(9):
            found, plain = scaled.batch(index), Feed.from_arrays(pixels, labels, 8, seed=1).batch(index)
            assert found.pixels.dtype == torch.float32
            assert_close(found.pixels, torch.from_numpy(scaling.apply(plain.pixels.numpy())), rtol=0, atol=0)
            assert_close(found.labels, plain.labels)


def test_natural_order():
    ordered = feed(5, 3, shuffle=False)
    assert [ordered.batch(index).labels.tolist() for index in range(3)] == [[0, 1, 2], [3, 4, 0], [1, 2, 3]]


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_nothing(workers):
    plain = feed(50, 7, seed=3)
    with feed(50, 7, seed=3, workers=workers) as ahead:
        for index in [*range(20), 5, 6, 100, 0]:
            assert_close(ahead.batch(index), plain.batch(index))
            assert len(ahead._ahead) <= 2 * workers


def test_closing_ends_the_threads_and_batches_stay():
    before = threading.active_count()
    ahead = feed(50, 7, workers=2)
    first = ahead.batch(0)
    ahead.close()
    ahead.close()
    assert threading.active_count() == before
    assert_close(ahead.batch(0), first)


def test_resuming_needs_nothing_but_the_index():
    running = feed(20, 6, seed=9)
    for index in range(8):
        running.batch(index)
    assert_close(feed(20, 6, seed=9).batch(8), running.batch(8))


def test_batches_are_copies():
    dealt = feed(4, 4, shuffle=False)
    dealt.batch(0).pixels.fill_(9)
    assert dealt.batch(0).pixels[0].tolist() == [[[0], [0]]]


def test_read_only_images_give_writable_batches():
    pixels, labels = numbered(6)
    pixels.setflags(write=False)
    Feed.from_arrays(pixels, labels, 2).batch(0).pixels.add_(1)


def test_only_two_permutations_are_kept():
    dealt = feed(10, 10)
    for index in range(5):
        dealt.batch(index)
    assert dealt._epoch.cache_info().currsize == 2


def test_wrong_arrays():
    pixels, labels = numbered(5)
    with pytest.raises(UsageError, match="at least 1"):
        Feed.from_arrays(pixels, labels, 0)
    with pytest.raises(UsageError, match="float32"):
        Feed.from_arrays(pixels.astype(np.float32), labels, 2)
    with pytest.raises(UsageError, match="one per image"):
        Feed.from_arrays(pixels, labels[:3], 2)
    with pytest.raises(DataError, match="no images"):
        Feed.from_arrays(pixels[:0], labels[:0], 2)


def test_mirrored_half_of_the_time_by_position_alone():
    plain = feed(40, 8, seed=3)
    batches = [feed(40, size, seed=3, mirror=True) for size in (8, 20)]
    small = torch.cat([batches[0].batch(index).pixels for index in range(50)])
    large = torch.cat([batches[1].batch(index).pixels for index in range(20)])
    whole = torch.cat([plain.batch(index).pixels for index in range(50)])
    assert torch.equal(small, large)
    same = (small == whole).flatten(1).all(1)
    reversed_ = (small == whole.flip(2)).flatten(1).all(1)
    assert (same | reversed_).all()
    assert 150 < int((~same).sum()) < 250
