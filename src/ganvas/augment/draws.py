"""Random numbers of augmentation: one of each kind for every image, whatever the batch it stands in."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganvas.seeds import Stream

_UNIT = 2.0**24  # so many steps of [0, 1) float32 holds exactly, without rounding up to 1


class Draws:
    """What the operations draw for N images, on their device and in their type; image i takes those of sample i."""

    def __init__(self, images: Tensor, stream: Stream, probability: Tensor) -> None:
        self.images = images
        self.stream = stream
        self.probability = probability.to(images.device, images.dtype)

    def chosen(self, name: str, probability: Tensor | None = None) -> Tensor:
        """Return which images [N] the operation is for: never at probability 0, always at 1."""
        probability = self.probability if probability is None else probability
        return self.uniform(f"{name}/chosen") < probability

    def uniform(self, name: str) -> Tensor:
        """Return values [N], uniform in [0, 1)."""
        return self._place(np.floor(self.stream.child(name).uniform(len(self.images), 1)[:, 0] * _UNIT) / _UNIT)

    def normal(self, name: str, num: int = 1) -> Tensor:
        """Return standard normal values [N], or [N, num] where more are asked for."""
        values = self.stream.child(name).normal(len(self.images), num)
        return self._place(values[:, 0] if num == 1 else values)

    def integers(self, name: str, high: int) -> Tensor:
        """Return integers [N] uniform in 0 ... high - 1, as real numbers."""
        return self._place(self.stream.child(name).integers(len(self.images), high))

    def _place(self, values: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(values).to(self.images.dtype).to(self.images.device, non_blocking=True)


def of_chosen(chosen: Tensor, augmented: Tensor, images: Tensor) -> Tensor:
    """Return the augmented ones of the images [N, ...] for which `chosen` [N] holds, the others as they are."""
    return torch.where(chosen.view(-1, *[1] * (images.dim() - 1)), augmented, images)


def num_colours(images: Tensor) -> int:
    """Return how many of the channels of images [N, C, H, W] are colours: all but alpha."""
    return 3 if images.shape[1] == 4 else images.shape[1]


def paint(images: Tensor, colours: Tensor) -> Tensor:
    """Return images [N, C, H, W] with new colours; an alpha channel stays."""
    return torch.cat([colours, images[:, colours.shape[1] :]], 1) if images.shape[1] > colours.shape[1] else colours
