"""Assess: a model and its dataset in, all that is known of how good it is out: what scores and reports are views of."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.data.splitting import Split
from ganvas.data.store import Dataset
from ganvas.errors import ModelError, UsageError
from ganvas.images import Pixels
from ganvas.metrics import evaluation
from ganvas.metrics.conditional import Agreement, agreement
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.intervals import over_seeds
from ganvas.metrics.memorisation import Audit, audit
from ganvas.metrics.protocol import ImageSet, Score, Shared, View
from ganvas.progress import Lines, Progress, Silent
from ganvas.seeds import Stream
from ganvas.training.engine import cpu_threads
from ganvas.training.ranks import Ranks
from ganvas.workflows.evaluations import Evaluation, measured
from ganvas.workflows.feature_networks import open_features, view_cache
from ganvas.workflows.measured_images import images_of, made_by, seen_by
from ganvas.workflows.model import Model, load

MOST_SEEDS = 100


@dataclass(frozen=True, eq=False)
class Assessment:
    """What one model is worth against one dataset; what costs time beyond the scores is computed when asked for."""

    name: str
    model: Model
    dataset: Dataset
    seed: int
    seeds: int
    scores: list[Score]
    generated: ImageSet
    """Images of the first seed, with the classes asked for."""
    networks: list[FeatureNetwork]
    view: View
    """The generated images, as the first network sees them."""
    progress: Progress
    seconds: float
    """Of generating the images of one seed, and computing their features."""
    shared: Shared
    """What scores by the first network left for the audit."""

    @property
    def evaluation(self) -> Evaluation:
        """The scores as they are kept beside checkpoints."""
        origin = self.model.origin
        return Evaluation(
            name=self.name,
            weights=origin.get("generator_sha256") or "",
            step=origin.get("step"),
            dataset=measured(self.dataset),
            seed=self.seed,
            seeds=self.seeds,
            scores=tuple(self.scores),
        )

    @cached_property
    def training(self) -> View:
        """The training images, as the first network sees them."""
        return self._real("train", "training")

    @cached_property
    def held_out(self) -> View:
        """The held-out images, all of them, as the first network sees them."""
        return self._real("test", "held-out")

    @cached_property
    def obedience(self) -> Agreement | None:
        """Which classes are seen where which were asked for; None where none were, or the network sees none."""
        return _agreement(self.view) if self.model.conditional else None

    @cached_property
    def real_obedience(self) -> Agreement | None:
        """The same of held-out images and their own classes."""
        return _agreement(self.held_out)

    @cached_property
    def audit(self) -> Audit:
        """Whether it copied training images."""
        with cpu_threads(0):
            stream = Stream(self.seed, "metrics/audit")
            order = stream.child("held-out").permutation(len(self.held_out.features))
            as_many = self.held_out.rows(np.sort(order[: len(self.view.features)]))
            self.progress.begin("Look for copies", 1)
            found = audit(self.training, as_many, self.view, stream, self.shared)
            self.progress.end()
            return found

    def _real(self, split: Split, key: str) -> View:
        images = images_of(self.dataset, split)
        with cpu_threads(0):
            return view_cache(self.dataset).view(self.networks[0], images, key)


def assess(
    model: Model | str | Path,
    data: Dataset | str | Path,
    seed: int = 0,
    progress: Progress | None = None,
    features: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    seeds: int = 1,
    bootstrap: int = 20,
    ranks: Ranks | None = None,
) -> Assessment:
    """Generate images and measure them against a dataset.

    As many are generated as the dataset holds out (at most 10,000), of classes as frequent as in training; a
    translator's are translations of those held out. `features` are rows of FEATURES, None for the one that suits the
    dataset; `metrics` rows of METRICS, or "all", None for all but the costly. With `seeds` > 1 images of as many seeds
    are measured, and values are means with intervals over seeds. `bootstrap` resamples give intervals where no formula
    does. Several processes draw and look at the images together; the first alone takes the scores.

    Raises `UsageError` for names and numbers of seeds that cannot be, `ModelError` where the model's images are not
    like the dataset's, and what `load` raises.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise UsageError(f"{seeds} seeds were asked for; give 1 to {MOST_SEEDS}.")
    name = _name(model) if isinstance(model, str | Path) else "model"
    model = model if isinstance(model, Model) else load(model)
    dataset = data if isinstance(data, Dataset) else Dataset.open(Path(data))
    ranks = ranks or Ranks()
    progress = (progress or Lines()) if ranks.is_first else Silent()
    check_fit(model, dataset)
    training, held_out = images_of(dataset, "train"), images_of(dataset, "test")
    num = evaluation.num_samples(len(training.pixels), len(held_out.pixels))
    with cpu_threads(0, ranks):
        networks = _networks(features, dataset, progress, ranks)
        about = (metrics, seed, progress, view_cache(dataset), bootstrap)
        shared = {network.name: Shared() for network in networks}
        looks: list[_Look] = []
        scored: list[list[Score]] = []
        for each in range(seed, seed + seeds):
            begun = time.monotonic()
            made = made_by(model, training, held_out, num, each, progress, ranks)
            views = [seen_by(network, made, ranks) for network in networks]
            looks = looks or [_Look(made, views[0], time.monotonic() - begun)]
            known = [_knowing(network, made, view) for network, view in zip(networks, views, strict=True)]
            left = shared if each == seed else None
            scored += [_told(ranks, partial(evaluation.evaluate, training, held_out, made, known, *about, shared=left))]
    ordered = sorted(_together(scored), key=lambda score: score.lower_is_better)
    first, view, seconds = looks[0]
    left = shared[networks[0].name]
    return Assessment(name, model, dataset, seed, seeds, ordered, first, networks, view, progress, seconds, left)


class _Look(NamedTuple):
    made: ImageSet
    view: View
    seconds: float


def _networks(names: Sequence[str] | None, dataset: Dataset, progress: Progress, ranks: Ranks) -> list[FeatureNetwork]:
    """Return the feature networks, the same in all processes; the others find what the first made."""
    networks = ranks.in_turn(lambda: open_features(names, dataset, progress))
    ranks.expect_same(json.dumps([network.name for network in networks]), "feature networks")
    return networks


def _told(ranks: Ranks, take: Callable[[], list[Score]]) -> list[Score]:
    """Return, in all processes, the scores that the first takes."""
    scores = ranks.first(take)
    plain = ranks.told(None if scores is None else [score.plain() for score in scores])
    return [Score(**values) for values in plain] if scores is None else scores


def check_fit(model: Model, dataset: Dataset) -> None:
    """Raise `ModelError` where a model draws other images, or other classes, than a dataset holds."""
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


def _together(scored: Sequence[Sequence[Score]]) -> list[Score]:
    """Return one score for each protocol that could be measured with every seed."""
    found = [{score.protocol: score for score in scores} for scores in scored]
    return [
        over_seeds([scores[name] for scores in found]) for name in found[0] if all(name in scores for scores in found)
    ]


def _knowing(network: FeatureNetwork, images: ImageSet, view: View) -> FeatureNetwork:
    """Return a network that has the features of some images at hand, batch by batch, and computes those of others."""
    size = network.batch_size
    starts = range(0, len(images.pixels), size)
    known = {_digest(images.pixels[start : start + size]): view.features[start : start + size] for start in starts}

    def extract(pixels: Pixels) -> NDArray[np.float32]:
        found = known.get(_digest(pixels))
        return network.extract(pixels) if found is None else found

    return replace(network, extract=extract)


def _digest(pixels: Pixels) -> bytes:
    return blake2b(pixels.tobytes(), digest_size=16).digest()


def _agreement(view: View) -> Agreement | None:
    if view.labels is None or view.logits is None:
        return None
    return agreement(view.labels, view.logits)


def _name(path: str | Path) -> str:
    return Path(path).resolve().name
