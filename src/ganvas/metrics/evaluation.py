"""The evaluation: generated images, held-out real images (floor) and noise (ceiling) under one protocol.

All three meet the same reference, the full training set, with the same number of images N and the same draws.
"""

from collections.abc import Sequence

import numpy as np

from ganvas.catalogue import find
from ganvas.errors import DataError, UsageError
from ganvas.metrics import METRICS
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.protocol import ImageSet, Metric, Reading, Score, protocol_name
from ganvas.progress import Progress, Silent
from ganvas.seeds import Stream

MOST_SAMPLES = 10_000


def num_samples(num_training: int, num_held_out: int) -> int:
    """Return N, the images that generated set, floor and ceiling each hold: as many as held-out, at most 10,000."""
    count = min(num_held_out, num_training, MOST_SAMPLES)
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
) -> list[Score]:
    """Return one score per feature network and metric; `metrics` None takes all that can be computed.

    `generated` carries the labels asked for, None for an unconditional generator. Raises `DataError` where images
    do not fit together, `UsageError` where a metric asked for cannot be computed.
    """
    count = num_samples(len(training.pixels), len(held_out.pixels))
    _require_fitting(training, held_out, generated, count)
    sample = _some(generated, count, Stream(seed, "metrics/generated"))
    sets = [sample, _some(held_out, count, Stream(seed, "metrics/held-out")), _noise_like(sample, seed)]
    chosen = [find(METRICS, "metric", name) for name in (METRICS if metrics is None else metrics)]
    labelled = generated.labels is not None and held_out.labels is not None
    _require_computable(chosen, networks, labelled, count, asked=metrics is not None)
    progress = progress or Silent()
    progress.begin("Evaluate", (len(training.pixels) + len(sets) * count) * len(networks))
    scores = []
    for network in networks:
        usable = [metric for metric in chosen if _computable(metric, network, labelled, count)]
        scores += _scores(network, usable, training, sets, seed, progress)
    progress.end()
    return scores


def _scores(
    network: FeatureNetwork,
    metrics: Sequence[Metric],
    training: ImageSet,
    sets: Sequence[ImageSet],
    seed: int,
    progress: Progress,
) -> list[Score]:
    reference = network.view(training, progress)
    views = [network.view(images, progress) for images in sets]
    scores = []
    for metric in metrics:
        progress.advance(0, f"{network.name} {metric.name}")
        read = metric.against(reference, Stream(seed, f"metrics/{metric.name}"))
        generated, floor, ceiling = (read(view) for view in views)
        scores.append(_score(network, metric, (generated, floor, ceiling), len(sets[0].pixels), len(training.pixels)))
    return scores


def _score(
    network: FeatureNetwork,
    metric: Metric,
    readings: tuple[Reading, Reading, Reading],
    num_samples: int,
    num_reference: int,
) -> Score:
    generated, floor, ceiling = readings
    return Score(
        protocol=protocol_name(network.name, metric.name, num_samples),
        metric=metric.name,
        value=generated.value,
        floor=floor.value,
        ceiling=ceiling.value,
        lower_is_better=metric.lower_is_better,
        spread=generated.spread,
        num_samples=num_samples,
        num_reference=num_reference,
        caution=network.tells,
        details=generated.details,
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


def _computable(metric: Metric, network: FeatureNetwork, labelled: bool, count: int) -> bool:
    return count >= metric.fewest_samples and (not metric.needs_labels or (labelled and network.classify is not None))


def _require_computable(
    metrics: Sequence[Metric], networks: Sequence[FeatureNetwork], labelled: bool, count: int, asked: bool
) -> None:
    if not networks:
        raise UsageError("A feature network was expected; none was given. Give `pixels8` where there is no other.")
    impossible = [m.name for m in metrics if not any(_computable(m, network, labelled, count) for network in networks)]
    if asked and (few := [metric for metric in metrics if count < metric.fewest_samples]):
        raise UsageError(
            f"`{few[0].name}` needs at least {few[0].fewest_samples} images of each kind; there are {count}. Leave it "
            "out, or hold out more images."
        )
    if asked and impossible:
        raise UsageError(
            f"`{impossible[0]}` needs labels, asked for and held-out, and a feature network with classes, such as "
            "`classifier`. Leave it out, or evaluate a conditional generator on a labelled dataset."
        )


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
