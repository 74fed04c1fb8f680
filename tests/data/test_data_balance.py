import pytest

from ganvas.data.balance import balance
from ganvas.errors import DataError


def test_equal_classes():
    found = balance([10, 10, 10])
    assert found.imbalance_ratio == 1 and found.evenness == pytest.approx(1) and found.num_empty == 0


def test_effective_numbers_are_the_formula():
    counts = [5000, 50, 1]
    beta = (sum(counts) - 1) / sum(counts)
    assert balance(counts).effective_numbers == pytest.approx([(1 - beta**n) / (1 - beta) for n in counts])


def test_one_image_is_one():
    assert balance([1]).effective_numbers == (1.0,)
    assert balance([7, 1]).effective_numbers[1] == pytest.approx(1)


def test_empty_classes_are_counted_apart():
    found = balance([6, 0, 2])
    assert (found.imbalance_ratio, found.num_empty) == (3, 1)
    assert found.effective_numbers[1] == 0
    assert 0 < found.evenness < 1
    assert balance([4, 0]).evenness == 0


@pytest.mark.parametrize("counts", [[], [0, 0], [3, -1]])
def test_nothing_to_balance(counts):
    with pytest.raises(DataError, match="at least one image"):
        balance(counts)
