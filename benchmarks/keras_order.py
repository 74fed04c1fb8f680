"""Our weights of `acgan_mnist` under Keras' names and in its order of axes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Arrays = dict[str, NDArray[Any]]

NAMES = {
    "embedding": "embedding", "start.0": "start",
    "grow.0": "grow_0", "grow.2": "norm_0", "grow.3": "grow_1", "grow.5": "norm_1", "grow.6": "grow_2",
    "features.0": "convolution_0", "features.3": "convolution_1",
    "features.6": "convolution_2", "features.9": "convolution_3",
    "realness": "realness", "classes": "classes",
}  # fmt: skip
BEGINNINGS = {"start": (384, 3, 3, 100), "realness": (1, 256, 7, 7), "classes": (10, 256, 7, 7)}


def in_keras_order(tensors: dict[str, Tensor]) -> Arrays:
    """Return copies of our weights under Keras' names and in its order of axes: HWIO, dense kernels [in, out]."""
    arrays: Arrays = {}
    for name, tensor in tensors.items():
        player, layer, part = (*name.split(".", 1)[:1], *name.split(".", 1)[1].rsplit(".", 1))
        keras_layer = NAMES[layer]
        if part == "weight" and keras_layer in BEGINNINGS:
            shape = BEGINNINGS[keras_layer]
            tensor = tensor.reshape(shape)
            order, rows = ((3, 1, 2, 0), 100) if keras_layer == "start" else ((2, 3, 1, 0), tensor[0].numel())
            tensor = tensor.permute(*order).reshape(rows, -1)
        elif keras_layer == "start":
            tensor = tensor.reshape(384, 3, 3).permute(1, 2, 0).reshape(-1)
        elif tensor.dim() == 4:
            tensor = tensor.permute(2, 3, 1, 0)
        arrays[f"{player}/{keras_layer}/{_part(keras_layer, part)}"] = tensor.detach().contiguous().clone().numpy()
    return arrays


def _part(layer: str, part: str) -> str:
    if layer == "embedding":
        return "embeddings"
    if layer.startswith("norm"):
        names = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
        return names[part]
    return {"weight": "kernel", "bias": "bias"}[part]


def channels_last(images: Tensor) -> NDArray[Any]:
    """Return [N, C, H, W] as [N, H, W, C]."""
    return np.ascontiguousarray(images.detach().permute(0, 2, 3, 1).numpy())
