"""Large feature networks at work: on a GPU where there is one, always in full float32."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def in_float32(features: Callable[[Tensor], Tensor], network: nn.Module) -> Run:
    """Move `network` to the fastest device and return `features`, a function of it, from arrays [N, ...] to [N, D].

    Nvidia's shorter TensorFloat-32 is left out: it moves features by a thousandth, and scores with them.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device)

    def run(images: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
            return features(torch.from_numpy(np.array(images)).to(device)).float().cpu().numpy()

    return run
