import numpy as np
from sklearn.datasets import load_digits

from ganvas.data.sources.digits import _load


def test_the_file_read_is_what_scikit_learn_loads() -> None:
    values, labels = load_digits(return_X_y=True)
    found = _load()
    np.testing.assert_array_equal(found[0], values)
    np.testing.assert_array_equal(found[1], labels)
