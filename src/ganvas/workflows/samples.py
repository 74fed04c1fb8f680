"""What a run shows of itself: samples of the same latents, or translations of the same pictures."""

import numpy as np
from numpy.typing import NDArray

from ganvas.data.splitting import Split
from ganvas.data.store import Dataset
from ganvas.generation.sampling import Decoder, sample
from ganvas.generation.translating import translate, translate_real
from ganvas.images import Pixels, contact_sheet
from ganvas.players import Generator, Translator
from ganvas.seeds import Stream
from ganvas.training.settings import TrainingConfig

GROUPS = 3
"""Rows of pictures that a translator without classes shows, each with its source and its target."""


class Samples:
    """Draws the images of a generator on the way; the same each time but for the generator."""

    def __init__(self, dataset: Dataset, settings: TrainingConfig, decode: Decoder) -> None:
        self.dataset = dataset
        self.settings = settings
        self.decode = decode
        self.sources: Split = source_split(dataset, settings)

    def sheet(self, generator: Generator) -> Pixels:
        """Return a grid [H, W, C]: the same latents each time, a row per class; a translator's `translated_sheet`."""
        if isinstance(generator, Translator):
            return self.translated_sheet(generator)
        columns, classes = self.settings.samples.columns, len(self.dataset.classes)
        labels = np.repeat(np.arange(classes), columns) if generator.num_classes else None
        num = columns * columns if labels is None else len(labels)
        return contact_sheet(sample(generator, num, labels, self.settings.seed, decode=self.decode), columns)

    def translated_sheet(self, generator: Translator) -> Pixels:
        """Return rows of three, one picture [H, W, C]: sources, their translations, and the real targets.

        Of a translator between classes, three rows for each class: pictures, translations, and those translated back.
        """
        columns = self.settings.samples.columns
        return contact_sheet(
            np.concatenate([self._rows(generator, chosen) for chosen in self._groups(generator)]), columns
        )

    def _groups(self, generator: Translator) -> list[NDArray[np.int64]]:
        """Return which held-out pictures are shown, a row's worth at a time."""
        columns, labels = self.settings.samples.columns, self.dataset.labels(self.sources)
        order = Stream(self.settings.seed, "samples/sources").permutation(self.dataset.count(self.sources))
        if labels is None or not generator.num_classes:
            return list(np.resize(order, (GROUPS, columns)))
        of_class = [order[labels[order] == label] for label in range(generator.num_classes)]
        return [np.resize(order if not len(rows) else rows, columns) for rows in of_class]

    def _rows(self, generator: Translator, chosen: NDArray[np.int64]) -> Pixels:
        pixels, labels = self.dataset.read(self.sources, chosen), self.dataset.labels(self.sources)
        own = labels[chosen] if labels is not None and generator.num_classes else None
        made = translate_real(generator, pixels, own, self.decode)
        last = pixels if own is None else translate(generator, made.images, own, self.decode)
        sources = np.broadcast_to(made.sources, pixels.shape)
        return np.concatenate([sources, made.images, last])


def source_split(dataset: Dataset, settings: TrainingConfig) -> Split:
    """Return where a translator's pictures are taken from: those held out, unless they are too few for a row."""
    return "test" if dataset.count("test") >= settings.samples.columns else "train"
