"""What is measured: the real images of a dataset, and as many of a model."""

import numpy as np

from ganvas.data.splitting import Split
from ganvas.data.store import Dataset
from ganvas.generation.drawing import CHUNK
from ganvas.images import Pixels
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.protocol import ImageSet, View
from ganvas.progress import Progress
from ganvas.seeds import Stream
from ganvas.training.ranks import Ranks
from ganvas.training.shares import made_together
from ganvas.workflows.model import Model


def images_of(dataset: Dataset, split: Split) -> ImageSet:
    """Return the images of a split with their labels."""
    return ImageSet(dataset.pixels(split), dataset.labels(split))


def made_by(
    model: Model,
    training: ImageSet,
    held_out: ImageSet,
    num: int,
    seed: int,
    progress: Progress,
    ranks: Ranks | None = None,
) -> ImageSet:
    """Return `num` images of a model with the classes asked for; a translator's are translations of held-out images.

    Several processes each draw some of the images; translations each makes all of.
    """
    progress.begin("Translate" if model.translates else "Generate", num)
    if model.translates:
        made = _translated(model, held_out, num, seed)
    else:
        made = _drawn(model, training, num, seed, progress, ranks or Ranks())
    progress.end()
    return made


def seen_by(network: FeatureNetwork, images: ImageSet, ranks: Ranks) -> View:
    """Return what a network sees of images, each process having looked at some batches of them."""
    pixels = images.pixels
    features = made_together(
        ranks, len(pixels), network.batch_size, lambda first, num: network.features(pixels[first : first + num])
    )
    return network.view_of(features, images)


def _drawn(model: Model, training: ImageSet, num: int, seed: int, progress: Progress, ranks: Ranks) -> ImageSet:
    """Return images of classes as frequent as in training: any others would differ from the real ones by that alone."""
    labels = None
    if model.conditional:
        assert training.labels is not None
        labels = training.labels[Stream(seed, "evaluate/labels").permutation(len(training.labels))[:num]]

    def draw(first: int, part: int) -> Pixels:
        chunks: list[Pixels] = []
        for chunk in model.generate_chunks(part, None if labels is None else labels[first : first + part], seed, first):
            chunks.append(chunk)
            progress.advance(len(chunk))
        return np.concatenate(chunks)

    return ImageSet(made_together(ranks, num, CHUNK, draw), labels)


def _translated(model: Model, held_out: ImageSet, num: int, seed: int) -> ImageSet:
    """Return translations of held-out images: their labels are the classes wanted, else those of the images."""
    chosen = np.sort(Stream(seed, "evaluate/sources").permutation(len(held_out.pixels))[:num])
    own = None if held_out.labels is None else held_out.labels[chosen]
    made = model.translate_real(np.asarray(held_out.pixels[chosen]), own)
    return ImageSet(made.images, own if made.labels is None else made.labels)
