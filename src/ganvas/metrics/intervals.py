"""How sure a value is: 95 % intervals over samples of one generator, and over seeds.

Over samples, an interval holds the value that as many other images of the same generator give on average, against the
same real images; the bias that a metric has at that number of images is part of the value, and stays. It is the value
plus and minus 1.96 standard errors, which come by one of two ways:

    influence    s^2 = Var psi(x_i) / N, where psi(x) is how much the value moves when the generator puts a little more
                 weight on image x (Jaeckel 1972; Efron 1982, "The Jackknife, the Bootstrap and Other Resampling Plans",
                 chapter 6): what endless resampling would give of a metric that is smooth, in one pass. So it is
                 affordable for 2,048 features too.
    bootstrap    s is the standard deviation of the value over resamples with replacement (Efron 1979), around the
                 value itself. Percentiles of resamples are no use here: a resample repeats images, and so has a larger
                 FID, and fewer modes, than the sample.

    influence    fid, fid-infinity, class-fid, kid, cmmd, mind, inception-score, density, coverage, recall, c-t
    bootstrap    stacked-modes, stacked-kl
    neither      accuracy, precision, authenticity: they are shares of the images, with Wilson's interval
    none         cas, which would have to train as many classifiers: take several seeds

Near the floor, where generated and real images follow one law, FID and KID move least and influence says up to 1.5
times too much (a bootstrap of FID 1.3 to 2.3 times): the interval is too wide there rather than too narrow.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from ganvas.errors import UsageError
from ganvas.metrics.protocol import Reading, Score, View, require_comparable
from ganvas.seeds import Stream

Interval = tuple[float, float]

STANDARD_ERRORS = 1.959964
"""Standard errors on each side of a value that hold 95 % of a normal law."""


def around(
    value: float, standard_error: float, lowest: float = -math.inf, highest: float = math.inf
) -> tuple[float, float]:
    """Return the 95 % interval around a value that lies between `lowest` and `highest` by its definition."""
    reach = STANDARD_ERRORS * standard_error
    return max(value - reach, lowest), min(value + reach, highest)


def of_share(share: float, count: int) -> Interval:
    """Return the 95 % interval of a share of `count` images (Wilson 1927): more than a point for none and for all."""
    square = STANDARD_ERRORS**2
    centre = (share + square / (2 * count)) / (1 + square / count)
    reach = math.sqrt(share * (1 - share) * square / count + (square / (2 * count)) ** 2) / (1 + square / count)
    return min(max(centre - reach, 0.0), share), max(min(centre + reach, 1.0), share)


def standard_error(influence: NDArray[Any]) -> float:
    """Return the standard error of a value from the influence [N] of each image on it; 0 for a single image."""
    return float(np.std(influence, ddof=1) / math.sqrt(len(influence))) if len(influence) > 1 else 0.0


def bootstrap(
    read: Callable[[View], Reading], sample: View, value: float, num_resamples: int, stream: Stream
) -> Interval:
    """Return the 95 % interval of `value = read(sample).value`, from readings of so many resamples of its images.

    Raises `UsageError` for fewer than 2 resamples.
    """
    if num_resamples < 2:
        raise UsageError(f"A bootstrap needs at least 2 resamples; found {num_resamples}. Usual are 20 to 200.")
    count = len(sample.features)
    draws = (stream._replace(step=step).integers(count, count) for step in range(num_resamples))
    return around(value, float(np.std([read(sample.rows(drawn)).value for drawn in draws], ddof=1)))


def over_seeds(scores: Sequence[Score]) -> Score:
    """Return one score of the same protocol measured with several seeds: of the images, or of whole trainings.

    Its value, floor and ceiling are means, `spread` the standard deviation over the seeds, `interval` the 95 %
    interval of the mean (Student's t: with 2 or 3 seeds it is wide, and rightly so); `details` are those of the first
    seed, with the `values` of all. Raises `UsageError` for scores that may not be compared.
    """
    if not scores:
        raise UsageError("Scores of at least one seed were expected; there are none.")
    require_comparable(scores)
    values = [score.value for score in scores]
    if len(values) == 1:
        return scores[0]
    spread, mean = float(np.std(values, ddof=1)), float(np.mean(values))
    reach = float(stdtrit(len(values) - 1, 0.975)) * spread / math.sqrt(len(values))
    return scores[0].override(
        value=mean,
        floor=float(np.mean([score.floor for score in scores])),
        ceiling=float(np.mean([score.ceiling for score in scores])),
        spread=spread,
        interval=(mean - reach, mean + reach),
        details={**(scores[0].details or {}), "values": values},
    )
