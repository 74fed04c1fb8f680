"""How the small feature networks that ship with Ganvas are trained: SGD, one rise and fall of the learning rate.

    python -m ganvas.metrics.small_training --name grey --data data/mnist --out src/ganvas/metrics/shipped

The dataset folder comes from `ganvas prepare`. Convolutions are stored in float16, and measured as stored.
"""

import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ganvas.config import Config, Field
from ganvas.data.store import Dataset
from ganvas.errors import DataError, GanvasError, ModelError, NotFiniteError
from ganvas.images import Pixels
from ganvas.metrics.classifier_training import shifted
from ganvas.metrics.small import SmallCard, SmallNetwork, as_input, load_small
from ganvas.progress import Lines, Progress
from ganvas.seeds import Stream
from ganvas.storage import sha256_of_file, write_json
from ganvas.tensors import without_memory, write_tensors

LARGEST_FILE = 2_000_000  # bytes


class SmallTraining(Config):
    """How a small network is trained."""

    widths: tuple[int, ...] = Field(default=(16, 32, 64, 64), description="Channels after each stage.")
    epochs: int = Field(default=10, ge=1, description="Passes over the training images.")
    batch_size: int = Field(default=125, ge=2, le=4096, description="Images per step.")
    learning_rate: float = Field(default=0.1, gt=0, le=10, description="Highest learning rate.")
    warm_up: float = Field(default=0.2, ge=0, lt=1, description="Share of all steps in which it rises; then it falls.")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="Nesterov momentum.")
    weight_decay: float = Field(default=5e-4, ge=0, description="Weight decay of every parameter.")
    largest_shift: int = Field(default=2, ge=1, description="Pixels an image is moved by at most, both ways.")
    flips: bool = Field(default=False, description="Mirror every other image, left to right.")
    seed: int = Field(default=0, ge=0, description="Seed of weights, batches, shifts and flips.")


class _Made(NamedTuple):
    """What a network learns from, and how."""

    recipe: SmallTraining
    channels: int
    data: str
    licence: str


MADE: dict[str, _Made] = {
    "grey": _Made(
        SmallTraining(epochs=6),
        1,
        "the handwritten digits of MNIST",
        "MNIST by Yann LeCun, Corinna Cortes and Christopher Burges, CC BY-SA 3.0; these weights, derived from it, "
        "are given under the same terms",
    ),
    "colour": _Made(
        SmallTraining(widths=(24, 48, 96, 128), epochs=12, largest_shift=3, flips=True),
        3,
        "the photos of CIFAR-10",
        "CIFAR-10 by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton, published without a licence, to be cited as "
        "Krizhevsky 2009, a part of the Tiny Images, whose photos belong to their makers; these weights hold no "
        "picture and are given under the licence of Ganvas",
    ),
}


def train_small(
    name: Literal["grey", "colour"],
    data: Path,
    out: Path,
    epochs: int | None = None,
    limit: int | None = None,
    progress: tyro.conf.Suppress[Progress | None] = None,
) -> SmallCard:
    """Train the network of row `name` on a dataset folder; write its weights and card into the folder `out`.

    Args:
        name: which of the two
        data: dataset folder of MNIST for `grey`, of CIFAR-10 for `colour`
        out: folder for the two files
        epochs: passes over the images, where other than the recipe's
        limit: training images, where fewer than all
        progress: who is told how far it is

    Raises `DataError` for images of another shape, `ModelError` where the weights are too large to ship.
    """
    dataset, made = Dataset.open(data), MADE[name]
    if dataset.shape.channels != made.channels:
        raise DataError(f"`{name}` learns from {made.data}; `{data}` holds {dataset.shape} images.")
    recipe = made.recipe if epochs is None else made.recipe.override(epochs=epochs)
    pixels, labels = np.asarray(dataset.pixels("train")[:limit]), _labels(dataset, "train")[:limit]
    network = build_small(made.channels, recipe, dataset.num_classes)
    started = time.monotonic()
    fit_small(network, pixels, labels, recipe, progress or Lines())
    minutes = (time.monotonic() - started) / 60
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.safetensors"
    write_tensors(path, {key: _stored(tensor) for key, tensor in network.state_dict().items()})
    if (size := path.stat().st_size) > LARGEST_FILE:
        raise ModelError(f"`{path}` has {size:,} bytes, more than the {LARGEST_FILE:,} that ship. Make it narrower.")
    card = _card(name, path, network, recipe, dataset, minutes)
    write_json(out / f"{name}.json", card.plain())
    stored, _ = load_small(name, out)
    accuracy = share_right(stored, dataset.pixels("test"), _labels(dataset, "test"))
    card = card.override(accuracy=accuracy)
    write_json(out / f"{name}.json", card.plain())
    return card


def build_small(channels: int, recipe: SmallTraining, num_classes: int) -> SmallNetwork:
    """Return a fresh network: convolutions N(0, 2 / fan-in) (He et al. 2015, eq. 10), each block starting as nothing.

    The last normalisation of each residual block begins with weight 0 (Goyal et al. 2017, section 5.1).
    """
    with without_memory():
        network = SmallNetwork(channels, recipe.widths, num_classes)
    network.to_empty(device="cpu")
    for name, layer in network.named_modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.reset_parameters()
            if name.endswith("layers.2"):
                torch.nn.init.zeros_(layer.weight)
    for name, weight in network.named_parameters():
        if weight.ndim == 4:
            values = Stream(recipe.seed, f"small/{name}").normal(len(weight), weight[0].numel())
            values *= (2 / weight[0].numel()) ** 0.5
            weight.data.copy_(torch.from_numpy(values).view_as(weight))
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)
    torch.nn.init.zeros_(network.head.weight)
    torch.nn.init.zeros_(network.head.bias)
    return network


def fit_small(
    network: SmallNetwork, pixels: Pixels, labels: NDArray[np.int64], recipe: SmallTraining, progress: Progress
) -> None:
    """Train a network on images uint8 [N, H, W, C] and their labels [N].

    Raises `NotFiniteError` where the loss is no number any more.
    """
    optimizer = torch.optim.SGD(
        network.parameters(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=True,
    )
    batches = list(_batches(len(pixels), recipe))
    network.train()
    progress.begin("Train", len(batches))
    for step, chosen in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * rate_at(step / len(batches), recipe.warm_up)
        images = as_input(augmented(pixels[chosen], recipe, step))
        loss = F.cross_entropy(network(images), torch.from_numpy(labels[chosen]))
        if not torch.isfinite(loss):
            raise NotFiniteError("The loss is no number any more. Lower the learning rate.")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        progress.advance(note=f"loss {loss.item():.3f}")
    progress.end()


def augmented(pixels: Pixels, recipe: SmallTraining, step: int) -> Pixels:
    """Return the images of a step [N, H, W, C], moved, and mirrored where the recipe says so."""
    moved = shifted(pixels, recipe.largest_shift, Stream(recipe.seed, "small/shifts", step))
    if not recipe.flips:
        return moved
    mirrored = Stream(recipe.seed, "small/flips", step).keep(len(moved), 1, 0.5)[:, 0]
    return np.where(mirrored[:, None, None, None], moved[:, :, ::-1], moved)


def rate_at(done: float, warm_up: float) -> float:
    """Return the learning rate, as a share of the highest, when a share `done` of all steps is made: up, then down."""
    return done / warm_up if done < warm_up else (1 - done) / (1 - warm_up)


def share_right(network: SmallNetwork, pixels: Pixels, labels: NDArray[np.int64]) -> float:
    """Return the share of images uint8 [N, H, W, C] that the network gives their label [N]."""
    network.eval()
    with torch.inference_mode():
        seen = [network(as_input(pixels[start : start + 250])).argmax(1) for start in range(0, len(pixels), 250)]
    return float((torch.cat(seen).numpy() == labels).mean())


def _batches(num_images: int, recipe: SmallTraining) -> Iterator[NDArray[np.int64]]:
    """Yield the indices of each step's batch, every epoch in another order; the remainder of an epoch is left out."""
    for epoch in range(recipe.epochs):
        order = Stream(recipe.seed, "small/order", epoch).permutation(num_images)
        for start in range(0, num_images - recipe.batch_size + 1, recipe.batch_size):
            yield np.sort(order[start : start + recipe.batch_size])


def _card(
    name: str, path: Path, network: SmallNetwork, recipe: SmallTraining, dataset: Dataset, minutes: float
) -> SmallCard:
    plain = recipe.plain()
    widths = plain.pop("widths")
    return SmallCard(
        name=name,
        sha256=sha256_of_file(path),
        channels=dataset.shape.channels,
        widths=tuple(widths),
        num_classes=dataset.num_classes,
        num_parameters=sum(parameter.numel() for parameter in network.parameters()),
        accuracy=0,
        num_test=dataset.count("test"),
        data=MADE[name].data,
        content_hash=dataset.content_hash,
        licence=MADE[name].licence,
        recipe=plain,
        command=f"python -m ganvas.metrics.small_training --name {name} --data DATASET --out FOLDER",
        made_with=f"torch {torch.__version__} on {platform.machine()}, {torch.get_num_threads()} threads, "
        f"{minutes:.0f} minutes",
    )


def _labels(dataset: Dataset, split: Literal["train", "test"]) -> NDArray[np.int64]:
    labels = dataset.labels(split)
    if labels is None or not len(labels):
        raise DataError(f"`{dataset.folder}` has no labelled {split} images. Give a labelled dataset with both parts.")
    return labels


def _stored(tensor: Tensor) -> Tensor:
    return tensor.half() if tensor.ndim == 4 else tensor


if __name__ == "__main__":
    try:
        print(tyro.cli(train_small, config=(tyro.conf.FlagCreatePairsOff,)).plain())
    except GanvasError as error:
        sys.exit(f"{error}")
