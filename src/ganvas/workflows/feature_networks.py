"""Feature networks for a dataset: those asked for by name, or the one that suits it; its own classifier trained."""

from collections.abc import Sequence

import numpy as np

from ganvas.catalogue import find
from ganvas.data.published import cache_folder
from ganvas.data.store import Dataset
from ganvas.errors import StorageError
from ganvas.metrics import FEATURES
from ganvas.metrics.caching import FOLDER, FeatureCache
from ganvas.metrics.classifier import LARGEST, SMALLEST, Classifier, load_classifier
from ganvas.metrics.classifier_training import ClassifierTraining, train_classifier
from ganvas.metrics.features import FeatureNetwork, of_classifier
from ganvas.metrics.protocol import ImageSet
from ganvas.progress import Progress

CLASSIFIER = "classifier"
FALLBACK = "pixels8"
_SHIPPED = {1: "grey", 3: "colour"}
_SMALLEST_SHIPPED = 28
"""Pixels of the smallest images that the shipped networks see as they are."""


def open_features(names: Sequence[str] | None, dataset: Dataset, progress: Progress) -> list[FeatureNetwork]:
    """Return the feature networks of rows of FEATURES; None for the one that suits the dataset.

    One that cannot see these images is refused before anything is computed; nothing is replaced by another.
    """
    if not names:
        names = [suited(dataset)]
        if dataset.num_classes >= 2 and names != [CLASSIFIER]:
            progress.say(
                f"Scored by the features `{names[0]}`: the dataset's own classifier takes images of {SMALLEST} to "
                f"{LARGEST} pixels."
            )
    networks = [open_network(name, dataset, progress) for name in names]
    for network in networks:
        network.features(dataset.read("train", np.arange(min(2, dataset.count("train")))))
    return networks


def open_network(name: str, dataset: Dataset, progress: Progress) -> FeatureNetwork:
    """Return one row of FEATURES, opened; the dataset's own classifier is trained where it is not there yet."""
    if name == CLASSIFIER:
        return of_classifier(classifier_of(dataset, progress))
    return find(FEATURES, "feature network", name)(None)


def suited(dataset: Dataset) -> str:
    """Return the row of FEATURES that suits a dataset: its own classifier, a shipped network, or 8x8 pixels."""
    sides = dataset.shape[1:]
    if dataset.num_classes >= 2 and min(sides) >= SMALLEST and max(sides) <= LARGEST:
        return CLASSIFIER
    shipped = _SHIPPED.get(dataset.shape.channels, FALLBACK)
    return shipped if min(sides) >= _SMALLEST_SHIPPED and shipped in FEATURES else FALLBACK


def classifier_of(dataset: Dataset, progress: Progress) -> Classifier:
    """Return the dataset's own classifier, trained at the first call and kept in its folder (or the user's cache)."""
    places = (dataset.folder / CLASSIFIER, cache_folder() / CLASSIFIER / dataset.content_hash[:16])
    for folder in places:
        if folder.is_dir():
            found = load_classifier(folder)
            if found.card.dataset == dataset.content_hash:
                return found
    training, held_out = (ImageSet(dataset.pixels(split), dataset.labels(split)) for split in ("train", "test"))
    about = (training, held_out, dataset.num_classes, dataset.content_hash, ClassifierTraining(), progress)
    try:
        return train_classifier(places[0], *about)
    except StorageError:  # a dataset folder that may only be read
        return train_classifier(places[1], *about)


def view_cache(dataset: Dataset) -> FeatureCache:
    """Return what keeps the features of a dataset's own images, in its folder."""
    return FeatureCache(dataset.folder / FOLDER, dataset.content_hash)
