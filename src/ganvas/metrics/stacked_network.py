"""The judge of stacked MNIST: the shipped network of handwritten digits, once for each colour channel."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ganvas.errors import ModelError
from ganvas.images import Pixels
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.small import as_input, folded, load_small
from ganvas.metrics.stacked_mnist import joint_log_probabilities


def stacked(folder: Path | None = None) -> FeatureNetwork:
    """Return the features [N, 3 W] of three channels with log-probabilities [N, 1000] of the numbers that they show.

    `folder` holds other weights of `grey` than those shipped.
    """
    digits, card = load_small("grey", folder)
    digits = folded(digits)

    def extract(pixels: Pixels) -> NDArray[np.float32]:
        if pixels.shape[-1] != 3:
            raise ModelError(
                f"The features `stacked` read a digit off each of 3 channels; these images have {pixels.shape[-1]}. "
                "They are for pictures of `ganvas prepare stacked-mnist`."
            )
        channels = np.moveaxis(pixels, 3, 1).reshape(-1, *pixels.shape[1:3], 1)  # [3 N, H, W, 1]
        with torch.inference_mode():
            return digits.features(as_input(channels)).reshape(len(pixels), -1).numpy()

    def classify(features: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            logits = digits.head(torch.from_numpy(np.array(features)).reshape(len(features), 3, -1))
        return joint_log_probabilities(logits.numpy())  # of [N, 3, 10]

    return FeatureNetwork(
        f"stacked-{card.sha256[:8]}",
        f"Each channel is read by a small network that learnt {card.data} (right on {card.accuracy:.2%} of "
        f"{card.num_test:,} test digits, so on some {card.accuracy**3:.1%} of triples). What it misreads counts as a "
        "number of its own: of the modes found, believe those with 5 hits. It tells which numbers are drawn and how "
        "often, not whether the digits are well drawn.",
        extract,
        classify,
        resizer="area32",
    )
