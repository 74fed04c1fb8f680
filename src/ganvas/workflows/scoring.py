"""Scores of a run on the way: as many generated as real training images, the same draws each time.

They follow one run cheaply; `evaluate` measures its end, against all training images and beside floor and ceiling.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from math import inf, isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.data.splitting import Split
from ganvas.data.store import Dataset
from ganvas.generation.sampling import CHUNK, Decoder, draw_labels, sample
from ganvas.generation.translating import translate_real
from ganvas.images import Pixels
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.protocol import ImageSet, Metric, Reading, Reference, View, protocol_name
from ganvas.players import Generator, Translator
from ganvas.seeds import Stream
from ganvas.training.ranks import Ranks
from ganvas.training.scoring import Criterion
from ganvas.training.settings import TrainingConfig
from ganvas.training.shares import made_together
from ganvas.workflows.feature_networks import view_cache
from ganvas.workflows.gauges import Gauge
from ganvas.workflows.measured_images import seen_by
from ganvas.workflows.samples import source_split

_COMPARING = 1.0
"""Seconds that comparing features is taken to need until it was measured."""


class Reader(NamedTuple):
    """Reads a metric off `fewest` to `most` generated images of one class, of all where `label` is None."""

    label: int | None
    fewest: int
    most: int
    read: Callable[[View], Reading]


class Scorer:
    """Takes the scores of a generator in training; the features of real images are computed at the first, and held."""

    def __init__(
        self,
        dataset: Dataset,
        settings: TrainingConfig,
        decode: Decoder,
        gauges: Sequence[Gauge],
        generator: Generator,
        clock: Callable[[], float] = time.perf_counter,
        ranks: Ranks | None = None,
    ) -> None:
        """Take the scores of generators like `generator`; several processes draw and look together."""
        self.dataset, self.settings, self.decode, self.clock = dataset, settings, decode, clock
        self.gauges, self.ranks = gauges, ranks or Ranks()
        self.sources: Split = source_split(dataset, settings)
        self.translates = isinstance(generator, Translator)
        self.by_class = self.translates and generator.num_classes > 0
        self.num = min(settings.checkpoint.score_images, dataset.count("train"))
        if self.translates:
            self.num = min(self.num, dataset.count(self.sources))
        self._readers: list[list[Reader]] = []
        self._cost: float | None = None

    @property
    def criterion(self) -> Criterion | None:
        """The score that says what is best: the first; None where none is taken."""
        if not self.gauges or not self.num:
            return None
        return Criterion(self._protocol(self.gauges[0]), self.gauges[0].metric.lower_is_better)

    def score(self, generator: Generator, seconds: float = inf) -> dict[str, float]:
        """Return the scores by protocol; none where taking them would last longer than `seconds`."""
        ranks = self.ranks
        if not ranks.told(ranks.first(lambda: self._prepare(generator, seconds))):
            return {}
        begun = self.clock()
        made = self._made(generator, self.num, ranks)
        views = {network.name: seen_by(network, made, ranks) for network in self._networks}
        values = ranks.told(ranks.first(lambda: self._values(views)))
        self._cost = self.clock() - begun
        return values

    def _prepare(self, generator: Generator, seconds: float) -> bool:
        """Return whether there is time enough; if so the features of real images are there."""
        if seconds < inf and self._expected(generator, seconds) > seconds:
            return False
        self._readers = self._readers or self._against_real()
        return True

    def _values(self, views: Mapping[str, View]) -> dict[str, float]:
        values = {
            self._protocol(gauge): _mean(readers, views[gauge.network.name])
            for gauge, readers in zip(self.gauges, self._readers, strict=True)
        }
        return {protocol: value for protocol, value in values.items() if isfinite(value)}

    @property
    def _networks(self) -> list[FeatureNetwork]:
        return list({gauge.network.name: gauge.network for gauge in self.gauges}.values())

    def _protocol(self, gauge: Gauge) -> str:
        network = f"{gauge.network.name}-translated" if self.translates else gauge.network.name
        return protocol_name(network, gauge.metric.name, self.num)

    def _expected(self, generator: Generator, seconds: float) -> float:
        """Return how long the scores would take: as the last time; the first time, by a few images, real ones too."""
        if self._cost is None and seconds >= _COMPARING:
            begun = self.clock()
            few = self._made(generator, min(CHUNK, self.num), Ranks())
            for network in self._networks:
                network.features(few.pixels)
            each = (self.clock() - begun) / len(few.pixels)
            self._cost = _COMPARING + 3 * self.num * each  # as many real ones for training, and held out
        return _COMPARING if self._cost is None else self._cost

    def _made(self, generator: Generator, num: int, ranks: Ranks) -> ImageSet:
        """Return generated images and the classes asked for; a translator's are of held-out pictures."""
        seed = self.settings.seed
        if not isinstance(generator, Translator):
            labels = draw_labels(generator, num, seed) if generator.num_classes else None

            def draw(first: int, part: int) -> Pixels:
                own = None if labels is None else labels[first : first + part]
                return sample(generator, part, own, seed, first, self.decode)

            return ImageSet(made_together(ranks, num, CHUNK, draw), labels)
        chosen = self._chosen(self.sources, num, "score/sources")
        labels = self.dataset.labels(self.sources)
        own = labels[chosen] if labels is not None and generator.num_classes else None
        made = translate_real(generator, self.dataset.read(self.sources, chosen), own, self.decode)
        return ImageSet(made.images, made.labels)

    def _against_real(self) -> list[list[Reader]]:
        """Return the readers of each gauge: one, or one for each class of a translator between classes."""
        real, held_out = self._real("train", "score/real"), self._real("test", "score/held-out")
        references = {network.name: self._reference(network, real, held_out) for network in self._networks}
        labels = real.labels if self.by_class else None
        return [
            [
                _reader(gauge.metric, references[gauge.network.name], label, self.settings.seed)
                for label in _classes(labels, gauge.metric.fewest_samples)
            ]
            for gauge in self.gauges
        ]

    def _reference(self, network: FeatureNetwork, real: ImageSet, held_out: ImageSet) -> Reference:
        """Return what a network sees of real images, kept with the dataset; of none held out, a view without rows."""
        cache, seed = view_cache(self.dataset), self.settings.seed
        training = cache.view(network, real, f"training-of-scores-{seed}")
        if not len(held_out.pixels):
            return Reference(training, training.rows(slice(0)))
        return Reference(training, cache.view(network, held_out, f"held-out-of-scores-{seed}"))

    def _real(self, split: Split, purpose: str) -> ImageSet:
        chosen, labels = self._chosen(split, self.num, purpose), self.dataset.labels(split)
        return ImageSet(self.dataset.read(split, chosen), None if labels is None else labels[chosen])

    def _chosen(self, split: Split, num: int, purpose: str) -> NDArray[np.int64]:
        return self.dataset.some(split, num, self.settings.seed, purpose)


def _classes(labels: NDArray[np.int64] | None, fewest: int) -> list[int | None]:
    """Return the classes of which there are so many images; without labels one class of all."""
    if labels is None:
        return [None]
    found, counts = np.unique(labels, return_counts=True)
    return found[counts >= fewest].tolist()


def _reader(metric: Metric, reference: Reference, label: int | None, seed: int) -> Reader:
    real, held_out = reference.training, reference.held_out
    if label is not None and real.labels is not None and held_out.labels is not None:
        reference = Reference(real.rows(real.labels == label), held_out.rows(held_out.labels == label))
    read = metric.against(reference, Stream(seed, "score"))
    return Reader(label, metric.fewest_samples, len(reference.training.features), read)


def _mean(readers: Sequence[Reader], made: View) -> float:
    """Return the mean over the readers that find images enough of their class."""
    values = []
    for reader in readers:
        ours = made if reader.label is None or made.labels is None else made.rows(made.labels == reader.label)
        ours = ours.rows(slice(reader.most))
        if len(ours.features) >= reader.fewest:
            values.append(reader.read(ours).value)
    return float(np.mean(values)) if values else inf
