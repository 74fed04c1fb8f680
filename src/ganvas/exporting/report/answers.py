"""Six questions answered in words, each with the numbers behind it and the rule by which the word was chosen."""

from typing import NamedTuple

import numpy as np

from ganvas.exporting.report import doubts, verdicts
from ganvas.exporting.report.contents import Contents, Copies, Earlier, Measure, Obedience, lead, measure_of
from ganvas.exporting.report.verdicts import Mark

_REACH = {
    "recall": "of the real images lie within reach of generated ones",
    "coverage": "of the real images have a generated one in their neighbourhood",
}


class Answer(NamedTuple):
    """A question, its answer in a word or two, the number that stands for it, and more in sentences.

    `doubts` say why it cannot be told, where it cannot.
    """

    question: str
    verdict: str
    mark: Mark
    number: str
    words: str
    rule: str
    doubts: tuple[str, ...] = ()


CANNOT_BE_TOLD = "Cannot be told"
_DOUBTS = (
    f" {CANNOT_BE_TOLD}: fewer than {doubts.FEWEST_IMAGES} images are held out; or a score beats that of real images "
    f"by more than {doubts.BEYOND_REAL - 1:.0%}, its interval included; or noise itself would get a better word than "
    "the worst, or the interval takes up half of the way from noise to real images; or the classifier behind the "
    "features sees less than half of what guessing misses. What is poor even at the better end of its interval stays "
    "poor."
)


def answers(contents: Contents) -> list[Answer]:
    """Return the answers to the six questions, in their order."""
    return [
        good(contents.measures),
        diverse(contents.measures),
        as_asked(contents.measures, contents.obedience),
        copied(contents.copies),
        better(lead(contents.measures), contents.earlier),
        comparable(contents),
    ]


def good(measures: tuple[Measure, ...]) -> Answer:
    """Answer by precision and by the leading distance."""
    precision, distance = measure_of(measures, "precision"), lead(measures)
    near = verdicts.of_share(precision) if precision else "unknown"
    far = verdicts.of_distance(distance) if distance else "unknown"
    words: list[str] = []
    if precision:
        words.append(
            f"{precision.figure(precision.value)} of its images look like real ones by `{precision.metric}` (of real "
            f"images {precision.figure(precision.floor)})."
        )
    if distance:
        words.append(_distance_words(distance))
    mark = verdicts.worst((near, far))
    held_back = precision is not None and mark == far != near != "unknown"
    if held_back:
        words.append("It is the distance that keeps the answer from being better.")
    shown = precision or distance
    number = shown.figure(shown.value) if shown else ""
    if held_back and distance is not None:
        number = f"{distance.value / distance.floor:.3g} times real"
    judged = [*_with(verdicts.of_share, precision), *_with(verdicts.of_distance, distance)]
    answer = Answer(
        "Is it good?",
        {"good": "Yes", "fair": "Nearly", "poor": "Not yet", "unknown": "Not measured"}[mark],
        mark,
        number,
        " ".join(words) or "Ask for the metrics `k3-precision` and `fid`.",
        f"Yes: precision is at least {verdicts.AS_REAL:.0%} of that of real images, and the distance at most "
        f"{verdicts.TWICE:g} times theirs. Nearly: {verdicts.MOSTLY:.0%} and {verdicts.TENFOLD:g} times. The worse of "
        f"both counts.{_DOUBTS}",
    )
    return _doubted(answer, doubts.reasons(judged, measures), f" {doubts.ADVICE}")


def diverse(measures: tuple[Measure, ...]) -> Answer:
    """Answer by recall and coverage."""
    found = [measure for name in _REACH if (measure := measure_of(measures, name))]
    mark = verdicts.worst(verdicts.of_share(measure) for measure in found)
    told = [
        f"{measure.figure(measure.value)} {_REACH[measure.metric.rpartition('-')[2]]} by `{measure.metric}` (real "
        f"images among themselves {measure.figure(measure.floor)})."
        for measure in found
    ]
    answer = Answer(
        "Is it diverse?",
        {"good": "Yes", "fair": "Mostly", "poor": "No", "unknown": "Not measured"}[mark],
        mark,
        found[0].figure(found[0].value) if found else "",
        " ".join(told) or "Ask for the metrics `k3-recall` and `k5-coverage`.",
        f"Yes: recall and coverage are at least {verdicts.AS_REAL:.0%} of those of real images. Mostly: "
        f"{verdicts.MOSTLY:.0%}. The worse of both counts. It cannot be told for the same reasons as the first.",
    )
    return _doubted(answer, doubts.reasons([(measure, verdicts.of_share) for measure in found], measures))


def as_asked(measures: tuple[Measure, ...], obedience: Obedience | None = None) -> Answer:
    """Answer by the accuracy of an independent classifier; `obedience` tells the weakest class."""
    question, accuracy = "Does it draw what was asked for?", measure_of(measures, "accuracy")
    rule = (
        f"Yes: the classes asked for are recognised at least {verdicts.AS_ASKED:.0%} as often as those of real images. "
        f"Mostly: {verdicts.MOSTLY_ASKED:.0%}. The classifier never met the generator, and errs on real images too. It "
        "cannot be told for the same reasons as the first."
    )
    if obedience is None and accuracy is None:
        words = "Nothing can be asked of this model, or no features with classes were used."
        return Answer(question, "Nothing was asked", "unknown", "", words, rule)
    if accuracy is None:
        return Answer(question, "Not measured", "unknown", "", "Ask for the metric `accuracy`.", rule)
    mark, weakest = verdicts.of_accuracy(accuracy), _weakest(obedience) if obedience else ""
    words = (
        f"An independent classifier sees the class that was asked for in {accuracy.figure(accuracy.value)} of "
        f"{accuracy.num_samples:,} images (of real images in {accuracy.figure(accuracy.floor)}). {weakest}"
    )
    verdict = {"good": "Yes", "fair": "Mostly", "poor": "No", "unknown": "Not measured"}[mark]
    answer = Answer(question, verdict, mark, accuracy.figure(accuracy.value), words.strip(), rule)
    return _doubted(answer, doubts.reasons([(accuracy, verdicts.of_accuracy)], measures))


def copied(copies: Copies | None) -> Answer:
    """Answer by the audit of nearest neighbours."""
    question = "Did it copy my pictures?"
    rule = (
        "Suspect is an image nearer to a training image, in proportion to the next ones, than 999 of 1,000 real images "
        "that it never saw. No sign of it: there are no more suspects than there would be among fresh real images 99 "
        f"times in 100, and not both a share of authentic images lower by more than {verdicts.LESS_AUTHENTIC:.0%} and "
        f"C_T below {verdicts.NEARER:g}. Yes, some: there are more suspects, and they are at least "
        f"{verdicts.MANY_SUSPECTS:.0%} of all. Perhaps: anything between. What the features do not see cannot be found "
        "copied: look at the pairs below."
    )
    if copies is None:
        return Answer(question, "Not measured", "unknown", "", "The audit of copies was not made.", rule)
    mark = verdicts.of_copies(copies)
    verdict = {"good": "No sign of it", "fair": "Perhaps", "poor": "Yes, some"}.get(mark, "Not measured")
    counted = f"{copies.num_suspects:,} suspect{'' if copies.num_suspects == 1 else 's'}"
    number = counted if copies.num_suspects and mark != "good" else ""
    return Answer(question, verdict, mark, number, _copy_words(copies), rule)


def better(measure: Measure | None, earlier: tuple[Earlier, ...]) -> Answer:
    """Answer by the best of the earlier evaluations under the same protocol."""
    question = "Is it better than before?"
    rule = (
        "Better or worse: the 95 % intervals of both do not meet (where there is none, the values differ by more than "
        f"{verdicts.SAME:.0%}). It is compared with the best of the earlier ones, under the same protocol."
    )
    if measure is None or not earlier:
        words = (
            "There is no other evaluation under this protocol yet. The next one will be compared with this; `ganvas "
            "evaluate --checkpoints` measures the run's other checkpoints at once."
        )
        return Answer(question, "Nothing to compare", "unknown", "", words, rule)
    best = min(earlier, key=lambda one: one.value if measure.lower_is_better else -one.value)
    mark = verdicts.of_difference(measure, best)
    among = f", the best of {len(earlier)} others," if len(earlier) > 1 else ""
    words = (
        f"`{measure.metric}` is {_with_interval(measure, measure.value, measure.interval)}; {best.name}{among} has "
        f"{_with_interval(measure, best.value, best.interval)}."
        + (" The difference is within the error." if mark == "fair" else "")
    )
    verdict = {"good": "Better", "fair": "Not told apart", "poor": "Worse"}.get(mark, "Not measured")
    return Answer(question, verdict, mark, measure.figure(measure.value), words, rule)


def comparable(contents: Contents) -> Answer:
    """Tell with which numbers these may be compared."""
    question, measure = "May I compare these numbers?", lead(contents.measures)
    rule = (
        "A protocol name tells feature network, metric and number of images. Numbers of other features, sizes or data "
        "differ for reasons that have nothing to do with the model; `ganvas evaluate --compare` refuses them."
    )
    if measure is None:
        return Answer(question, "No", "unknown", "", "There are no scores.", rule)
    few = "" if measure.num_samples >= 1_000 else " So few images leave small differences without meaning."
    words = (
        f"With numbers of the very same name, such as `{measure.protocol}`, against the same {measure.num_reference:,} "
        f"training images (content hash `{contents.content_hash[:8]}`). Not with the FID of papers, unless features, "
        f"sizes and data are theirs.{few}"
    )
    return Answer(question, "Like with like", "unknown", f"{measure.num_samples:,} images", words, rule)


def _with(judge: doubts.Judge, measure: Measure | None) -> list[tuple[Measure, doubts.Judge]]:
    return [] if measure is None else [(measure, judge)]


def _doubted(answer: Answer, why: tuple[str, ...], advice: str = "") -> Answer:
    """Return an answer with the reasons why it cannot be told in place of its verdict, where there are any."""
    if not why or answer.mark == "unknown":
        return answer
    told = f"The numbers cannot tell: {'; '.join(why)}.{advice} Measured: {answer.words}"
    return answer._replace(verdict=CANNOT_BE_TOLD, mark="unknown", number="", words=told, doubts=why)


def _weakest(obedience: Obedience) -> str:
    asked = obedience.generated.sum(1)
    shares = np.divide(obedience.generated.diagonal(), asked, out=np.ones(len(asked)), where=asked > 0)
    weakest = int(shares.argmin())
    if shares[weakest] == 1:
        return ""
    others = obedience.generated[weakest].copy()
    others[weakest] = 0
    name, taken = obedience.classes[weakest], obedience.classes[int(others.argmax())]
    return f"Weakest is `{name}` with {shares[weakest]:.1%}, taken most often for `{taken}`."


def _copy_words(copies: Copies) -> str:
    few = f"about {copies.expected:,.0f}" if copies.expected >= 1 else "fewer than 1"
    side = "nearer to the training images than" if copies.statistic < 0 else "farther from the training images than"
    side = "about as near to the training images as" if abs(copies.statistic) < -verdicts.NEARER else side
    return (
        f"{copies.num_suspects:,} of {len(copies.generated):,} images lie very near one training image; of as many "
        f"fresh real ones {few} would on average, and by chance up to {copies.by_chance}. {copies.authenticity:.1%} "
        f"are no nearer to a training image than that is to the next one (of real images it never saw "
        f"{copies.held_out_authenticity:.1%}). On the whole its images lie "
        f"{side} fresh ones do ({copies.statistic:+.1f} standard errors, called C_T; below {verdicts.NEARER:g} tells "
        "of copying)."
    )


def _distance_words(measure: Measure) -> str:
    times = f", {measure.value / measure.floor:.3g} times that of real images" if measure.floor > 0 else ", real images"
    return (
        f"Its distance `{measure.metric}` is {measure.figure(measure.value)}{times} "
        f"({measure.figure(measure.floor)}); noise has {measure.figure(measure.ceiling)}."
    )


def _with_interval(measure: Measure, value: float, interval: tuple[float, float] | None) -> str:
    ends = f" ({measure.figure(interval[0])} to {measure.figure(interval[1])})" if interval else ""
    return f"{measure.figure(value)}{ends}"
