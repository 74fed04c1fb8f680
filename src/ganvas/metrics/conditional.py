"""Whether images show the class that was asked for, as an independent classifier sees it.

The same idea as the inception accuracy of the AC-GAN paper (Odena et al. 2017,
https://arxiv.org/abs/1610.09585, section 4.3), with a classifier the generator never met.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import DataError, UsageError
from ganvas.metrics.intervals import of_share
from ganvas.metrics.protocol import Metric, Reading, Reference, View
from ganvas.seeds import Stream


class Agreement(NamedTuple):
    """How often asked-for and seen class agree: `confusion` [K, K] counts rows of asked by columns of seen."""

    confusion: NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        """Share of all images seen as asked."""
        return float(self.confusion.trace() / self.confusion.sum())

    @property
    def per_class(self) -> list[float | None]:
        """Share of each class's images seen as asked; None where none was asked for."""
        asked = self.confusion.sum(axis=1)
        return [float(hit / num) if num else None for hit, num in zip(self.confusion.diagonal(), asked, strict=True)]

    def plain(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"accuracy": self.accuracy, "per_class": self.per_class, "confusion": self.confusion.tolist()}


def agreement(asked: NDArray[np.int64], logits: NDArray[np.float32]) -> Agreement:
    """Compare asked-for labels [N] with a classifier's logits [N, K].

    Raises `DataError` where there is not one label of the classifier's classes for each image.
    """
    num_classes = logits.shape[1]
    if len(asked) != len(logits) or not len(asked):
        raise DataError(f"One label per image was expected; found {len(asked)} labels, {len(logits)} images.")
    if asked.min() < 0 or asked.max() >= num_classes:
        raise DataError(
            f"Labels 0 to {num_classes - 1} were expected, the classes of the classifier; found "
            f"{asked.min()} to {asked.max()}. Train the classifier on the dataset of these labels."
        )
    seen = logits.argmax(axis=1)
    counts = np.bincount(asked * num_classes + seen, minlength=num_classes**2)
    return Agreement(counts.reshape(num_classes, num_classes))


def _against(_reference: Reference, _stream: Stream) -> Callable[[View], Reading]:
    def read(sample: View) -> Reading:
        if sample.labels is None or sample.logits is None:
            raise UsageError("Accuracy needs labels and a feature network with classes, such as `classifier`.")
        found = agreement(sample.labels, sample.logits)
        return Reading(found.accuracy, details=found.plain(), interval=of_share(found.accuracy, len(sample.labels)))

    return read


ACCURACY = Metric(
    "accuracy",
    _against,
    lower_is_better=False,
    needs_labels=True,
    needs_classes=True,
    suits=("classifier", "stacked"),  # others' classes are not the dataset's
)
