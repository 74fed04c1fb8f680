"""The pictures of a report: what the model draws, and the training images nearest to what it draws."""

import numpy as np

from ganvas.exporting.report.contents import Neighbour, Row
from ganvas.metrics.memorisation import Audit
from ganvas.workflows.assessment import Assessment

COLUMNS = 12
MOST_ROWS = 24
"""Classes of which images are shown."""
_PLAIN_ROWS = 5
_PAIRS = 15
_NEAREST = 3


def rows_of(assessment: Assessment) -> list[Row]:
    """Return a row of images for each class; a few rows of the first images where nothing can be asked for."""
    model, seed = assessment.model, assessment.seed
    if model.translates:
        return _translations(assessment)
    if not model.conditional:
        images = model.generate(COLUMNS * _PLAIN_ROWS, seed=seed)
        return [Row("", images[start : start + COLUMNS]) for start in range(0, len(images), COLUMNS)]
    names = model.classes[:MOST_ROWS]
    images = model.generate(COLUMNS * len(names), np.repeat(np.arange(len(names)), COLUMNS), seed)
    parts = np.split(images, len(names))
    return [Row(name, part) for name, part in zip(names, parts, strict=True)]


def _translations(assessment: Assessment) -> list[Row]:
    """Return pairs of rows: what the translator was given of held-out pictures, and what it made of them."""
    model, dataset = assessment.model, assessment.dataset
    pixels, labels = dataset.pixels("test")[: COLUMNS * 2], dataset.labels("test")
    made = model.translate_real(np.asarray(pixels), None if labels is None else labels[: len(pixels)])
    parts = [slice(start, start + COLUMNS) for start in range(0, len(pixels), COLUMNS)]
    return [row for part in parts for row in (Row("given", made.sources[part]), Row("made", made.images[part]))]


def neighbours_of(assessment: Assessment) -> list[Neighbour]:
    """Return generated images with the training images nearest to them, suspects first, then the nearest others."""
    audit, training = assessment.audit, assessment.training.features
    others = np.argsort(audit.generated.nearness, kind="stable")
    order = list(dict.fromkeys([*audit.suspects.tolist(), *others.tolist()]))[:_PAIRS]
    pixels, suspects = assessment.dataset.pixels("train"), set(audit.suspects.tolist())
    found = []
    for number in order:
        distances = np.linalg.norm(training - assessment.view.features[number], axis=1)
        nearest = np.argsort(distances, kind="stable")[:_NEAREST]
        found.append(
            Neighbour(
                assessment.generated.pixels[number],
                tuple(np.asarray(pixels[index]) for index in nearest),
                _nearness_words(audit, number),
                number in suspects,
            )
        )
    return found


def _nearness_words(audit: Audit, number: int) -> str:
    own = float(audit.generated.nearness[number])
    nearer, num = int((audit.held_out.nearness <= own).sum()), len(audit.held_out.nearness)
    return f"Nearness {own:.2f}; {nearer:,} of {num:,} held-out images are as near."
