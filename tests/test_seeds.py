import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ganvas.seeds import Stream


@given(first=st.integers(0, 500), num=st.integers(1, 40), values=st.integers(1, 19), step=st.integers(0, 10**9))
def test_a_sample_depends_on_nothing_but_its_address(first: int, num: int, values: int, step: int) -> None:
    whole = Stream(7, "noise", step)
    part = whole._replace(first=first)
    np.testing.assert_array_equal(part.normal(num, values), whole.normal(first + num, values)[first:])
    np.testing.assert_array_equal(part.uniform(num, values), whole.uniform(first + num, values)[first:])
    np.testing.assert_array_equal(part.integers(num, 10), whole.integers(first + num, 10)[first:])
    np.testing.assert_array_equal(part.keep(num, values, 0.3), whole.keep(first + num, values, 0.3)[first:])


def test_the_numbers_are_the_published_ones_of_philox() -> None:
    """Known answer of Philox4x64-10 (Random123's kat_vectors), so that a seed means the same for ever."""
    key = np.array([0, 0], np.uint64)
    words = np.random.Philox(key=key, counter=np.array([2**64 - 1] * 4, np.uint64)).random_raw(4)  # steps to 0 first
    assert [hex(word) for word in words] == [
        "0x16554d9eca36314c",
        "0xdb20fe9d672d0fdc",
        "0xd7e772cee186176b",
        "0x7e68b68aec7ba23b",
    ]


@pytest.mark.parametrize(
    "other", [Stream(1, "noise", 3), Stream(0, "nois", 3), Stream(0, "noise", 4), Stream(0, "noise", 3).child("a")]
)
def test_streams_differ_by_seed_purpose_and_step(other: Stream) -> None:
    ours, theirs = Stream(0, "noise", 3).uniform(1000, 1)[:, 0], other.uniform(1000, 1)[:, 0]
    assert abs(np.corrcoef(ours, theirs)[0, 1]) < 0.15


def test_distributions() -> None:
    stream = Stream(3, "test")
    assert stats.kstest(stream.normal(200, 101).ravel(), "norm").pvalue > 0.001
    assert stats.kstest(stream.uniform(200, 101).ravel(), "uniform").pvalue > 0.001
    counts = np.bincount(stream.integers(20_000, 10), minlength=10)
    assert stats.chisquare(counts).pvalue > 0.001
    assert abs(stream.keep(100, 2000, 0.3).mean() - 0.7) < 0.005
    assert stream.keep(10, 7, 0.0).all()


def test_normal_values_of_one_sample_are_independent() -> None:
    values = Stream(3, "test").normal(20_000, 5)
    np.testing.assert_allclose(np.corrcoef(values.T), np.eye(5), atol=0.03)


def test_permutation_holds_each_once() -> None:
    order = Stream(0, "order", 1).permutation(1000)
    np.testing.assert_array_equal(np.sort(order), np.arange(1000))
    assert (order != Stream(0, "order", 2).permutation(1000)).any()


def test_a_long_permutation_is_made_piece_by_piece_as_a_short_one_at_once() -> None:
    stream, length = Stream(5, "order", 2, first=3), 2**20 + 4_099
    found = stream.permutation(length, np.uint32)
    assert found.dtype == np.uint32
    np.testing.assert_array_equal(found, np.argsort(stream.words(1, length)[0], kind="stable"))
