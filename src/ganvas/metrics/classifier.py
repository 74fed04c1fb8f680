"""An independent classifier of a dataset's own classes: its last hidden layer is the feature network of scores.

A plain convolutional network for 8 to 64 pixels. It is kept in a sealed folder, `classifier.safetensors` and
`classifier.json`, and named by the SHA-256 of its weights: `classifier-1a2b3c4d`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ganvas.config import Config, Field
from ganvas.errors import DamagedError, ModelError
from ganvas.images import ImageShape, Pixels
from ganvas.players import from_pixels
from ganvas.seeds import Stream
from ganvas.storage import new_folder, read_json, sha256_of_file, verify_folder, write_json
from ganvas.tensors import load_state, read_tensors, without_memory, write_tensors

NUM_FEATURES = 64
SMALLEST, LARGEST = 8, 64
WEIGHTS, CARD = "classifier.safetensors", "classifier.json"
_BATCH_SIZE = 250


class ClassifierNetwork(nn.Module):
    """Maps images [N, C, H, W] in [-1, 1] to class logits [N, K] through features [N, 64].

    Each stage is a 3x3 convolution, a pooling by two, batch normalisation and ReLU, down to about 4x4 pixels;
    images above 32 pixels are halved by the stride of the first convolution.
    """

    def __init__(self, shape: ImageShape, num_classes: int) -> None:
        super().__init__()
        channels, height, width = shape
        stride = 2 if min(height, width) > 32 else 1
        height, width = -(-height // stride), -(-width // stride)
        stages, width_out = [], 16
        while min(height, width) >= 6:
            stages += [
                nn.Conv2d(channels, width_out, 3, stride, padding=1, bias=False),
                nn.MaxPool2d(2),
                nn.BatchNorm2d(width_out),
                nn.ReLU(),
            ]
            channels, height, width, stride = width_out, height // 2, width // 2, 1
            width_out = min(2 * width_out, 64)
        self.stages = nn.Sequential(*stages)
        self.hidden = nn.Linear(channels * height * width, NUM_FEATURES, bias=False)
        self.norm = nn.BatchNorm1d(NUM_FEATURES)
        self.head = nn.Linear(NUM_FEATURES, num_classes)

    def features(self, images: Tensor) -> Tensor:
        """Return the last hidden layer [N, 64]."""
        return F.relu(self.norm(self.hidden(self.stages(images).flatten(1))))

    def forward(self, images: Tensor) -> Tensor:
        """Return class logits [N, K]."""
        return self.head(self.features(images))


class ClassifierCard(Config):
    """What `classifier.json` says of a classifier."""

    sha256: str = Field(description="SHA-256 of the weights file.", pattern="^[0-9a-f]{64}$")
    dataset: str = Field(description="Content hash of the dataset it was trained on.")
    seed: int = Field(description="Seed of its weights, batches and shifts.")
    accuracy: float = Field(ge=0, le=1, description="Share of the held-out images it classifies rightly.")
    num_training: int = Field(ge=1, description="Training images.")
    num_held_out: int = Field(ge=1, description="Held-out images the accuracy is measured on.")
    num_classes: int = Field(ge=2, le=100_000, description="Classes.")
    image_shape: tuple[int, int, int] = Field(description="Channels, height and width in pixels.")


@dataclass(frozen=True)
class Classifier:
    """A trained classifier with its card."""

    network: ClassifierNetwork
    card: ClassifierCard

    @property
    def name(self) -> str:
        """The protocol part: `classifier-` and the first 8 digits of the SHA-256 of the weights."""
        return f"classifier-{self.card.sha256[:8]}"

    def features(self, pixels: Pixels) -> NDArray[np.float32]:
        """Return the last hidden layer [N, 64] for images uint8 [N, H, W, C]."""
        _require_shape(pixels, ImageShape(*self.card.image_shape))
        with torch.inference_mode():
            return self.network.features(as_images(pixels)).numpy()

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return class logits [N, K] from features [N, 64]."""
        with torch.inference_mode():
            return self.network.head(torch.from_numpy(np.array(features))).numpy()


def build_network(shape: ImageShape, num_classes: int, stream: Stream) -> ClassifierNetwork:
    """Return a fresh network: weights N(0, 2 / fan-in) (He et al. 2015, eq. 10) from `stream`, biases 0."""
    network = _unfilled_network(shape, num_classes)
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            fan_in = layer.weight[0].numel()
            values = stream.child(name).normal(len(layer.weight), fan_in) * (2 / fan_in) ** 0.5
            layer.weight.data.copy_(torch.from_numpy(values).view_as(layer.weight))
            if layer.bias is not None:
                layer.bias.data.zero_()
        elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.reset_parameters()
    network.head.weight.data.zero_()  # every class equally likely at first: trains to fewer errors on small sets
    return network


def save_classifier(folder: Path, network: ClassifierNetwork, **about: object) -> Classifier:
    """Write a network and its card (`about` holds the fields but `sha256`) as a sealed folder; return both."""
    with new_folder(folder) as working:
        write_tensors(working / WEIGHTS, network.state_dict())
        values = {"sha256": sha256_of_file(working / WEIGHTS), **about}
        card = ClassifierCard.read(values, "The classifier's card")
        write_json(working / CARD, card.plain())
    return Classifier(network.eval(), card)


def load_classifier(folder: Path) -> Classifier:
    """Read a classifier; a pickle, damage and foreign files are refused in words."""
    tensors = read_tensors(folder / WEIGHTS)
    verify_folder(folder)
    card = ClassifierCard.read(read_json(folder / CARD), f"`{folder / CARD}`")
    if card.sha256 != sha256_of_file(folder / WEIGHTS):
        raise DamagedError(f"`{folder / WEIGHTS}` is not the file that {CARD} describes. Train the classifier again.")
    network = _unfilled_network(ImageShape(*card.image_shape), card.num_classes)
    load_state(network, tensors, f"`{folder / WEIGHTS}`")
    return Classifier(network.eval(), card)


def accuracy_of(network: ClassifierNetwork, pixels: Pixels, labels: NDArray[np.int64]) -> float:
    """Return the share of images uint8 [N, H, W, C] that the network gives their label [N]."""
    network.eval()
    hits = 0
    with torch.inference_mode():
        for start in range(0, len(pixels), _BATCH_SIZE):
            part = slice(start, start + _BATCH_SIZE)
            hits += int((network(as_images(pixels[part])).argmax(1).numpy() == labels[part]).sum())
    return hits / len(pixels)


def as_images(pixels: Pixels) -> Tensor:
    """Return images uint8 [N, H, W, C], of any memory, as float32 [N, C, H, W] in [-1, 1]."""
    return from_pixels(torch.from_numpy(np.array(pixels)))  # a copy: torch wants memory it may write


def _unfilled_network(shape: ImageShape, num_classes: int) -> ClassifierNetwork:
    """Return a network whose numbers are still to be filled, without a draw from torch's global generator."""
    smallest, largest = min(shape.height, shape.width), max(shape.height, shape.width)
    if smallest < SMALLEST or largest > LARGEST:
        raise ModelError(
            f"The classifier takes images of {SMALLEST} to {LARGEST} pixels; these are {shape}. "
            "Prepare the dataset at such a size, or score with the features `pixels8`."
        )
    if num_classes < 2:
        raise ModelError(
            f"A classifier needs at least 2 classes; found {num_classes}. Score with the features `pixels8`."
        )
    with without_memory():
        network = ClassifierNetwork(shape, num_classes)
    network.to_empty(device="cpu")
    for parameter in network.parameters():  # channels last halves the time of a step, mostly in the pooling
        if parameter.ndim == 4:
            parameter.data = parameter.data.to(memory_format=torch.channels_last)
    return network


def _require_shape(pixels: Pixels, shape: ImageShape) -> None:
    count, height, width, channels = pixels.shape
    if (channels, height, width) != shape:
        found = ImageShape(channels, height, width)
        raise ModelError(
            f"The classifier was trained on images of {shape}; these {count} are {found}. "
            "Train one on a dataset of the same preparation."
        )
