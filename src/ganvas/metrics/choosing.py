"""Which metrics can be computed of the images and networks at hand, and what keeps the others from it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.catalogue import find
from ganvas.errors import UsageError
from ganvas.metrics import METRICS
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.protocol import Metric

ALL = "all"
"""Asked for among the metrics: every one that can be computed, the costly ones included."""

Labels = NDArray[np.int64] | None


class Given(NamedTuple):
    """What there is: images of each kind, labels of all of them, images of the largest class of each kind."""

    num_samples: int
    labelled: bool
    largest_class: int

    @classmethod
    def of(cls, training: Labels, held_out: Labels, generated: Labels, num_samples: int) -> "Given":
        """Return what the labels of three sets amount to."""
        sets = (training, held_out, generated)
        largest = [0 if labels is None else int(np.bincount(labels).max()) for labels in sets]
        return cls(num_samples, all(labels is not None for labels in sets), min(largest))


def chosen_metrics(names: Sequence[str] | None, networks: Sequence[FeatureNetwork], given: Given) -> list[Metric]:
    """Return the metrics to compute: those named, or all but the costly ones for None, or all for "all".

    Raises `UsageError` where there is no network, or where one asked for by name can be computed with none of them.
    """
    if not networks:
        raise UsageError("A feature network was expected; none was given. Give `pixels8` where there is no other.")
    if names is None or ALL in names:
        metrics = [find(METRICS, "metric", name) for name in METRICS]
        return [metric for metric in metrics if names is not None or not metric.costly]
    metrics = [find(METRICS, "metric", name) for name in names]
    for metric in metrics:
        obstacles = [obstacle(metric, network, given) for network in networks]
        if all(obstacles):
            raise UsageError(f"`{metric.name}` {obstacles[0]}")
    return metrics


def obstacle(metric: Metric, network: FeatureNetwork, given: Given) -> str:
    """Return what keeps a metric from being computed, and what to do about it; empty where nothing does."""
    if given.num_samples < metric.fewest_samples:
        found, needed = given.num_samples, f"at least {metric.fewest_samples} images of each kind"
        return f"needs {needed}; there are {found}. Leave it out, or hold out more images."
    if metric.suits and not any(f"{network.name}-".startswith(f"{name}-") for name in metric.suits):
        wanted = "`, `".join(metric.suits)
        return f"is made for the features `{wanted}`; these are `{network.name}`. Leave it out, or give such features."
    if metric.needs_classes and network.classify is None:
        return "needs a feature network with classes, such as `classifier`. Leave it out, or give such features."
    if metric.needs_labels and not given.labelled:
        return (
            "needs labels, asked for and real. Leave it out, or evaluate a conditional generator on a labelled dataset."
        )
    if metric.needs_labels and given.largest_class < metric.fewest_in_class:
        found, needed = given.largest_class, f"{metric.fewest_in_class} images of some class at least"
        return f"needs {needed}; there are {found}. Leave it out, or hold out more images."
    return ""
