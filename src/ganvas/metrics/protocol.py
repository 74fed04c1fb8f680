"""What a score is: a value under a named protocol, beside its floor and its ceiling.

The protocol name `classifier-1a2b3c4d-fid359` says: the features of the network whose weights' SHA-256 begins with
1a2b3c4d, the metric `fid`, 359 samples. Scores of one name and one reference are comparable.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ganvas.config import Config, Field
from ganvas.errors import DataError, UsageError
from ganvas.images import Pixels
from ganvas.seeds import Stream

_MOST_SHARED = 8
_Value = TypeVar("_Value")


class ImageSet(NamedTuple):
    """Images uint8 [N, H, W, C] and their labels [N] (true, or asked for), None when there are none."""

    pixels: Pixels
    labels: NDArray[np.int64] | None = None


class View(NamedTuple):
    """An image set as a feature network sees it: features [N, d], class logits [N, K] where it has classes.

    `pixels` uint8 [N, H, W, C] are the images themselves, for metrics that look at more than features.
    """

    features: NDArray[np.float32]
    logits: NDArray[np.float32] | None = None
    labels: NDArray[np.int64] | None = None
    pixels: Pixels | None = None

    def rows(self, chosen: NDArray[np.int64] | NDArray[np.bool_] | slice) -> "View":
        """Return the view of some of the images: their places [n], or a mask [N]."""
        return View(*(None if part is None else part[chosen] for part in self))  # type: ignore[arg-type]


class Shared:
    """What several metrics need of the same features and one reference, computed once; the last few are kept."""

    def __init__(self) -> None:
        self._kept: list[tuple[str, NDArray[Any], Any]] = []

    def once(self, name: str, features: NDArray[Any], compute: Callable[[], _Value]) -> _Value:
        """Return what `compute` returns, of this name and features [N, D] equal to these, which are held as long."""
        known = [kept[0] == name and _equal(kept[1], features) for kept in self._kept]
        value = self._kept[known.index(True)][2] if any(known) else compute()
        others = [kept for kept, is_found in zip(self._kept, known, strict=True) if not is_found]
        self._kept = [*others[1 - _MOST_SHARED :], (name, features, value)]
        return value


def _equal(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return one is other or (np.array_equal(one[:1], other[:1]) and np.array_equal(one, other))


@dataclass(frozen=True)
class Reference:
    """The real images that a sample is measured against: all for training, and held-out ones (those of the floor)."""

    training: View
    held_out: View
    shared: Shared = field(default_factory=Shared, repr=False, compare=False)


class Reading(NamedTuple):
    """What a metric reads off one sample.

    `spread` is a standard deviation (each metric says of what), `details` plain JSON values, `interval` holds the
    value that as many other images of the same generator would give on average, 95 times out of 100.
    """

    value: float
    spread: float | None = None
    details: dict[str, Any] | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Metric:
    """A row of `METRICS`: `against(reference, stream)` returns the function that reads a sample's value.

    So what is needed of the reference is computed once, and generated images, floor and ceiling meet the same draws.

    `needs_labels`, `needs_classes` and `needs_pixels` say what a sample's view must hold: labels, class logits, pixels.
    `fewest_samples` is how many images it needs of each kind, `fewest_in_class` how many of the largest class.
    `suits` names the feature networks it is made for, by the beginning of their names; empty for any. A `costly` one
    is left out unless asked for by name or by "all". With `floor_of_training` the floor is read from training images:
    where the held-out ones are what is tested on. With `floor_is_best` a value is the better the nearer it is to the
    floor, from either side. `resampled` asks for an interval by bootstrap, since its readings carry none.
    """

    name: str
    against: Callable[[Reference, Stream], Callable[[View], Reading]]
    lower_is_better: bool = True
    needs_labels: bool = False
    fewest_samples: int = 2
    costly: bool = False
    needs_pixels: bool = False
    needs_classes: bool = False
    suits: tuple[str, ...] = ()
    floor_of_training: bool = False
    floor_is_best: bool = False
    resampled: bool = False
    fewest_in_class: int = 0


class Score(Config):
    """One value with what is needed to read it: `floor` is that of real images and `ceiling` that of noise.

    So they are called whichever way is better: where higher is, the floor lies above the ceiling.
    """

    protocol: str = Field(description="Feature network, metric and sample count.")
    metric: str = Field(description="Row of METRICS.")
    features: str = Field(default="", description="Row of FEATURES.")
    value: float = Field(description="Value of the generated images.")
    floor: float = Field(description="Value of held-out real images under the same protocol: as good as real.")
    ceiling: float = Field(description="Value of uniform noise under the same protocol: as bad as nothing learnt.")
    lower_is_better: bool = Field(description="Whether a smaller value is a better one.")
    floor_is_best: bool = Field(default=False, description="Whether the floor is best, and either side of it worse.")
    spread: float | None = Field(default=None, ge=0, description="Standard deviation of the value, where it has one.")
    interval: tuple[float, float] | None = Field(
        default=None, description="95 % interval of the value over samples of as many images of the same generator."
    )
    num_samples: int = Field(ge=2, description="Generated images; as many make the floor and the ceiling.")
    num_reference: int = Field(ge=2, description="Real training images in the reference.")
    caution: str = Field(description="What these features can and cannot tell.")
    details: dict[str, Any] | None = Field(default=None, description="More than one number: per class, confusion.")

    def __str__(self) -> str:
        direction = "lower is better" if self.lower_is_better else "higher is better"
        direction = "nearest to real is best" if self.floor_is_best else direction
        known = f" [{self.interval[0]:.4g}, {self.interval[1]:.4g}]" if self.interval else ""
        floor, ceiling = f"real images {self.floor:.4g}", f"noise {self.ceiling:.4g}"
        return f"{self.protocol} {self.value:.4g}{known} ({floor}, {ceiling}; {direction})"


def protocol_name(network: str, metric: str, num_samples: int) -> str:
    """Return the protocol name of a metric on `num_samples` images through the features of `network`."""
    return f"{network}-{metric}{num_samples}"


def require_comparable(scores: Iterable[Score]) -> None:
    """Raise `UsageError` unless all scores share one protocol and one size of the reference."""
    found = sorted({f"{score.protocol} against {score.num_reference} images" for score in scores})
    if len(found) > 1:
        raise UsageError(
            f"Scores of one protocol were expected; these are of {len(found)}: {', '.join(found)}. "
            "Evaluate them again with the same feature network, sample count and dataset."
        )


def as_matrix(features: NDArray[Any]) -> NDArray[np.float64]:
    """Return features [N, d] in float64; raise `DataError` when they are no finite matrix."""
    matrix = np.asarray(features, dtype=np.float64)
    if matrix.ndim != 2:
        raise DataError(f"Features of the form [images, numbers] were expected; these have shape {matrix.shape}.")
    if not np.isfinite(matrix).all():
        raise DataError(
            "The features hold NaN or infinity, so no score can be given. Look at the images: a generator that "
            "diverged gives such; generate from an earlier checkpoint."
        )
    return matrix


def require_same_width(first: NDArray[Any], second: NDArray[Any]) -> None:
    """Raise `DataError` unless two sets of features [N, d] and [M, d] have the same d."""
    if first.shape[-1] != second.shape[-1]:
        raise DataError(
            f"Both sets of features must have as many numbers per image; found {first.shape[-1]} and "
            f"{second.shape[-1]}. Take both from the same feature network."
        )
