"""What is measured: the real images of a dataset, and as many of a model."""

import numpy as np

from ganvas.data.splitting import Split
from ganvas.data.store import Dataset
from ganvas.images import Pixels
from ganvas.metrics.protocol import ImageSet
from ganvas.progress import Progress
from ganvas.seeds import Stream
from ganvas.workflows.model import Model


def images_of(dataset: Dataset, split: Split) -> ImageSet:
    """Return the images of a split with their labels."""
    return ImageSet(dataset.pixels(split), dataset.labels(split))


def made_by(model: Model, training: ImageSet, held_out: ImageSet, num: int, seed: int, progress: Progress) -> ImageSet:
    """Return `num` images of a model with the classes asked for; a translator's are translations of held-out images."""
    progress.begin("Translate" if model.translates else "Generate", num)
    made = _translated(model, held_out, num, seed) if model.translates else _drawn(model, training, num, seed, progress)
    progress.end()
    return made


def _drawn(model: Model, training: ImageSet, num: int, seed: int, progress: Progress) -> ImageSet:
    """Return images of classes as frequent as in training: any others would differ from the real ones by that alone."""
    labels = None
    if model.conditional:
        assert training.labels is not None
        labels = training.labels[Stream(seed, "evaluate/labels").permutation(len(training.labels))[:num]]
    parts: list[Pixels] = []
    for part in model.generate_chunks(num, labels, seed):
        parts.append(part)
        progress.advance(len(part))
    return ImageSet(np.concatenate(parts), labels)


def _translated(model: Model, held_out: ImageSet, num: int, seed: int) -> ImageSet:
    """Return translations of held-out images: their labels are the classes wanted, else those of the images."""
    chosen = np.sort(Stream(seed, "evaluate/sources").permutation(len(held_out.pixels))[:num])
    own = None if held_out.labels is None else held_out.labels[chosen]
    made = model.translate_real(np.asarray(held_out.pixels[chosen]), own)
    return ImageSet(made.images, own if made.labels is None else made.labels)
