"""Classification accuracy score (Ravuri and Vinyals 2019, https://arxiv.org/abs/1905.10887).

The dataset's classifier is trained anew, on generated images and the classes they were asked for, and tested on
held-out real images: it is as good as the generated images are faithful, varied and of the right class. The floor
trains on as many real training images, the ceiling on noise. `details` hold the accuracy and confusion of the real
classes: where they are low, the generator's images of that class are poor. Each reading trains a classifier, which
takes a minute or more.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from ganvas.errors import UsageError
from ganvas.metrics.classifier_training import ClassifierTraining, train_classifier
from ganvas.metrics.conditional import Agreement, agreement
from ganvas.metrics.protocol import ImageSet, Metric, Reading, Reference, View
from ganvas.progress import Silent
from ganvas.seeds import Stream


def train_on_generated(
    generated: ImageSet, held_out: ImageSet, num_classes: int, config: ClassifierTraining
) -> Agreement:
    """Return the classes that a classifier trained on generated images sees in held-out ones, against their own.

    Raises `UsageError` where the images have no classes.
    """
    if held_out.labels is None:
        raise UsageError("The classification accuracy score needs labelled images. Leave `cas` out.")
    with tempfile.TemporaryDirectory() as folder:
        about = (generated, held_out, num_classes, "generated images", config, Silent())
        trained = train_classifier(Path(folder) / "classifier", *about)
    return agreement(held_out.labels, trained.logits(trained.features(held_out.pixels)))


def _against(reference: Reference, stream: Stream) -> Callable[[View], Reading]:
    held_out, labels = _images(reference.held_out), reference.training.labels
    num_classes = 0 if labels is None else int(labels.max()) + 1

    def read(sample: View) -> Reading:
        config = ClassifierTraining(seed=stream.seed)
        found = train_on_generated(_images(sample), held_out, num_classes, config)
        return Reading(found.accuracy, details=found.plain())

    return read


def _images(view: View) -> ImageSet:
    if view.pixels is None:
        raise UsageError("The classification accuracy score needs the images themselves. Leave `cas` out.")
    return ImageSet(view.pixels, view.labels)


CAS = Metric(
    "cas",
    _against,
    lower_is_better=False,
    needs_labels=True,
    needs_pixels=True,
    costly=True,
    suits=("classifier",),
    floor_of_training=True,
)
