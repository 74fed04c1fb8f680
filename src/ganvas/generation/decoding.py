"""Decoding: what a generator gives, images in [-1, 1], as bytes or as 16-bit values, rounded once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ganvas.data.scalings.contract import Scaling
from ganvas.errors import UsageError
from ganvas.generation.drawing import Decoder
from ganvas.images import DeepPixels, Pixels
from ganvas.players import to_pixels


def decoder_of(scaling: Scaling | None) -> Decoder:
    """Return how a generator that learnt scaled images gives bytes: the scaling inverted, `to_pixels` without one."""
    if scaling is None:
        return to_pixels

    def decode(images: Tensor) -> Pixels:
        return scaling.invert(images.detach().float().permute(0, 2, 3, 1).cpu().numpy())

    return decode


def deep_decoder_of(scaling: Scaling | None) -> Callable[[Tensor], DeepPixels]:
    """Return how images [N, C, H, W] become uint16 [N, H, W, C]: round((x + 1) 32767.5), of the values themselves.

    Raises `UsageError` for a model that learnt scaled images: its scaling inverts to bytes.
    """
    if scaling is not None:
        raise UsageError(
            f"This model learnt images scaled by `{scaling.settings.scaling}`, which are brought back to bytes: leave "
            "--bits 16 out."
        )
    return to_deep_pixels


def to_deep_pixels(images: Tensor) -> DeepPixels:
    """Return images [N, C, H, W] in [-1, 1] as uint16 [N, H, W, C]."""
    values: NDArray[np.float64] = images.detach().permute(0, 2, 3, 1).cpu().numpy().astype(np.float64)
    return np.clip(np.rint((values + 1.0) * 32767.5), 0, 65535).astype(np.uint16)
