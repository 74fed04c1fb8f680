"""Look at sources as `prepare` would, and write nothing but what is asked for."""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ganvas.data.card import Card
from ganvas.data.choices import Choices
from ganvas.data.ledger import Row
from ganvas.data.mixing import Part
from ganvas.data.preview import before_and_after
from ganvas.data.report.page import write_report
from ganvas.data.store import Dataset
from ganvas.data.writing import DatasetWriter
from ganvas.errors import DataError
from ganvas.images import save_png
from ganvas.progress import Lines, Progress
from ganvas.workflows.prepare import Mix, open_mix, read_all

_NUM_PREVIEWED = 16


class Examination(NamedTuple):
    """What `prepare` would make of the sources: the card, a summary in lines, and every file that would be left out."""

    card: Card
    summary: str
    left_out: list[Row]
    unusual: list[Row]
    """Images that would be kept although something is unusual about them."""


def doctor(
    *sources: str | Path | Part | dict[str, Any],
    size: int | str | tuple[int, int] = 64,
    channels: int | None = None,
    data_dir: str | Path | None = None,
    preview: str | Path | None = None,
    report: str | Path | None = None,
    progress: Progress | None = None,
    **choices: Any,  # noqa: ANN401
) -> Examination:
    """Return what `prepare` would make of `sources`; the arguments are the same.

    `preview` is where to save a picture of some images before and after, `report` where to save the report (HTML).
    Raises `DataError` where not one image is readable.
    """
    progress = progress or Lines()
    chosen = Choices.of(choices)
    mix = open_mix(sources, data_dir, progress)
    preprocessing = mix.preprocessing(size, channels, chosen)
    with tempfile.TemporaryDirectory(prefix="ganvas-doctor-") as name:
        folder = Path(name)
        with DatasetWriter(folder, preprocessing) as writer:
            read_all(mix, writer, chosen, progress)
            if not writer.num_kept():
                names = " and ".join(f"`{source.name}`" for source in mix.sources)
                reasons = "; ".join(f"`{path}`: {reason}" for path, reason in writer.first_left_out(5))
                raise DataError(f"Not one image of {names} can be used. The first files: {reasons or 'none at all'}")
            card = writer.finish(mix.sources, chosen, [part.weight for part in mix.parts])
            dataset = Dataset.open(folder)
            if preview:
                save_png(Path(preview).expanduser(), _preview(mix, dataset, writer))
            if report:
                write_report(
                    Path(report).expanduser(), dataset, writer.pixels, ", ".join(part.path for part in mix.parts)
                )
            return Examination(card, dataset.summary(), list(dataset.left_out()), list(dataset.unusual()))


def _preview(mix: Mix, dataset: Dataset, writer: DatasetWriter) -> np.ndarray:
    """Return images before and after, chosen evenly among those that would be kept."""
    kept = writer.kept()
    chosen = np.unique(np.linspace(0, len(kept.numbers) - 1, _NUM_PREVIEWED).astype(int))
    after = writer.pixels(kept.places[chosen].tolist())
    wanted = set(kept.numbers[chosen].tolist())
    items = (item for part, source in zip(mix.parts, mix.sources, strict=True) for item in part.items(source))
    before = [item for number, item in enumerate(items) if number in wanted]
    return before_and_after(before, after, dataset.card.preprocessing)
