"""How the classifier of scores is trained: Adam, cosine learning rate, small random shifts, no flips.

It runs in one thread: so the same images and seed give the same weights to the last bit, however many cores a
machine has, and the small steps never wait for a busy one.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from ganvas.config import Config, Field
from ganvas.errors import DataError, NotFiniteError
from ganvas.images import ImageShape, Pixels
from ganvas.metrics.classifier import (
    Classifier,
    ClassifierNetwork,
    accuracy_of,
    as_images,
    build_network,
    save_classifier,
)
from ganvas.metrics.protocol import ImageSet
from ganvas.progress import Progress
from ganvas.seeds import Stream


class ClassifierTraining(Config):
    """How a classifier is trained."""

    seed: int = Field(default=0, ge=0, description="Seed of weights, batches and shifts.")
    batch_size: int = Field(default=128, ge=2, le=4096, description="Images per step.")
    learning_rate: float = Field(default=4e-3, gt=0, le=1, description="Highest learning rate of Adam.")
    epochs: float = Field(
        default=20.0, gt=0, description="Passes over the training images, within the two bounds below."
    )
    fewest_images: int = Field(default=30_000, ge=2, description="Images shown at least.")
    most_images: int = Field(default=150_000, ge=2, description="Images shown at most.")

    def num_steps(self, num_training: int) -> int:
        """Return the number of steps for so many training images."""
        shown = min(max(self.epochs * num_training, self.fewest_images), self.most_images)
        return max(1, round(shown / self.batch_size))


def train_classifier(
    folder: Path,
    training: ImageSet,
    held_out: ImageSet,
    num_classes: int,
    dataset: str,
    config: ClassifierTraining,
    progress: Progress,
) -> Classifier:
    """Train on labelled images, measure on held-out ones, save into `folder`; `dataset` is their content hash.

    Raises `DataError` where labels are missing or do not fit, `ModelError` where sizes cannot be done.
    """
    labels = _labels_of(training, "training", num_classes)
    held_out_labels = _labels_of(held_out, "held-out", num_classes)
    shape = _shape_of(training)
    if _shape_of(held_out) != shape:
        raise DataError(f"Held-out images of {shape} were expected, as for training; these are {_shape_of(held_out)}.")
    network = build_network(shape, num_classes, Stream(config.seed, "classifier/weights"))
    with _one_thread():
        _fit(network, training.pixels, labels, config, progress)
    return save_classifier(
        folder,
        network,
        dataset=dataset,
        seed=config.seed,
        accuracy=accuracy_of(network, held_out.pixels, held_out_labels),
        num_training=len(labels),
        num_held_out=len(held_out_labels),
        num_classes=num_classes,
        image_shape=tuple(shape),
    )


def shifted(pixels: Pixels, largest: int, stream: Stream) -> Pixels:
    """Return images [N, H, W, C], each moved by up to `largest` pixels both ways, its edge repeated."""
    count, height, width, _ = pixels.shape
    moves = (stream.uniform(count, 2) * (2 * largest + 1)).astype(np.int64)
    padded = np.pad(pixels, ((0, 0), (largest, largest), (largest, largest), (0, 0)), mode="edge")
    rows = (moves[:, :1] + np.arange(height))[:, :, None]  # [N, H, 1]
    columns = (moves[:, 1:] + np.arange(width))[:, None, :]  # [N, 1, W]
    return padded[np.arange(count)[:, None, None], rows, columns]


def _fit(
    network: ClassifierNetwork,
    pixels: Pixels,
    labels: NDArray[np.int64],
    config: ClassifierTraining,
    progress: Progress,
) -> None:
    num_steps, largest = config.num_steps(len(pixels)), max(1, round(min(pixels.shape[1:3]) / 14))
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate, betas=(0.9, 0.99))
    network.train()
    progress.begin("Train the classifier", num_steps)
    for step, chosen in enumerate(_batches(len(pixels), num_steps, config)):
        optimizer.param_groups[0]["lr"] = config.learning_rate * _rate(step, num_steps)
        images = shifted(pixels[chosen], largest, Stream(config.seed, "classifier/shifts", step))
        loss = F.cross_entropy(network(as_images(images)), torch.from_numpy(labels[chosen]))
        if not torch.isfinite(loss):
            raise NotFiniteError("The classifier's loss is no number any more. Lower its learning rate.")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress.advance(note=f"loss {loss.item():.3f}")
    progress.end()


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _rate(step: int, num_steps: int) -> float:
    """Return the learning rate as a share of the highest: linear warm-up over a tenth, half a cosine over all."""
    return min(1.0, 10 * (step + 1) / num_steps) * (0.5 + 0.5 * math.cos(math.pi * step / num_steps))


def _batches(num_images: int, num_steps: int, config: ClassifierTraining) -> Iterator[NDArray[np.int64]]:
    """Yield the indices of each step's batch: shuffled epochs in a row; a batch may reach into the next one."""
    waiting, epoch = np.empty(0, np.int64), 0
    for _ in range(num_steps):
        while len(waiting) < config.batch_size:
            order = Stream(config.seed, "classifier/order", epoch).permutation(num_images)
            waiting, epoch = np.concatenate([waiting, order]), epoch + 1
        yield waiting[: config.batch_size]
        waiting = waiting[config.batch_size :]


def _labels_of(images: ImageSet, which: str, num_classes: int) -> NDArray[np.int64]:
    if images.labels is None or not len(images.pixels):
        raise DataError(f"The classifier needs labelled {which} images; there are none. Score with `pixels8`.")
    labels = np.asarray(images.labels, np.int64)
    if len(labels) != len(images.pixels) or labels.min() < 0 or labels.max() >= num_classes:
        raise DataError(
            f"{len(images.pixels)} {which} images need one label each, 0 to {num_classes - 1}; found "
            f"{len(labels)} labels, {labels.min()} to {labels.max()}. Prepare the dataset again."
        )
    return labels


def _shape_of(images: ImageSet) -> ImageShape:
    _, height, width, channels = images.pixels.shape
    return ImageShape(channels, height, width)
