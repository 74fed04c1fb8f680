"""FID within each class, and its mean: whether images of a class have that class's own fidelity and variety.

Known as intra FID (Miyato and Koyama 2018, "cGANs with Projection Discriminator", section 4). A plain FID cannot
tell a generator that ignores the class asked for. The images of a class are those asked for, against
the training images of it. As with any FID the value falls with the number of images, here of each class: the floor has
as many images in all, in the proportions of the held-out set.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import DataError, UsageError
from ganvas.metrics.frechet import Gaussian, Moments, distance_to
from ganvas.metrics.intervals import around
from ganvas.metrics.protocol import Metric, Reading, Reference, View
from ganvas.seeds import Stream


class ClassDistances(NamedTuple):
    """FID and its standard error by class; None for a class with fewer than 2 images on either side."""

    values: list[float | None]
    errors: list[float | None]

    def reading(self) -> Reading:
        """Return the mean over the classes measured; raise `DataError` where none was."""
        values = [value for value in self.values if value is not None]
        if not values:
            raise DataError(
                "FID by class needs a class of at least 2 real and 2 generated images; there is none. Generate more "
                "images, or leave `class-fid` out."
            )
        error = math.sqrt(sum(error**2 for error in self.errors if error is not None)) / len(values)
        mean = float(np.mean(values))
        return Reading(mean, details={"per_class": self.values}, interval=around(mean, error, lowest=0))


def laws_by_class(features: NDArray[Any], labels: NDArray[np.int64]) -> list[Gaussian | None]:
    """Return the Gaussian of each class 0 ... K - 1 of features [N, d]; None where it has fewer than 2 images."""
    parts = (features[labels == number] for number in range(int(labels.max()) + 1))
    return [Moments.of(part).gaussian() if len(part) >= 2 else None for part in parts]


def distances_by_class(
    laws: Sequence[Gaussian | None], features: NDArray[Any], labels: NDArray[np.int64]
) -> ClassDistances:
    """Return the FID of features [N, d] asked for as `labels` [N] from the real law of each class."""
    found = ClassDistances([], [])
    for number, law in enumerate(laws):
        part = features[labels == number]
        value, error = (None, None) if law is None or len(part) < 2 else distance_to(law, part)
        found.values.append(value)
        found.errors.append(error)
    return found


def _against(reference: Reference, _stream: Stream) -> Callable[[View], Reading]:
    laws = laws_by_class(reference.training.features, _labels(reference.training))
    return lambda sample: distances_by_class(laws, sample.features, _labels(sample)).reading()


def _labels(view: View) -> NDArray[np.int64]:
    if view.labels is None:
        raise UsageError("FID by class needs labels, of real images and asked for. Leave `class-fid` out.")
    return view.labels


CLASS_FID = Metric("class-fid", _against, needs_labels=True, fewest_in_class=2)
