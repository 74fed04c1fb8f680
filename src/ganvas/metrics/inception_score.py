"""Inception score (Salimans et al. 2016, https://arxiv.org/abs/1606.03498, section 4).

    IS = exp(mean over images of KL(p(y|x) || p(y))),   p(y) = mean over images of p(y|x)

High when each image is surely of some class and all classes occur. It never looks at the real images, so it cannot see
a wrong picture of a class, nor that all pictures of a class are one; and it means something only for natural images
like those of ImageNet, whose 1,000 classes it goes by. The value is the mean over 10 parts of the images, in random
order, `spread` its standard deviation over them, both as published.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from ganvas.errors import UsageError
from ganvas.metrics.intervals import around, standard_error
from ganvas.metrics.protocol import Metric, Reading, Reference, View, as_matrix
from ganvas.seeds import Stream

NUM_SPLITS = 10


def inception_score(log_probabilities: NDArray[np.float64]) -> float:
    """Return the score of images by their class log-probabilities [N, K]."""
    return float(np.exp(divergences(log_probabilities).mean()))


def divergences(log_probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return KL(p(y|x) || p(y)) [N] of each image."""
    probabilities = np.exp(log_probabilities)
    marginal = probabilities.mean(axis=0)
    logs = np.log(marginal, out=np.zeros_like(marginal), where=marginal > 0)  # where it is 0, so is p(y|x)
    finite = np.where(probabilities > 0, log_probabilities, 0)
    return np.sum(probabilities * (finite - logs), axis=1)


def _against(_reference: Reference, stream: Stream) -> Callable[[View], Reading]:
    def read(sample: View) -> Reading:
        if sample.logits is None:
            raise UsageError("The inception score needs class logits, such as the features `inception` give.")
        shuffled = as_matrix(sample.logits)[stream.permutation(len(sample.logits))]
        log_probabilities = log_softmax(shuffled, axis=1)
        scores = [inception_score(part) for part in np.array_split(log_probabilities, NUM_SPLITS)]
        value, spread = float(np.mean(scores)), float(np.std(scores))
        error = value * standard_error(divergences(log_probabilities))
        return Reading(value, spread, interval=around(value, error, lowest=1))

    return read


INCEPTION_SCORE = Metric(
    "inception-score", _against, lower_is_better=False, fewest_samples=100, needs_classes=True, suits=("inception",)
)
