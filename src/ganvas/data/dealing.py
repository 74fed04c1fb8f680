"""How often each image is shown in an epoch: classes brought nearer to balance, images by their weights.

An epoch of N positions shows image i an expected e_i times, and sum e_i = N. Class c, of weight W_c = sum of the
weights w_i of its images, is shown with the share q_c = W_c^alpha / sum_k W_k^alpha: alpha = 1 leaves the classes as
they are, 0 makes them equal, 0.5 is the square root between (Kang et al. 2020, "Decoupling Representation and
Classifier for Long-Tailed Recognition", https://arxiv.org/abs/1910.09217, eq. 1; of languages: Conneau and Lample
2019, "Cross-lingual Language Model Pretraining", https://arxiv.org/abs/1901.07291, section 3.1). Inside a class
images share by weight: e_i = N q_c w_i / W_c.

A limit R on repeats makes it e_i = min(R, t N q_c w_i / W_c), with the one t that keeps the sum at N: what scarce
classes may not have goes to all others in proportion.

Whole numbers are drawn by systematic sampling (Madow 1949, "On the Theory of Systematic Sampling, II",
https://doi.org/10.1214/aoms/1177729988): lay the e_i end to end, class by class, on a line of length N, and show image
i once for each point of the comb u, u + 1, u + 2 ... that falls on it. So in every epoch an image is shown
floor(e_i) or ceil(e_i) times, a class floor(N q_c) or ceil(N q_c) times. From epoch to epoch u turns by the golden
ratio, the most even of turns: images shown less than once an epoch take turns.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import DataError, UsageError
from ganvas.seeds import Stream

_UNIT = 1 << 32  # an image shown once, in fixed point: sums are exact, so epochs have N positions and limits hold
_PIECE = 1 << 20
_GOLDEN = round(_UNIT * (5**0.5 - 1) / 2)


class Dealing:
    """The rows of each epoch, a function of (seed, epoch); where every image is due once, a plain permutation."""

    def __init__(
        self,
        num_images: int,
        labels: NDArray[Any] | None = None,
        weights: NDArray[np.float64] | None = None,
        balance_alpha: float = 1.0,
        max_repeats: int = 0,
        seed: int = 0,
        shuffle: bool = True,
    ) -> None:
        """Plan for `labels` [N] and `weights` [N] (None: all 1); `max_repeats` 0 sets no limit.

        Raises `UsageError` for options out of bounds, or a balance without classes; `DataError` for wrong weights.
        """
        if not 0 <= balance_alpha <= 1 or max_repeats < 0:
            raise UsageError(f"Expected alpha in [0, 1] and repeats >= 0; found {balance_alpha} and {max_repeats}.")
        if labels is None and balance_alpha != 1:
            raise UsageError(
                f"An alpha of {balance_alpha} balances classes, and these images have none. Leave it at 1, or prepare "
                "the dataset from a folder with one sub-folder for each class."
            )
        self.num_images = num_images
        self.seed = seed
        self.shuffle = shuffle
        self.class_shares = None if labels is None else _counts(labels) / num_images
        """Share of each class [K] in what is shown, summing to 1; None when unlabelled."""
        self._row = np.uint32 if num_images < 1 << 32 else np.int64
        self._line, self._ends = np.empty(0, self._row), np.empty(0, np.int64)  # none where each is due once
        if weights is not None or balance_alpha != 1:
            self._plan(labels, _checked(weights, num_images), balance_alpha, max_repeats)

    def rows(self, epoch: int) -> NDArray[Any]:
        """Return the rows of the images shown in an epoch [N], in order; uint32 where these are enough.

        Without `shuffle` it is the natural order, in rounds: each image once, then those due again.
        """
        rows = self._repeated(epoch) if len(self._line) else None
        if self.shuffle:
            order = Stream(self.seed, "order", epoch).permutation(self.num_images, self._row)
            return order if rows is None else rows[order]
        return np.arange(self.num_images, dtype=self._row) if rows is None else _in_rounds(rows)

    def _plan(
        self, labels: NDArray[Any] | None, weights: NDArray[np.float64], balance_alpha: float, max_repeats: int
    ) -> None:
        """Lay the showings of the images end to end, class by class, unless each is due once."""
        classes = np.zeros(self.num_images, np.uint8) if labels is None else labels
        units = _fixed_point(expected_showings(classes, weights, balance_alpha, max_repeats))  # [N]
        if labels is not None:
            self.class_shares = np.bincount(classes, units) / (self.num_images * _UNIT)
        if (units != _UNIT).any():
            self._line = np.argsort(classes, kind="stable").astype(self._row)
            self._ends = np.cumsum(units[self._line])

    def _repeated(self, epoch: int) -> NDArray[Any]:
        """Return the rows shown in an epoch [N], ascending, each as often as it is shown."""
        start = (int(Stream(self.seed, "deal").integers(1, _UNIT)[0]) + epoch * _GOLDEN) % _UNIT
        counts = np.empty(self.num_images, np.int64)
        counts[self._line] = np.diff((self._ends + start) // _UNIT, prepend=0)
        return np.repeat(np.arange(self.num_images, dtype=self._row), counts)


def expected_showings(
    labels: NDArray[Any], weights: NDArray[np.float64], balance_alpha: float, max_repeats: int = 0
) -> NDArray[np.float64]:
    """Return how often each image is to be shown in an epoch, e_i [N] with the sum N, from labels and weights [N]."""
    totals = np.bincount(labels, weights)  # W_c
    shares = np.power(totals, balance_alpha, where=totals > 0, out=np.zeros_like(totals))
    shown = (shares / np.maximum(totals, np.finfo(float).tiny))[labels] * weights
    shown *= len(labels) / shown.sum()
    return _limited(shown, max_repeats) if max_repeats else shown


def _limited(shown: NDArray[np.float64], limit: int) -> NDArray[np.float64]:
    """Return min(limit, t e_i) [N] with the t that keeps the sum: raising t, more and more images meet the limit."""
    num, full = len(shown), np.zeros(len(shown), np.bool_)
    while True:
        raised = shown * ((num - limit * full.sum()) / shown[~full].sum())
        over = ~full & (raised > limit * (1 + 1e-12))
        if not over.any():
            return np.where(full, limit, raised)
        full |= over
        if full.all():
            return np.full(num, float(limit))


def _fixed_point(shown: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return e_i in units [N], with the sum N exactly: rounded down, and the largest remainders up."""
    exact = shown * _UNIT
    units = np.floor(exact).astype(np.int64)
    missing = len(shown) * _UNIT - int(units.sum())
    units[np.argsort(units - exact, kind="stable")[:missing]] += 1
    return units


def _counts(labels: NDArray[Any]) -> NDArray[np.int64]:
    """Return how many images each class has [K]; a piece at a time, since counting makes 8 bytes of each label."""
    num_classes = int(labels.max()) + 1
    pieces = (labels[start : start + _PIECE] for start in range(0, len(labels), _PIECE))
    return np.sum([np.bincount(piece, minlength=num_classes) for piece in pieces], axis=0)


def _in_rounds(rows: NDArray[Any]) -> NDArray[Any]:
    """Return ascending rows [N] with first all first showings, then all second ones, and so on."""
    places = np.arange(len(rows))
    firsts = np.maximum.accumulate(np.where(np.diff(rows.astype(np.int64), prepend=-1) != 0, places, 0))
    return rows[np.argsort(places - firsts, kind="stable")]


def _checked(weights: NDArray[np.float64] | None, num_images: int) -> NDArray[np.float64]:
    """Return weights [N] with the largest 1, or all 1 for None."""
    if weights is None:
        return np.ones(num_images)
    if weights.shape != (num_images,):
        raise DataError(f"Expected {num_images} weights, one for each image; found {list(weights.shape)}.")
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights > 0)))
    if len(wrong):
        raise DataError(
            f"Weights of images are finite and above 0; image {wrong[0]} has {weights[wrong[0]]}. "
            "Leave an image out of the dataset to never show it."
        )
    return weights / weights.max()
