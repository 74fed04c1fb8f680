"""Stacked MNIST as PacGAN measures it (Lin et al. 2018, https://arxiv.org/abs/1712.04086, section 4.3).

128,000 triples of MNIST's training digits to learn from, without labels, at 28x28; 26,000 images judged. The judge of
a picture is the shipped network of handwritten digits, once for each channel: what it errs on is credited as modes.
"""

from pathlib import Path

from ganvas.data.choices import Choices
from ganvas.data.mixing import Part
from ganvas.data.sources.idx import IdxPair, published_pairs
from ganvas.data.sources.mnist import FILES
from ganvas.data.sources.source import Request
from ganvas.data.sources.stacked_mnist import NUM_HELD_OUT, NUM_TRAINING, stacked_source
from ganvas.data.store import Dataset
from ganvas.metrics.stacked_mnist import NUM_SAMPLES
from ganvas.metrics.stacked_network import stacked
from ganvas.progress import Progress
from ganvas.workflows.benchmarks.benchmark import Benchmark
from ganvas.workflows.comparison import Known
from ganvas.workflows.prepare import Mix, prepare_mix

NAME = "stacked-mnist"
SIZE = 28


def prepare(folder: Path, data_dir: Path | None, progress: Progress) -> Dataset:
    """Make the dataset folder of the triples; `data_dir` is where MNIST lies, else $GANVAS_DATA, else downloaded."""
    pairs = published_pairs(FILES, Request(NAME, None, data_dir, progress))
    return prepare_triples(folder, pairs, NUM_TRAINING, NUM_HELD_OUT, progress)


def prepare_triples(
    folder: Path, pairs: list[IdxPair], num_training: int, num_held_out: int, progress: Progress
) -> Dataset:
    """Make the dataset folder of so many triples of the digits of a set."""
    mix = Mix([Part(path=NAME)], [stacked_source(NAME, pairs, num_training, num_held_out)])
    choices = Choices.of({"exact_duplicates": "keep"})  # triples are drawn with replacement
    return prepare_mix(mix, folder, SIZE, 3, choices, overwrite=False, progress=progress)


STACKED_MNIST = Benchmark(
    name=NAME,
    reader=NAME,
    prepare=prepare,
    network=stacked,
    metrics=("stacked-modes", "stacked-sure-modes", "stacked-kl"),
    num_samples=NUM_SAMPLES,
    known=(
        Known(
            name="even, in theory",
            values={"stacked-modes": 1000, "stacked-sure-modes": 1000, "stacked-kl": 0.0192},
            source="a generator that draws all 1,000 numbers equally often: 999 / (2 x 26,000)",
        ),
        Known(
            name="triples, in theory",
            values={"stacked-modes": 1000, "stacked-sure-modes": 1000, "stacked-kl": 0.0235},
            source="triples of MNIST's digits by their labels: the digits are not equally frequent",
        ),
        Known(
            name="DCGAN, published",
            values={"stacked-modes": 99.0, "stacked-kl": 3.40},
            source="Srivastava et al. 2017, VEEGAN, https://arxiv.org/abs/1705.07761; again in PacGAN",
        ),
        Known(
            name="PacDCGAN2, published",
            values={"stacked-modes": 1000, "stacked-kl": 0.06},
            source="Lin et al. 2018, PacGAN, https://arxiv.org/abs/1712.04086",
        ),
        Known(
            name="R3GAN, published",
            values={"stacked-modes": 1000, "stacked-kl": 0.029},
            source="Huang et al. 2024, https://arxiv.org/abs/2501.05441",
        ),
    ),
)
