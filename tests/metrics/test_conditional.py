import numpy as np
import pytest

from ganvas.errors import DataError, UsageError
from ganvas.metrics.conditional import ACCURACY, agreement
from ganvas.metrics.protocol import Reference, View
from ganvas.seeds import Stream

ASKED = np.array([0, 0, 1, 1, 1, 3])
LOGITS = np.eye(4, dtype=np.float32)[[0, 1, 1, 1, 2, 3]]


def test_counts_asked_against_seen():
    found = agreement(ASKED, LOGITS)
    np.testing.assert_array_equal(found.confusion, [[1, 1, 0, 0], [0, 2, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1]])
    assert found.accuracy == pytest.approx(4 / 6)
    assert found.per_class == [0.5, pytest.approx(2 / 3), None, 1.0]


def test_plain_is_json():
    import json

    plain = json.loads(json.dumps(agreement(ASKED, LOGITS).plain(), allow_nan=False))
    assert plain["per_class"][2] is None
    assert plain["confusion"][1] == [0, 2, 1, 0]


def test_row_reads_labels_and_logits():
    nothing = View(np.zeros((1, 1), np.float32))
    read = ACCURACY.against(Reference(nothing, nothing), Stream(0, "accuracy"))
    reading = read(View(np.zeros((6, 2), np.float32), LOGITS, ASKED))
    assert reading.value == pytest.approx(4 / 6)
    assert reading.details is not None
    assert not ACCURACY.lower_is_better
    with pytest.raises(UsageError, match="needs labels"):
        read(View(np.zeros((6, 2), np.float32), LOGITS))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ([0, 0, 1, 1, 1, 4], "Labels 0 to 3 were expected.*found 0 to 4"),
        ([-1, 0, 1, 1, 1, 3], "found -1 to 3"),
        ([0], "found 1 labels, 6 images"),
    ],
)
def test_labels_that_do_not_fit_are_refused_in_words(asked, words):
    with pytest.raises(DataError, match=words):
        agreement(np.array(asked), LOGITS)
