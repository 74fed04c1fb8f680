"""What a run is scored by on the way: the settings' names, as features and metrics that suit the run."""

from typing import NamedTuple

from ganvas.catalogue import find
from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError
from ganvas.metrics import FEATURES, METRICS
from ganvas.metrics.choosing import Given, obstacle
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.protocol import Metric
from ganvas.models.family import build_gan
from ganvas.progress import Progress
from ganvas.recipes.recipe import Recipe
from ganvas.tensors import without_memory
from ganvas.workflows.feature_networks import open_features


class Gauge(NamedTuple):
    """One score: the features, and what is read off them."""

    network: FeatureNetwork
    metric: Metric


def open_gauges(recipe: Recipe, dataset: Dataset, progress: Progress) -> list[Gauge]:
    """Return what a run is scored by, the judge of what is best first; none where the settings switch scores off.

    The dataset's own classifier is trained where it is asked for and not there yet. Raises `ConfigurationError` for a
    score that does not exist or does not suit the run, and what opening a feature network raises.
    """
    settings = recipe.training.scoring
    if not settings.metrics or not recipe.training.checkpoint.score_images:
        return []
    best = settings.best_by or settings.metrics[0]
    if best not in settings.metrics:
        raise ConfigurationError(
            f"`training.scoring.best_by` is `{best}`, which is not among the scores taken: "
            f"{', '.join(settings.metrics)}. Add it to `training.scoring.metrics`, or name one of these."
        )
    rows = [_rows_of(name) for name in dict.fromkeys([best, *settings.metrics])]
    metrics = {metric: find(METRICS, "metric", metric) for _, metric in rows}
    _check_judge(metrics[rows[0][1]])
    features = list(dict.fromkeys(name for name, _ in rows))
    networks = dict(zip(features, open_features(features, dataset, progress), strict=True))
    given = _given(recipe, dataset)
    gauges = [Gauge(networks[name], metrics[metric]) for name, metric in rows]
    for gauge in gauges:
        _check(gauge, given)
    return gauges


def _rows_of(name: str) -> tuple[str, str]:
    """Return the rows of FEATURES and METRICS that a score is named by."""
    for features in FEATURES:
        metric = name.removeprefix(f"{features}-")
        if metric != name and metric in METRICS:
            return features, metric
    raise ConfigurationError(
        f"`training.scoring.metrics` names `{name}`, and there is no such score. Write features "
        f"({', '.join(FEATURES)}), a dash and a metric ({', '.join(METRICS)}): `pixels-mind`, say."
    )


def _check_judge(metric: Metric) -> None:
    if metric.floor_is_best:
        raise ConfigurationError(
            f"`training.scoring.best_by` is `{metric.name}`, which is best where it is as of real images, so it orders "
            "no checkpoints. Name another score."
        )


def _check(gauge: Gauge, given: Given) -> None:
    reason = obstacle(gauge.metric, gauge.network, given)
    if gauge.metric.costly:
        reason = "takes too long for scores on the way. Leave it to `ganvas evaluate`."
    if reason:
        raise ConfigurationError(f"`training.scoring.metrics` names `{gauge.metric.name}`, which {reason}")


def _given(recipe: Recipe, dataset: Dataset) -> Given:
    """Return what scores on the way will be taken of: so many images, those of the largest class among them."""
    num, labels = min(recipe.training.checkpoint.score_images, dataset.count("train")), dataset.labels("train")
    if labels is None:
        return Given(num, labelled=False, largest_class=0)
    with without_memory():
        generator = build_gan(recipe.model, dataset.shape, dataset.num_classes, 0).generator
    return Given(num, generator.num_classes > 0, num // dataset.num_classes)
