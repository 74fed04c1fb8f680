"""Small feature networks that ship with Ganvas: `grey` learnt from MNIST, `colour` from CIFAR-10.

For images of 28 to 64 pixels: whatever their size, they are averaged by area to 32x32. The weights lie in `shipped/`,
each beside a card that says what it learnt from and how; `small_training.py` made them.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ganvas.config import Config, Field
from ganvas.errors import DamagedError, ModelError
from ganvas.images import Pixels
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.resizing import area_averaged
from ganvas.storage import read_json, sha256_of_file
from ganvas.tensors import load_state, read_tensors, without_memory

SIZE = 32
SHIPPED = Path(__file__).parent / "shipped"


class SmallNetwork(nn.Module):
    """Maps images [N, C, 32, 32] in [-1, 1] to class logits [N, K] through features [N, W].

    A 3x3 convolution, then stages that halve the image by a strided one and refine it by a residual block (He et al.
    2016, "Deep Residual Learning for Image Recognition"); batch normalisation and ReLU after each. The features are
    the last map's averages.
    """

    def __init__(self, channels: int, widths: tuple[int, ...], num_classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [_convolution(channels, widths[0])]
        for before, width in pairwise(widths):
            layers += [_convolution(before, width, stride=2), _Refinement(width)]
        self.stages = nn.Sequential(*layers)
        self.head = nn.Linear(widths[-1], num_classes)

    def features(self, images: Tensor) -> Tensor:
        """Return the features [N, W]."""
        return self.stages(images).mean(dim=(2, 3))

    def forward(self, images: Tensor) -> Tensor:
        """Return class logits [N, K]."""
        return self.head(self.features(images))


class _Refinement(nn.Module):
    """Adds to a map [N, C, H, W] what two convolutions make of it, then takes the ReLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        last = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.layers = nn.Sequential(_convolution(width, width), last, nn.BatchNorm2d(width))

    def forward(self, images: Tensor) -> Tensor:
        return (images + self.layers(images)).relu()


class SmallCard(Config):
    """What is known of a small network: `shipped/<name>.json`."""

    name: str = Field(description="Row of FEATURES.")
    sha256: str = Field(description="SHA-256 of the weights file.", pattern="^[0-9a-f]{64}$")
    channels: int = Field(ge=1, le=4, description="Channels of the images it takes.")
    widths: tuple[int, ...] = Field(min_length=2, description="Channels after the first layer and after each stage.")
    num_classes: int = Field(ge=2, description="Classes it learnt to tell apart.")
    num_parameters: int = Field(ge=1, description="Weights, biases and normalisations.")
    accuracy: float = Field(ge=0, le=1, description="Share of the test images it classifies rightly, as stored.")
    num_test: int = Field(ge=1, description="Test images; training never saw them.")
    data: str = Field(description="What it learnt from.")
    content_hash: str = Field(description="Content hash of the dataset folder it learnt from.")
    licence: str = Field(description="Under what terms data and weights are.")
    recipe: dict[str, int | float | bool] = Field(description="How it was trained.")
    command: str = Field(description="The command that trained it.")
    made_with: str = Field(description="Versions and machine; another gives weights alike, not the same bits.")


def grey(folder: Path | None = None) -> FeatureNetwork:
    """Return the network for greyscale images; `folder` holds other weights than those shipped."""
    return _feature_network(
        "grey",
        folder,
        "They tell whether strokes and shapes, their sharpness, noise and variety are those of the real images, best "
        "for digits, letters and drawings; of photos they see only the coarse. Everything is seen at 32x32 pixels: "
        "finer detail they cannot tell. Nor can they order images worse than noise (strokes on a grey ground are "
        "soon such), or strokes with less than a third of their contrast.",
    )


def colour(folder: Path | None = None) -> FeatureNetwork:
    """Return the network for colour images; `folder` holds other weights than those shipped."""
    return _feature_network(
        "colour",
        folder,
        "They tell whether colours, textures and the coarse shape of things, and their variety, are those of the real "
        "images, best for photos of things and animals. Everything is seen at 32x32 pixels: finer detail, and "
        "likeness between faces or other near-equal shapes, they cannot tell.",
    )


def load_small(name: str, folder: Path | None = None) -> tuple[SmallNetwork, SmallCard]:
    """Return a small network, checked against its card, and the card; `folder` None is where those shipped lie.

    Raises `DamagedError` where the file is not what its card says.
    """
    place = SHIPPED if folder is None else folder
    card = SmallCard.read(read_json(place / f"{name}.json"), f"`{place / f'{name}.json'}`")
    path = place / f"{name}.safetensors"
    if sha256_of_file(path) != card.sha256:
        raise DamagedError(f"`{path}` is not the file that {name}.json describes. Install Ganvas again.")
    tensors = {key: value.float() if value.is_floating_point() else value for key, value in read_tensors(path).items()}
    with without_memory():
        network = SmallNetwork(card.channels, card.widths, card.num_classes)
    network.to_empty(device="cpu")
    load_state(network, tensors, f"`{path}`")
    return network.to(memory_format=torch.channels_last).eval(), card  # type: ignore[call-overload]


def folded(network: SmallNetwork) -> SmallNetwork:
    """Fold the normalisations of a network in use into the convolutions before them: two thirds of the time."""
    for block in [part for part in network.modules() if isinstance(part, nn.Sequential)]:
        for place, (layer, norm) in enumerate(pairwise(list(block))):
            if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                block[place], block[place + 1] = fuse_conv_bn_eval(layer, norm), nn.Identity()
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def as_input(pixels: Pixels) -> Tensor:
    """Return images uint8 [N, H, W, C] of any size as float32 [N, C, 32, 32] in [-1, 1]."""
    averaged = area_averaged(pixels, SIZE)
    return torch.from_numpy(averaged).permute(0, 3, 1, 2) / 127.5 - 1


def _feature_network(name: str, folder: Path | None, tells: str) -> FeatureNetwork:
    network, card = load_small(name, folder)
    network = folded(network)

    def extract(pixels: Pixels) -> NDArray[np.float32]:
        if pixels.shape[-1] != card.channels:
            raise ModelError(
                f"The features `{name}` take images with {card.channels} channels; these have {pixels.shape[-1]}. "
                "Score with features for these: `grey` takes 1 channel, `colour` 3, `pixels8` any."
            )
        with torch.inference_mode():
            return network.features(as_input(pixels)).numpy()

    learnt = f"Features of a small network that learnt {card.data} (right on {card.accuracy:.2%} of its test images)."
    return FeatureNetwork(
        f"{name}-{card.sha256[:8]}",
        f"{learnt} {tells} Not comparable with scores from Inception features.",
        extract,
        resizer=f"area{SIZE}",
    )


def _convolution(channels: int, width: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, width, 3, stride, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
