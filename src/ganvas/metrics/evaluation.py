"""The evaluation: generated images, held-out real images (floor) and noise (ceiling) under one protocol.

All three meet the same reference, the full training set, with the same number of images N and the same draws.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from ganvas.errors import DataError
from ganvas.metrics import intervals
from ganvas.metrics.choosing import Given, chosen_metrics, obstacle
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.protocol import ImageSet, Metric, Reference, Score, Shared, View, protocol_name
from ganvas.progress import Progress, Silent
from ganvas.seeds import Stream

MOST_SAMPLES = 10_000


class ViewCache(Protocol):
    """What keeps the views of one dataset's real images."""

    def view(self, network: FeatureNetwork, images: ImageSet, key: str, progress: Progress) -> View:
        """Return what `network` sees of the images that `key` names within the dataset."""
        ...


class _Sets(NamedTuple):
    training: ImageSet
    held_out: ImageSet
    generated: ImageSet
    noise: ImageSet
    held_out_name: str
    noise_name: str


class _Views(NamedTuple):
    reference: Reference
    generated: View
    noise: View


def num_samples(num_training: int, num_held_out: int, most: int = MOST_SAMPLES) -> int:
    """Return N, the images that generated set, floor and ceiling each hold: as many as held-out, at most `most`.

    Raises `DataError` where there are fewer than 2.
    """
    count = min(num_held_out, num_training, most)
    if count < 2:
        raise DataError(
            f"Scores need at least 2 held-out and 2 training images; found {num_held_out} and {num_training}. "
            "Prepare the dataset with a held-out share."
        )
    return count


def evaluate(
    training: ImageSet,
    held_out: ImageSet,
    generated: ImageSet,
    networks: Sequence[FeatureNetwork],
    metrics: Sequence[str] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    cache: ViewCache | None = None,
    bootstrap: int = 20,
    most_samples: int = MOST_SAMPLES,
    shared: Mapping[str, Shared] | None = None,
) -> list[Score]:
    """Return one score per feature network and metric.

    `metrics` None takes all that can be computed but the costly ones, "all" those too. `generated` carries the labels
    asked for, None for an unconditional generator. `cache` keeps what the networks see of the real images; it belongs
    to this dataset. `bootstrap` is the number of resamples of intervals that need them; 0 gives no intervals. At most
    `most_samples` images are compared. `shared` gets, for each network named in it, what may serve again for this
    dataset.

    Raises `DataError` where images do not fit together, `UsageError` where a metric asked for cannot be computed.
    """
    count = num_samples(len(training.pixels), len(held_out.pixels), most_samples)
    _require_fitting(training, held_out, generated, count)
    sets = _sets(training, held_out, generated, count, seed)
    given = Given.of(training.labels, sets.held_out.labels, sets.generated.labels, count)
    chosen = chosen_metrics(metrics, networks, given)
    progress = progress or Silent()
    progress.begin("Evaluate", (len(training.pixels) + 3 * count) * len(networks))
    scores = []
    for network in networks:
        usable = [metric for metric in chosen if not obstacle(metric, network, given)]
        views = _views(network, sets, cache, progress, (shared or {}).get(network.name) or Shared())
        scores += [_score(network, metric, views, seed, bootstrap, progress) for metric in usable]
    progress.end()
    return scores


def _sets(training: ImageSet, held_out: ImageSet, generated: ImageSet, count: int, seed: int) -> _Sets:
    sample = _some(generated, count, Stream(seed, "metrics/generated"))
    part = "held-out" if len(held_out.pixels) == count else f"held-out-{count}-of-seed-{seed}"
    some = _some(held_out, count, Stream(seed, "metrics/held-out"))
    return _Sets(training, some, sample, _noise_like(sample, seed), part, f"noise-of-seed-{seed}")


def _views(network: FeatureNetwork, sets: _Sets, cache: ViewCache | None, progress: Progress, shared: Shared) -> _Views:
    def view(images: ImageSet, key: str = "") -> View:
        seen = cache.view(network, images, key, progress) if cache and key else network.view(images, progress)
        return seen._replace(pixels=images.pixels)

    reference = Reference(view(sets.training, "training"), view(sets.held_out, sets.held_out_name), shared)
    return _Views(reference, view(sets.generated), view(sets.noise, sets.noise_name))


def _score(
    network: FeatureNetwork, metric: Metric, views: _Views, seed: int, bootstrap: int, progress: Progress
) -> Score:
    progress.advance(0, f"{network.name} {metric.name}")
    stream, reference, count = Stream(seed, f"metrics/{metric.name}"), views.reference, len(views.generated.features)
    read, real = metric.against(reference, stream), reference.held_out
    if metric.floor_of_training:
        num_training = len(reference.training.features)
        real = reference.training.rows(np.sort(stream.child("floor").permutation(num_training)[:count]))
    reading = read(views.generated)
    interval = reading.interval
    if metric.resampled and bootstrap:
        seen = views.generated if metric.needs_pixels else views.generated._replace(pixels=None)
        interval = intervals.bootstrap(read, seen, reading.value, bootstrap, stream.child("bootstrap"))
    return Score(
        protocol=protocol_name(network.name, metric.name, count),
        metric=metric.name,
        features=network.name.partition("-")[0],
        value=reading.value,
        floor=read(real).value,
        ceiling=read(views.noise).value,
        lower_is_better=metric.lower_is_better,
        floor_is_best=metric.floor_is_best,
        spread=reading.spread,
        interval=interval if bootstrap else None,
        num_samples=count,
        num_reference=len(reference.training.features),
        caution=network.tells,
        details=reading.details,
    )


def _some(images: ImageSet, count: int, stream: Stream) -> ImageSet:
    """Return `count` of the images, drawn at random: files are often in the order of their classes."""
    if len(images.pixels) == count:
        return images
    chosen = np.sort(stream.permutation(len(images.pixels))[:count])
    return ImageSet(images.pixels[chosen], None if images.labels is None else images.labels[chosen])


def _noise_like(images: ImageSet, seed: int) -> ImageSet:
    """Return images of independent uniform pixels, of the same shape and asked for the same labels."""
    shape = images.pixels.shape
    per_image = int(np.prod(shape[1:]))
    words = Stream(seed, "metrics/noise").words(len(images.pixels), -(-per_image // 8))
    noise = np.ascontiguousarray(words).view(np.uint8)[:, :per_image].reshape(shape)
    return ImageSet(noise, images.labels)


def _require_fitting(training: ImageSet, held_out: ImageSet, generated: ImageSet, count: int) -> None:
    shapes = {images.pixels.shape[1:] for images in (training, held_out, generated)}
    if len(shapes) > 1:
        raise DataError(
            f"Training, held-out and generated images must have one shape; found {sorted(shapes)} as height, width, "
            "channels. Evaluate on the dataset that the model was trained on."
        )
    if len(generated.pixels) < count:
        raise DataError(
            f"{count} generated images were expected, as many as there are held-out ones; found "
            f"{len(generated.pixels)}. Generate more."
        )
