"""What a report shows, as plain values: whoever measured them needs no page, and the page no model."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.images import Pixels


class Measure(NamedTuple):
    """A score: `floor` is that of held-out real images, `ceiling` that of noise, under the same protocol.

    `summary` says in a line what it measures, `interval` is the 95 % interval, `is_share` says that it is printed in
    per cent; `num_reference` counts the training images behind it.
    """

    protocol: str
    metric: str
    summary: str
    value: float
    floor: float
    ceiling: float
    lower_is_better: bool
    num_samples: int
    num_reference: int
    is_share: bool = False
    interval: tuple[float, float] | None = None
    floor_is_best: bool = False
    """Whether either side of the floor is worse."""
    chance: float = 0.0
    """What guessing gets of an accuracy."""

    @property
    def network(self) -> str:
        """The feature network, as the protocol names it."""
        return self.protocol.removesuffix(f"-{self.metric}{self.num_samples}")

    def figure(self, value: float) -> str:
        """Return a value of this measure as it is printed."""
        return f"{value:.2%}" if self.is_share else f"{value:.4g}"


class Obedience(NamedTuple):
    """What an independent classifier sees: counts [K, K] of asked (row) by seen (column), or true by seen."""

    classes: tuple[str, ...]
    generated: NDArray[np.int64]
    real: NDArray[np.int64]


class Copies(NamedTuple):
    """How near generated images lie to training images, beside how near fresh real ones do.

    Nearness [N] is the distance to the nearest training image in proportion to that to the next ones: 0 for a copy.
    Of fresh real images as many as `expected` would be suspects on average, and at most `by_chance` 99 times in 100.
    Authentic is an image no nearer to its nearest training image than that one to its own nearest other (AuthPct).
    """

    generated: NDArray[np.float64]
    held_out: NDArray[np.float64]
    num_suspects: int
    expected: float
    by_chance: int
    authenticity: float
    held_out_authenticity: float
    statistic: float
    """C_T: how many standard errors generated images lie nearer (below 0) than held-out ones."""
    gap: float
    """FID from training images minus FID from as many held-out ones: below 0 where images look more like the former."""

    @property
    def share(self) -> float:
        """Share of generated images that are suspects."""
        return self.num_suspects / len(self.generated)


class Neighbour(NamedTuple):
    """A generated image [H, W, C], the training images nearest to it, nearest first, and what is said of them."""

    image: Pixels
    nearest: tuple[Pixels, ...]
    words: str
    suspect: bool = False


class Row(NamedTuple):
    """Images [N, H, W, C] in a row under one name."""

    name: str
    images: Pixels


class Point(NamedTuple):
    """A place in the plane of precision (is it good) and recall (is it diverse)."""

    name: str
    recall: float
    precision: float
    kind: str
    """`model`, `real`, `noise` or `earlier`."""


class Earlier(NamedTuple):
    """An evaluation of something else under the same protocol: an earlier checkpoint, or another run."""

    name: str
    value: float
    interval: tuple[float, float] | None = None


class Curve(NamedTuple):
    """Lines over the steps of a training: by name, steps [M] and values [M]."""

    title: str
    caption: str
    lines: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True)
class Contents:
    """All that a report shows."""

    title: str
    subtitle: str
    dataset: str
    """Name of the dataset."""
    content_hash: str
    facts: dict[str, str]
    """What the model is: recipe, step, weights, images shown."""
    measures: tuple[Measure, ...]
    cautions: tuple[str, ...] = ()
    """What the features can and cannot tell."""
    obedience: Obedience | None = None
    class_distances: tuple[float | None, ...] = ()
    """Fréchet distance within each class, where it was measured."""
    copies: Copies | None = None
    audit: dict[str, str] = field(default_factory=dict)
    """What the audit of copies found, by name."""
    earlier: tuple[Earlier, ...] = ()
    """Under the protocol of `lead(measures)`, oldest first."""
    rows: tuple[Row, ...] = ()
    num_hidden: int = 0
    """Classes without a row."""
    neighbours: tuple[Neighbour, ...] = ()
    plane: tuple[Point, ...] = ()
    curves: tuple[Curve, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    card: dict[str, str] = field(default_factory=dict)
    """What is known of the dataset: counts, sources, licences."""


LEADING = ("fid", "mind", "kid")


def lead(measures: tuple[Measure, ...]) -> Measure | None:
    """Return the distance that stands for the whole: the first of `LEADING` there is, else the first distance."""
    named = [measure for name in LEADING for measure in measures if measure.metric == name]
    distances = [measure for measure in measures if measure.lower_is_better]
    return next(iter([*named, *distances]), None)


def measure_of(measures: tuple[Measure, ...], *endings: str) -> Measure | None:
    """Return the first measure whose metric has one of these names, or ends so (`k3-precision` is a `precision`)."""
    for ending in endings:
        for measure in measures:
            if measure.metric == ending or measure.metric.endswith(f"-{ending}"):
                return measure
    return None
