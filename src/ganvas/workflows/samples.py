"""What a run shows of itself and is judged by: samples of the same latents, or translations of the same pictures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.data.splitting import Split
from ganvas.data.store import Dataset
from ganvas.generation.sampling import Decoder, sample
from ganvas.generation.translating import translate, translate_real
from ganvas.images import Pixels, contact_sheet
from ganvas.metrics.features import pixels as pixel_features
from ganvas.metrics.protocol import protocol_name
from ganvas.metrics.sliced import random_directions, sliced_distance
from ganvas.players import Generator, Translator
from ganvas.seeds import Stream
from ganvas.training.settings import TrainingConfig

GROUPS = 3
"""Rows of pictures that a translator without classes shows, each with its source and its target."""


class Samples:
    """Draws and scores the images of a generator on the way; the same each time but for the generator."""

    def __init__(self, dataset: Dataset, settings: TrainingConfig, decode: Decoder) -> None:
        self.dataset = dataset
        self.settings = settings
        self.decode = decode

    def sheet(self, generator: Generator) -> Pixels:
        """Return a grid: the same latents each time, one row per class; a translator's: see `translated_sheet`."""
        if isinstance(generator, Translator):
            return self.translated_sheet(generator)
        columns, classes = self.settings.samples.columns, len(self.dataset.classes)
        labels = np.repeat(np.arange(classes), columns) if generator.num_classes else None
        num = columns * columns if labels is None else len(labels)
        return contact_sheet(sample(generator, num, labels, self.settings.seed, decode=self.decode), columns)

    def translated_sheet(self, generator: Translator) -> Pixels:
        """Return rows of three: sources, their translations, and the real targets.

        Of a translator between classes, three rows for each class: pictures, translations, and those translated back.
        """
        columns = self.settings.samples.columns
        return contact_sheet(
            np.concatenate([self._rows(generator, chosen) for chosen in self._groups(generator)]), columns
        )

    def score(self, generator: Generator) -> dict[str, Any] | None:
        """Return MIND on pixels between samples and training images, lower is better; None when switched off.

        A translator's are translations of held-out pictures (of training pictures where none are held out); where it
        has classes, this is the mean over them: images asked to be of a class beside real ones of it.
        """
        wanted = self.settings.checkpoint.score_images
        if wanted == 0:
            return None
        network, num = pixel_features(), min(wanted, self.dataset.count("train"))
        if isinstance(generator, Translator):
            num = min(num, self.dataset.count(self._held_out))
            name = protocol_name(f"{network.name}-translated", "mind", num)
            return {"protocol": name, "value": self._translated_distance(generator, num)}
        ours = sample(generator, num, seed=self.settings.seed, decode=self.decode)
        value = self._distance(self.dataset.pixels("train")[self._chosen("train", num)], ours)
        return {"protocol": protocol_name(network.name, "mind", num), "value": value}

    @property
    def _held_out(self) -> Split:
        return "test" if self.dataset.count("test") >= self.settings.samples.columns else "train"

    def _groups(self, generator: Translator) -> list[NDArray[np.int64]]:
        """Return which held-out pictures are shown, a row's worth at a time."""
        columns, labels = self.settings.samples.columns, self.dataset.labels(self._held_out)
        order = Stream(self.settings.seed, "samples/sources").permutation(self.dataset.count(self._held_out))
        if labels is None or not generator.num_classes:
            return list(np.resize(order, (GROUPS, columns)))
        of_class = [order[labels[order] == label] for label in range(generator.num_classes)]
        return [np.resize(order if not len(rows) else rows, columns) for rows in of_class]

    def _rows(self, generator: Translator, chosen: NDArray[np.int64]) -> Pixels:
        pixels, labels = self.dataset.pixels(self._held_out)[chosen], self.dataset.labels(self._held_out)
        own = labels[chosen] if labels is not None and generator.num_classes else None
        made = translate_real(generator, pixels, own, self.decode)
        last = pixels if own is None else translate(generator, made.images, own, self.decode)
        sources = np.broadcast_to(made.sources, pixels.shape)
        return np.concatenate([sources, made.images, last])

    def _translated_distance(self, generator: Translator, num: int) -> float:
        chosen, split = self._chosen(self._held_out, num), self._held_out
        pixels, labels = self.dataset.pixels(split)[chosen], self.dataset.labels(split)
        own = labels[chosen] if labels is not None and generator.num_classes else None
        made = translate_real(generator, pixels, own, self.decode)
        beside = self._chosen("train", num)
        real, real_labels = self.dataset.pixels("train")[beside], self.dataset.labels("train")
        if made.labels is None or real_labels is None:
            return self._distance(real, made.images)
        values = []
        for label in range(generator.num_classes):
            ours, theirs = made.images[made.labels == label], real[real_labels[beside] == label]
            count = min(len(ours), len(theirs))
            values += [self._distance(theirs[:count], ours[:count])] if count else []
        return float(np.mean(values))

    def _chosen(self, split: Split, num: int) -> NDArray[np.int64]:
        purpose = "score/real" if split == "train" else "score/sources"
        return np.sort(Stream(self.settings.seed, purpose).permutation(self.dataset.count(split))[:num])

    def _distance(self, theirs: Pixels, ours: Pixels) -> float:
        network = pixel_features()
        real, made = network.features(theirs), network.features(ours)
        directions = random_directions(made.shape[1], Stream(self.settings.seed, "score/directions"))
        return sliced_distance(real, made, directions)
