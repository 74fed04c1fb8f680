"""What a benchmark is: a set of images, the features and metrics that judge it, and known results to stand beside."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganvas.data.store import Dataset
from ganvas.errors import DataError, ModelError
from ganvas.metrics import evaluation
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.protocol import ImageSet, Score
from ganvas.progress import Progress
from ganvas.workflows.comparison import Known
from ganvas.workflows.feature_networks import view_cache
from ganvas.workflows.model import Model

DATA = "data"


@dataclass(frozen=True)
class Benchmark:
    """A row of `BENCHMARKS`.

    `prepare(folder, data_dir, progress)` makes the dataset folder, of a source whose reader is `reader`; `network()`
    opens the features. `num_samples` images are judged, as many held-out ones make the floor.
    """

    name: str
    reader: str
    prepare: Callable[[Path, Path | None, Progress], Dataset]
    network: Callable[[], FeatureNetwork]
    metrics: tuple[str, ...]
    num_samples: int
    known: tuple[Known, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return what a comparison says of it: its name, what its features tell, what is known."""
        known = [row.plain() for row in self.known]
        return {"benchmark": self.name, "judged_by": self.network().tells, "known": known}

    def dataset(self, out: Path, data: Path | None, data_dir: Path | None, progress: Progress) -> Dataset:
        """Return the dataset: the one prepared in `data`, else that in `out`, made at the first call.

        Raises `DataError` where it is not the benchmark's.
        """
        folder = out / DATA if data is None else data
        if data is None and not folder.exists():
            return self.prepare(folder, data_dir, progress)
        dataset = Dataset.open(folder)
        readers = sorted({source.reader for source in dataset.card.sources})
        if readers != [self.reader] or dataset.count("test") < self.num_samples:
            raise DataError(
                f"Benchmark `{self.name}` is about {self.num_samples:,} held-out images of the source `{self.reader}`; "
                f"`{dataset.folder}` holds {dataset.count('test'):,} of {', '.join(readers)}. Leave --data out, or "
                f"make the folder with `ganvas prepare {self.reader}`."
            )
        return dataset

    def judge(self, model: Model, dataset: Dataset, progress: Progress) -> list[Score]:
        """Return the scores of a model's images; raise `ModelError` for a model that translates pictures."""
        if model.translates:
            raise ModelError(f"Benchmark `{self.name}` judges pictures of a model's own; this one translates others.")
        real, held_out = (ImageSet(dataset.pixels(split)[: self.num_samples]) for split in ("train", "test"))
        return evaluation.evaluate(
            real,
            held_out,
            ImageSet(model.generate(self.num_samples)),
            [self.network()],
            self.metrics,
            progress=progress,
            cache=view_cache(dataset),
            most_samples=self.num_samples,
        )
