"""Mean, squared deviations, range and covariance of images read in chunks, in float64.

Chunks are merged pairwise, which loses no digits where sums of squares would: Chan, Golub and LeVeque, "Algorithms
for Computing the Sample Variance", The American Statistician 37 (1983), equations 1.5; Welford 1962 is its case of
one sample.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ganvas.data.scalings.contract import Shape, Values
from ganvas.errors import DataError
from ganvas.images import Pixels

Chunks = Callable[[], Iterator[Pixels]]
"""Starts a pass over the training images, uint8 [n, H, W, C]; n may differ, the rest not."""


@dataclass(frozen=True)
class Moments:
    """Statistics of `count` samples at each place: mean, sum of squared deviations from it, lowest, highest."""

    count: int
    mean: Values
    squares: Values
    lowest: Values
    highest: Values

    @classmethod
    def of(cls, samples: Values) -> "Moments":
        """Return the moments of samples [n, ...]."""
        mean = samples.mean(axis=0)
        squares = np.square(samples - mean).sum(axis=0)
        return cls(len(samples), mean, squares, samples.min(axis=0), samples.max(axis=0))

    def merged(self, other: "Moments") -> "Moments":
        """Return the moments of both sets of samples together."""
        count = self.count + other.count
        step = other.mean - self.mean
        return Moments(
            count,
            self.mean + step * (other.count / count),
            self.squares + other.squares + np.square(step) * (self.count * other.count / count),
            np.minimum(self.lowest, other.lowest),
            np.maximum(self.highest, other.highest),
        )

    def over(self, axes: tuple[int, ...]) -> "Moments":
        """Return the moments of the places along `axes` taken together (those axes kept, of length 1)."""
        num_places = int(np.prod([self.mean.shape[axis] for axis in axes]))
        mean = self.mean.mean(axis=axes, keepdims=True)
        between = np.square(self.mean - mean).sum(axis=axes, keepdims=True)
        return Moments(
            self.count * num_places,
            mean,
            self.squares.sum(axis=axes, keepdims=True) + self.count * between,
            self.lowest.min(axis=axes, keepdims=True),
            self.highest.max(axis=axes, keepdims=True),
        )

    @property
    def deviation(self) -> Values:
        """The population's standard deviation."""
        return np.sqrt(self.squares / self.count)


def moments_of(chunks: Iterable[Pixels]) -> Moments:
    """Return the moments at each place [H, W, C] of all images of one pass.

    Raises `DataError` where there are no images.
    """
    total: Moments | None = None
    for pixels in checked(chunks):
        found = Moments.of(pixels.astype(np.float64))
        total = found if total is None else total.merged(found)
    if total is None:
        raise DataError("There are no images to fit a scaling to. Give the training images of a dataset.")
    return total


def covariance_of(chunks: Iterable[Pixels], mean: Values) -> Values:
    """Return the population covariance [D, D] of images with this mean [H, W, C], D = H W C: a second pass."""
    total, count = np.zeros((mean.size, mean.size)), 0
    for pixels in checked(chunks):
        centred = (pixels - mean).reshape(len(pixels), -1)
        total += centred.T @ centred
        count += len(pixels)
    return total / count


def checked(chunks: Iterable[Pixels]) -> Iterator[Pixels]:
    """Yield the chunks that hold images; raise `DataError` where they are not uint8 [n, H, W, C] of one shape."""
    shape: Shape | None = None
    for pixels in chunks:
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or (shape and pixels.shape[1:] != shape):
            wanted = f"[n, {', '.join(map(str, shape))}]" if shape else "[n, H, W, C]"
            raise DataError(f"Expected images uint8 {wanted}; found {pixels.dtype} {list(pixels.shape)}.")
        shape = pixels.shape[1:]
        if len(pixels):
            yield pixels
