"""Tensors on disk: safetensors files, checked before they are trusted. Nothing read here can execute code."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from ganvas.errors import DamagedError, ModelError, StorageError
from ganvas.storage import write_file

PICKLE_STARTS = (b"\x80", b"PK\x03\x04")  # a bare pickle, and the zip archive that torch.save writes


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors by name as one safetensors file, flushed to the disk."""
    content = save({name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()})
    write_file(path, content)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file; pickles, damage and absence are refused in words."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except FileNotFoundError as error:
        raise DamagedError(f"`{path}` is missing.") from error
    except OSError as error:
        raise StorageError(f"Could not read `{path}`: {error.strerror}.") from error
    if start.startswith(PICKLE_STARTS):
        raise ModelError(pickle_refusal(path))
    try:
        return {name: tensor.clone() for name, tensor in load_file(path).items()}  # a copy, free of the mapped file
    except (SafetensorError, ValueError, KeyError, MemoryError, OverflowError, RuntimeError) as error:
        raise DamagedError(f"`{path}` is not a valid safetensors file ({error}).") from error


def pickle_refusal(path: Path) -> str:
    """Return why a pickle is not read."""
    return (
        f"`{path}` is a pickle, which can run any program when it is read, so Ganvas never reads one. "
        "Give a model or run folder made by Ganvas."
    )


def load_state(module: nn.Module, tensors: Mapping[str, Tensor], origin: str) -> None:
    """Copy tensors into a network after checking names, shapes, dtypes and finiteness against it."""
    _check_state(module, tensors, origin)
    module.load_state_dict(dict(tensors))


def adopt_state(module: nn.Module, tensors: Mapping[str, Tensor], origin: str) -> None:
    """Make checked tensors the weights of a network built without memory (on torch's meta device)."""
    _check_state(module, tensors, origin)
    module.load_state_dict(dict(tensors), assign=True)


def _check_state(module: nn.Module, tensors: Mapping[str, Tensor], origin: str) -> None:
    expected = module.state_dict()
    if missing := sorted(expected.keys() - tensors.keys()):
        raise ModelError(f"{origin} lacks {len(missing)} tensors of its network, `{missing[0]}` first.")
    if surplus := sorted(tensors.keys() - expected.keys()):
        raise ModelError(f"{origin} holds {len(surplus)} tensors its network has no place for, `{surplus[0]}` first.")
    for name, wanted in expected.items():
        found = tensors[name]
        if found.shape != wanted.shape or found.dtype != wanted.dtype:
            raise ModelError(
                f"{origin}: `{name}` is {found.dtype} {list(found.shape)}; "
                f"its network has {wanted.dtype} {list(wanted.shape)}."
            )
        if not torch.isfinite(found).all():
            raise ModelError(f"{origin}: `{name}` holds NaN or infinity.")
