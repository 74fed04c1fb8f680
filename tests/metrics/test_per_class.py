import json

import numpy as np
import pytest

from ganvas.errors import DataError, UsageError
from ganvas.metrics.frechet import FID, Moments, frechet_distance
from ganvas.metrics.per_class import CLASS_FID
from ganvas.metrics.protocol import Reference, View
from ganvas.seeds import Stream

WIDTH = 3


def classes(count, purpose, labels=None):
    """Three classes around (0, 0, 0), (4, 0, 0) and (0, 4, 0)."""
    centres = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0]])
    shown = np.arange(count) % 3
    features = centres[shown] + Stream(0, purpose).normal(count, WIDTH)
    return View(features.astype(np.float32), labels=shown if labels is None else labels)


REFERENCE = Reference(classes(600, "training"), classes(150, "held-out"))


def read(sample, reference=REFERENCE):
    return CLASS_FID.against(reference, Stream(0, "class-fid"))(sample)


def law(view, number):
    return Moments.of(view.features[view.labels == number]).gaussian()


def test_is_the_mean_of_the_distances_within_classes():
    sample = classes(90, "fake")
    values = [frechet_distance(law(REFERENCE.training, number), law(sample, number)) for number in range(3)]
    reading = read(sample)
    assert reading.value == pytest.approx(np.mean(values), rel=1e-12)
    assert reading.details == {"per_class": pytest.approx(values, rel=1e-12)}
    json.dumps(reading.details, allow_nan=False)
    assert reading.interval[0] < reading.value < reading.interval[1]


def test_sees_wrong_classes_where_plain_fid_does_not():
    right = classes(90, "fake")
    wrong = right._replace(labels=(right.labels + 1) % 3)
    fid = FID.against(REFERENCE, Stream(0, "fid"))
    assert fid(right).value == fid(wrong).value
    assert read(wrong).value > 20 * read(right).value


def test_classes_of_fewer_than_two_images_are_left_out():
    sample = classes(9, "fake", labels=np.array([0, 0, 0, 0, 0, 0, 0, 0, 2]))
    reading = read(sample)
    assert reading.details["per_class"][1:] == [None, None]
    assert reading.value == reading.details["per_class"][0]
    with pytest.raises(DataError, match="at least 2 real and 2 generated"):
        read(classes(3, "fake"))
    with pytest.raises(UsageError, match="needs labels"):
        read(classes(9, "fake")._replace(labels=None))
