"""How soon a good generator is there: `python -m benchmarks.quality_curves RUN [RUN ...] --data DIR`.

Every checkpoint kept in the runs is scored by the features of the dataset's own classifier, and stands at the seconds
of CPU that its steps took by the run's log. Train with `--training.checkpoint.keep 50` to keep them.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import tyro

from benchmarks.curve_pictures import svg
from ganvas.data.store import Dataset
from ganvas.metrics import METRICS
from ganvas.metrics.evaluation import num_samples
from ganvas.metrics.features import FeatureNetwork, of_classifier
from ganvas.metrics.protocol import ImageSet, Reading, Reference, View, protocol_name
from ganvas.progress import Lines
from ganvas.seeds import Stream
from ganvas.training import checkpoint
from ganvas.training.engine import cpu_threads
from ganvas.workflows.feature_networks import classifier_of
from ganvas.workflows.model import Model, at_checkpoint
from ganvas.workflows.run_folder import RunFolder

READ = ("fid", "accuracy", "k3-precision", "k3-recall")
Reader = Callable[[View], Reading]


class Point(NamedTuple):
    """A checkpoint: what it cost, and what it is worth."""

    step: int
    images: int
    cpu_seconds: float
    values: dict[str, float]


def main(runs: tyro.conf.Positional[tuple[Path, ...]], /, data: Path, out: Path, threads: int = 0) -> None:
    """Score all checkpoints of runs; write `curves.json`, `curves.md` and `curves.svg` to a folder.

    Args:
        runs: Run folders, all trained on the dataset.
        data: The dataset folder.
        out: Folder for what is written.
        threads: CPU threads; 0 = as torch chooses.
    """
    dataset = Dataset.open(data)
    out.mkdir(parents=True, exist_ok=True)
    with cpu_threads(threads):
        network = of_classifier(classifier_of(dataset, Lines()))
        readers, floors = _readers(network, dataset)
        curves = {run.name: _points(RunFolder.open(run), network, readers, len(dataset.pixels("test"))) for run in runs}
    protocol = protocol_name(network.name, "fid", num_samples(dataset.count("train"), dataset.count("test")))
    plain = {name: [point._asdict() for point in points] for name, points in curves.items()}
    (out / "curves.json").write_text(json.dumps({"protocol": protocol, "floors": floors, "runs": plain}, indent=1))
    (out / "curves.md").write_text(_table(curves, floors))
    multiples = {
        name: [(point.cpu_seconds, point.values["fid"] / floors["fid"]) for point in points]
        for name, points in curves.items()
    }
    (out / "curves.svg").write_text(svg(multiples, "seconds of CPU", f"{protocol}, in multiples of its floor"))
    print(_table(curves, floors))


def _readers(network: FeatureNetwork, dataset: Dataset) -> tuple[dict[str, Reader], dict[str, float]]:
    """Return what reads each metric off a view, and the values of held-out real images."""
    training, held_out = (
        network.view(ImageSet(dataset.pixels(split), dataset.labels(split))) for split in ("train", "test")
    )
    reference = Reference(training, held_out)
    readers = {name: METRICS[name].load().against(reference, Stream(0, f"metrics/{name}")) for name in READ}
    return readers, {name: read(reference.held_out).value for name, read in readers.items()}


def _points(run: RunFolder, network: FeatureNetwork, readers: dict[str, Reader], num: int) -> list[Point]:
    log = run.read_log()
    settings = run.config.recipe.training
    points = []
    for folder in sorted(checkpoint.all_checkpoints(run.checkpoints)):
        model = at_checkpoint(run, folder)
        step = int(folder.name)
        spent = sum(record["cpu_seconds"] for record in log[:step])
        values = _values(model, network, readers, num)
        points.append(Point(step, step * settings.batch_size * settings.discriminator_steps, spent, values))
        print(run.folder.name, points[-1], flush=True)
    return points


def _values(model: Model, network: FeatureNetwork, readers: dict[str, Reader], num: int) -> dict[str, float]:
    view = network.view(ImageSet(model.generate(num), model.labels_of(num)))
    return {name: read(view).value for name, read in readers.items()}


def _table(curves: dict[str, list[Point]], floors: dict[str, float]) -> str:
    lines = [
        "| run | images | s of CPU | FID / floor | accuracy | precision | recall |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, points in curves.items():
        lines += [_row(name, point, floors) for point in points]
    return "\n".join([*lines, _row("real images", Point(0, 0, 0, floors), floors)]) + "\n"


def _row(name: str, point: Point, floors: dict[str, Any]) -> str:
    shares = " | ".join(f"{point.values[metric]:.2%}" for metric in READ[1:])
    times = point.values["fid"] / floors["fid"]
    return f"| {name} | {point.images:,} | {point.cpu_seconds:,.0f} | {times:.3g} | {shares} |"


if __name__ == "__main__":
    tyro.cli(main)
