"""Stacked MNIST: how many of 1,000 known modes a generator finds (Lin et al. 2018, PacGAN, section 4.3).

An image is three digits, one to a colour channel, so it shows one of 1,000 numbers. A classifier of single digits names
the three; of 26,000 generated images are told:

    modes    numbers that occur at least once
    KL       sum over modes of p log(1000 p), in nats: from their shares p to equal ones

Read both with care. A perfect generator of equal shares has KL 0.0192, since 26,000 images fall unevenly (about
999 / (2 N)); triples of real MNIST digits, which are not equally frequent, 0.0235. One hit makes a mode, and so does
one error of the classifier: seen through one that errs on 0.75 % of the digits, a generator of 100 modes is credited
with some 300 (one digit in common) to 480 (none). So `details` also hold the modes with at least 5 hits.

The features must be those of such a classifier: class logits [N, 1000], the log-probabilities of all numbers.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from ganvas.errors import DataError, UsageError
from ganvas.metrics.protocol import Metric, Reading, Reference, View, as_matrix
from ganvas.seeds import Stream

NUM_MODES = 1_000
NUM_SAMPLES = 26_000
"""Images of the published protocol."""
SURE_HITS = 5


class Modes(NamedTuple):
    """Modes with at least 1 and at least 5 hits, and KL to equal shares in nats, of so many images."""

    found: int
    surely_found: int
    divergence: float
    num_samples: int

    def plain(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "modes": self.found,
            f"modes_{SURE_HITS}_hits": self.surely_found,
            "kl": self.divergence,
            "num_samples": self.num_samples,
        }


def joint_log_probabilities(logits: NDArray[Any]) -> NDArray[np.float32]:
    """Return log-probabilities [N, 1000] of numbers abc from logits [N, 3, 10] of digits a, b, c of the channels.

    Raises `DataError` for logits of another shape.
    """
    if logits.shape[1:] != (3, 10):
        raise DataError(f"Logits [N, 3, 10] of three digits were expected; these have shape {list(logits.shape)}.")
    first, second, third = np.moveaxis(log_softmax(np.asarray(logits, np.float64), axis=2), 1, 0)  # [N, 10] each
    joint = first[:, :, None, None] + second[:, None, :, None] + third[:, None, None, :]
    return joint.reshape(len(joint), NUM_MODES).astype(np.float32)


def count_modes(numbers: NDArray[np.int64]) -> Modes:
    """Return what images classified as `numbers` [N], 0 to 999, tell of their generator.

    Raises `DataError` where there are none, or a number is above 999.
    """
    if not len(numbers):
        raise DataError("Modes are counted among at least one image; there are none.")
    counts = np.bincount(numbers, minlength=NUM_MODES)
    if len(counts) > NUM_MODES:
        raise DataError(f"Numbers 0 to {NUM_MODES - 1} were expected; found {numbers.max()}.")
    shares = counts[counts > 0] / len(numbers)
    divergence = max(0.0, float(np.sum(shares * np.log(NUM_MODES * shares))))
    return Modes(int((counts > 0).sum()), int((counts >= SURE_HITS).sum()), divergence, len(numbers))


def _metric(name: str, value_of: Callable[[Modes], float], lower_is_better: bool) -> Metric:
    def read(sample: View) -> Reading:
        if sample.logits is None or sample.logits.shape[1] != NUM_MODES:
            raise UsageError(f"`{name}` needs features of a classifier of {NUM_MODES} stacked digits.")
        found = count_modes(as_matrix(sample.logits).argmax(axis=1))
        return Reading(value_of(found), details=found.plain())

    def against(_reference: Reference, _stream: Stream) -> Callable[[View], Reading]:
        return read

    return Metric(name, against, lower_is_better, needs_classes=True, suits=("stacked",), resampled=True)


STACKED_MODES = _metric("stacked-modes", lambda found: found.found, lower_is_better=False)
STACKED_SURE_MODES = _metric("stacked-sure-modes", lambda found: found.surely_found, lower_is_better=False)
STACKED_KL = _metric("stacked-kl", lambda found: found.divergence, lower_is_better=True)
