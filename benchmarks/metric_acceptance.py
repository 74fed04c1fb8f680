"""Do the metrics tell what they should? `python -m benchmarks.metric_acceptance RUN --data DIR`.

Of a run on a dataset with classes: its checkpoints from the first to the last stand between held-out real images and
noise; real images without three classes have lost recall and coverage, but no precision; copies of training images
are found, and real images that nobody copied are not accused.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tyro
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from ganvas.data.store import Dataset
from ganvas.metrics import METRICS
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.memorisation import audit
from ganvas.metrics.protocol import ImageSet, Reference, View
from ganvas.progress import Lines
from ganvas.seeds import Stream
from ganvas.training import checkpoint
from ganvas.training.engine import cpu_threads
from ganvas.workflows.feature_networks import open_features
from ganvas.workflows.measured_images import images_of, made_by
from ganvas.workflows.model import at_checkpoint
from ganvas.workflows.run_folder import RunFolder

READ = ("fid", "kid", "mind", "k3-precision", "k3-recall", "k5-density", "k5-coverage")
DROPPED = 3
COPIED = 500


class Real(NamedTuple):
    """Real images: training ones, held-out ones, and others that neither has; of these all, and those not dropped."""

    training: ImageSet
    held_out: ImageSet
    fresh: ImageSet
    incomplete: ImageSet


def main(
    run: tyro.conf.Positional[Path],
    data: Path,
    images: int = 2_000,
    reference: int = 10_000,
    features: str = "grey",
    seed: int = 0,
) -> None:
    """Measure a run's checkpoints, images without three classes, and copies.

    Args:
        run: A run folder with several checkpoints.
        data: Dataset folder that it learnt from, with classes.
        images: Images of each kind.
        reference: Training images to measure against.
        features: Row of FEATURES.
        seed: Seed of all draws.
    """
    console, dataset = Console(), Dataset.open(data)
    with cpu_threads(0):
        network = open_features([features], dataset, Lines())[0]
        real = drawn(dataset, images, reference, seed)
        views = {name: network.view(made) for name, made in samples(Path(run), real, images, seed).items()}
        told = Reference(network.view(real.training), network.view(real.held_out))
        console.print(scores(views, told, seed))
        console.print(copies(network, told, real.fresh, seed))


def drawn(dataset: Dataset, images: int, reference: int, seed: int) -> Real:
    """Return real images at random; the first classes are missing among the incomplete ones."""
    training, held_out = images_of(dataset, "train"), images_of(dataset, "test")
    order = Stream(seed, "acceptance/held-out").permutation(len(held_out.pixels))
    others = order[images:]
    assert held_out.labels is not None
    return Real(
        rows(training, Stream(seed, "acceptance/training").permutation(len(training.pixels))[:reference]),
        rows(held_out, order[:images]),
        rows(held_out, others[:images]),
        rows(held_out, others[held_out.labels[others] >= DROPPED][:images]),
    )


def samples(run: Path, real: Real, images: int, seed: int) -> dict[str, ImageSet]:
    """Return what is measured, by name: real images, some of them missing, three checkpoints, noise."""
    folder = RunFolder.open(run)
    found = checkpoint.all_checkpoints(folder.checkpoints)
    made = {}
    for chosen in (found[0], found[len(found) // 2], found[-1]):
        model = at_checkpoint(folder, chosen)
        made[f"step {model.origin['step']:,}"] = made_by(model, real.training, real.held_out, images, seed, Lines())
    noise = (Stream(seed, "acceptance/noise").uniform(images, real.fresh.pixels[0].size) * 256).astype(np.uint8)
    return {
        "held-out real images": real.fresh,
        f"others without {DROPPED} classes": real.incomplete,
        **made,
        "noise": ImageSet(noise.reshape(real.fresh.pixels.shape), real.fresh.labels),
    }


def scores(views: dict[str, View], reference: Reference, seed: int) -> Table:
    """Return a table of what each metric reads."""
    table = Table("", *READ, title=f"{len(reference.held_out.features):,} images of each kind")
    read = {name: METRICS[name].load().against(reference, Stream(seed, f"metrics/{name}")) for name in READ}
    for name, view in views.items():
        table.add_row(name, *(f"{read[metric](view).value:.4g}" for metric in READ))
    return table


def copies(network: FeatureNetwork, reference: Reference, fresh: ImageSet, seed: int) -> Table:
    """Return a table of what the audit finds among fresh real images, without and with copies of training images."""
    table = Table("audit of copies", "suspects", "copies among them", "authentic", "C_T", "FID gap")
    seen = network.view(fresh)
    order = Stream(seed, "acceptance/copied").permutation(len(reference.training.features))[:COPIED]
    copied = np.concatenate([reference.training.features[order], seen.features[COPIED:]])
    for name, features in {"fresh real images": seen.features, f"{COPIED} of them copies": copied}.items():
        found = audit(reference.training, reference.held_out, View(features), Stream(seed, "acceptance/audit"))
        caught = int((found.suspects < COPIED).sum()) if features is copied else 0
        gap, share = f"{found.fid_gap:+.3g}", f"{found.authenticity:.1%} (held-out {found.held_out_authenticity:.1%})"
        table.add_row(name, str(len(found.suspects)), str(caught), share, f"{found.copying:+.1f}", gap)
    return table


def rows(images: ImageSet, chosen: NDArray[np.int64]) -> ImageSet:
    """Return some of the images."""
    return ImageSet(images.pixels[chosen], None if images.labels is None else images.labels[chosen])


if __name__ == "__main__":
    tyro.cli(main)
