"""The number format that the players' layers compute in.

Weights, moments, losses, penalties, augmentation and the average are float32 in any case. By "bfloat16" torch's
autocast computes matrix products and convolutions in bfloat16, which has float32's range and 8 bits (Kalamkar et al.
2019, "A Study of BFLOAT16 for Deep Learning Training", https://arxiv.org/abs/1905.12322), so losses need no scaling.
"""

from typing import Literal

import torch
from torch import Tensor

from ganvas.errors import ConfigurationError

Precision = Literal["float32", "bfloat16"]


def computing(device: torch.device, precision: Precision) -> torch.autocast:
    """Return the context in which a player's forward pass computes in `precision`.

    Casts of weights are not kept from pass to pass: the same weights are judged with and without their gradients.
    """
    return torch.autocast(device.type, torch.bfloat16, precision == "bfloat16", cache_enabled=False)


def is_bfloat16_fast(device: torch.device) -> bool:
    """Return whether this is a processor that multiplies matrices of bfloat16 (AMX): see docs/log.md for the gain."""
    capabilities = getattr(torch.cpu, "get_capabilities", dict)  # absent from the oldest torch that is supported
    return device.type == "cpu" and bool(capabilities().get("amx_bf16"))


def precise(values: Tensor) -> Tensor:
    """Return what a player gave [...], bfloat16 as float32."""
    return values.float() if values.dtype == torch.bfloat16 else values


def check_precision(device: torch.device, precision: Precision) -> None:
    """Raise `ConfigurationError` where the device has no such numbers."""
    if (
        precision == "bfloat16"
        and device.type == "cuda"
        and not torch.cuda.is_bf16_supported(including_emulation=False)
    ):
        raise ConfigurationError(
            f"{torch.cuda.get_device_name(device)} does not compute in bfloat16 (NVIDIA GPUs since Ampere do). "
            "Set `training.precision` to float32."
        )
