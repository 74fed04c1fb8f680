"""When the numbers cannot tell how good a model is: reasons to give no praise, however high they are.

Each compares what was measured with what is known beforehand: real images are no worse than themselves, and noise is
nothing. A yardstick that says otherwise measures something else, or too little.
"""

import math
from collections.abc import Callable, Sequence

from ganvas.exporting.report.contents import LEADING, Measure
from ganvas.exporting.report.verdicts import Mark

Judge = Callable[[Measure], Mark]

FEWEST_IMAGES = 100
"""Of N images a share is uncertain by 1 / sqrt(N) either way: of fewer than 100 by more than a tenth."""
BEYOND_REAL = 1.2
"""Times as good as real images: more than their own error, and more than a model gains that draws typical images."""
WIDE = 0.5
"""Part of the way from noise to real images that an interval may take up."""
HALF_GUESSING = 0.5
"""Part of what guessing misses that a classifier must see in held-out images (Cohen's kappa)."""

ADVICE = (
    "Look at the images yourself; prepare more pictures, so that more are held out; measure with other features too "
    "(`--features colour`, `grey` or `pixels8`)."
)


def reasons(judged: Sequence[tuple[Measure, Judge]], measures: Sequence[Measure]) -> tuple[str, ...]:
    """Return why an answer that rests on `judged` cannot be told; empty where it can.

    `measures` are all there are: those that beat real images, and how well the classifier knows these, count too.
    What is poor at the better end of its interval is poor for sure, and never in doubt.
    """
    if not judged or any(_surely_poor(measure, judge) for measure, judge in judged):
        return ()
    own = [measure for measure, _ in judged]
    distances = [one for one in measures if one.metric in LEADING and one not in own and _alike(one, own[0])]
    found = [
        *_too_few(own[0]),
        *(why for measure in (*own, *distances) for why in _beyond_real(measure)),
        *(why for measure, judge in judged for why in _blind(measure, judge)),
        *(why for measure in measures if _alike(measure, own[0]) for why in _guessing(measure)),
    ]
    return tuple(found)


def _surely_poor(measure: Measure, judge: Judge) -> bool:
    return (
        measure.interval is not None and judge(measure._replace(value=_best_end(measure, measure.interval))) == "poor"
    )


def _best_end(measure: Measure, interval: tuple[float, float]) -> float:
    return interval[0] if measure.lower_is_better else interval[1]


def _too_few(measure: Measure) -> list[str]:
    if measure.num_samples >= FEWEST_IMAGES:
        return []
    return [
        f"only {measure.num_samples:,} images are held out, and of fewer than {FEWEST_IMAGES} every share is uncertain "
        f"by {1 / math.sqrt(measure.num_samples):.0%} or so either way"
    ]


def _beyond_real(measure: Measure) -> list[str]:
    """Return a reason where even the worse end of the interval is better than real images."""
    if measure.interval is None or measure.floor <= 0 or measure.floor_is_best:
        return []
    low, high = measure.interval
    beats = high * BEYOND_REAL < measure.floor if measure.lower_is_better else low > measure.floor * BEYOND_REAL
    if not beats:
        return []
    return [
        f"`{measure.metric}` is better than that of real images ({measure.figure(measure.value)}, theirs "
        f"{measure.figure(measure.floor)}), a sign that the features see too little, or that it copied"
    ]


def _blind(measure: Measure, judge: Judge) -> list[str]:
    """Return a reason where noise is nearly as good as real images, or the interval holds much of the way."""
    if measure.floor <= 0:
        return []
    noise, real = measure.figure(measure.ceiling), measure.figure(measure.floor)
    if judge(measure._replace(value=measure.ceiling)) in ("good", "fair"):
        return [f"`{measure.metric}` can hardly tell noise from pictures (noise {noise}, real images {real})"]
    gap = abs(measure.ceiling - measure.floor)
    if measure.interval and measure.interval[1] - measure.interval[0] >= WIDE * gap:
        return [f"the error of `{measure.metric}` is half of the way from noise ({noise}) to real images ({real})"]
    return []


def _guessing(accuracy: Measure) -> list[str]:
    enough = accuracy.chance + HALF_GUESSING * (1 - accuracy.chance)
    if accuracy.metric != "accuracy" or accuracy.floor >= enough:
        return []
    return [
        f"the classifier whose features these are knows only {accuracy.figure(accuracy.floor)} of the held-out images "
        f"(guessing {accuracy.figure(accuracy.chance)})"
    ]


def _alike(one: Measure, other: Measure) -> bool:
    """Return whether two measures are of one feature network."""
    return one.network == other.network
