"""Evaluate: a model and the dataset it learnt from in, scores with their protocols, floors and ceilings out."""

import os
from pathlib import Path

import numpy as np

from ganvas.data.store import Dataset
from ganvas.errors import ModelError, StorageError
from ganvas.metrics import evaluation
from ganvas.metrics.classifier import Classifier, load_classifier
from ganvas.metrics.classifier_training import ClassifierTraining, train_classifier
from ganvas.metrics.features import FeatureNetwork, of_classifier, pixels8
from ganvas.metrics.protocol import ImageSet, Score
from ganvas.progress import Lines, Progress
from ganvas.seeds import Stream
from ganvas.training.engine import cpu_threads
from ganvas.workflows.model import Model, load

CLASSIFIER = "classifier"


def evaluate(
    model: Model | str | Path,
    data: Dataset | str | Path,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Score]:
    """Return the scores of a model's images against a dataset.

    As many images are generated as the dataset holds out (at most 10,000); a translator's are translations of those
    held out. With classes, the features are those of a classifier trained on the real images, and the first score is
    the accuracy of the classes asked for; without, the features are the images at 8x8 pixels. The classifier is
    trained once and kept with the dataset.
    """
    model = model if isinstance(model, Model) else load(model)
    dataset = data if isinstance(data, Dataset) else Dataset.open(Path(data))
    progress = progress or Lines()
    _check_fit(model, dataset)
    training, held_out = (ImageSet(dataset.pixels(split), dataset.labels(split)) for split in ("train", "test"))
    num = evaluation.num_samples(len(training.pixels), len(held_out.pixels))
    with cpu_threads(0):
        network = _network(dataset, progress)
        generated = _translated(model, held_out, num, seed) if model.translates else _drawn(model, num, seed)
        scores = evaluation.evaluate(training, held_out, generated, [network], seed=seed, progress=progress)
    return sorted(scores, key=lambda score: score.lower_is_better)


def classifier_of(dataset: Dataset, progress: Progress) -> Classifier:
    """Return the dataset's own classifier, trained at the first call and kept in its folder (or the user's cache)."""
    for folder in (dataset.folder / CLASSIFIER, _cached(dataset)):
        if folder.is_dir():
            found = load_classifier(folder)
            if found.card.dataset == dataset.content_hash:
                return found
    training, held_out = (ImageSet(dataset.pixels(split), dataset.labels(split)) for split in ("train", "test"))
    about = (training, held_out, dataset.num_classes, dataset.content_hash, ClassifierTraining(), progress)
    try:
        return train_classifier(dataset.folder / CLASSIFIER, *about)
    except StorageError:  # a dataset folder that may only be read
        return train_classifier(_cached(dataset), *about)


def _drawn(model: Model, num: int, seed: int) -> ImageSet:
    return ImageSet(model.generate(num, seed=seed), model.labels_of(num, seed=seed))


def _translated(model: Model, held_out: ImageSet, num: int, seed: int) -> ImageSet:
    """Return translations of held-out images: their labels are the classes wanted, else those of the images."""
    chosen = np.sort(Stream(seed, "evaluate/sources").permutation(len(held_out.pixels))[:num])
    own = None if held_out.labels is None else held_out.labels[chosen]
    made = model.translate_real(np.asarray(held_out.pixels[chosen]), own)
    return ImageSet(made.images, own if made.labels is None else made.labels)


def _network(dataset: Dataset, progress: Progress) -> FeatureNetwork:
    return of_classifier(classifier_of(dataset, progress)) if dataset.num_classes >= 2 else pixels8()


def _cached(dataset: Dataset) -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "ganvas" / CLASSIFIER / dataset.content_hash[:16]


def _check_fit(model: Model, dataset: Dataset) -> None:
    if model.image_shape != dataset.shape:
        raise ModelError(
            f"The model draws {model.image_shape} images; `{dataset.folder}` holds {dataset.shape} ones. "
            "Prepare the dataset at the model's size."
        )
    if model.conditional and model.classes != dataset.classes:
        raise ModelError(
            f"The model draws the classes {', '.join(model.classes[:10])}; `{dataset.folder}` has "
            f"{', '.join(dataset.classes[:10]) or 'none'}. Evaluate it on the dataset it was trained on."
        )
