"""Tensors on disk: safetensors files, checked before they are trusted. Nothing read here can execute code."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ganvas.errors import DamagedError, ModelError
from ganvas.storage import reading, write_file

_PICKLE_STARTS = (b"\x80", b"PK\x03\x04")  # a bare pickle, and the zip archive that torch.save writes
_LARGEST_HEADER = 1 << 20  # bytes; some 100 for each tensor
_VALUES_ALONE = frozenset({"normal_", "uniform_", "trunc_normal_", "normalize"})


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors by name as one safetensors file, flushed to the disk."""
    write_file(path, tensor_bytes(tensors))


def tensor_bytes(tensors: Mapping[str, Tensor]) -> bytes:
    """Return tensors by name as the bytes of a safetensors file: the same tensors, the same bytes."""
    return save({name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()})


def digest(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of tensors by name as a safetensors file."""
    return hashlib.sha256(tensor_bytes(tensors)).hexdigest()


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file; pickles, damage and absence are refused in words."""
    if path.exists() and not path.is_file():
        raise DamagedError(f"`{path}` is not a file.")
    if is_pickle(path):
        raise ModelError(pickle_refusal(path))
    if (length := _header_length(_first_bytes(path))) > _LARGEST_HEADER:
        raise DamagedError(f"`{path}` is not a valid safetensors file (a header of {length:,} bytes).")
    try:
        return {name: tensor.clone() for name, tensor in load_file(path).items()}  # a copy, free of the mapped file
    except (SafetensorError, ValueError, KeyError, MemoryError, OverflowError, RuntimeError) as error:
        raise DamagedError(f"`{path}` is not a valid safetensors file ({error}).") from error


def is_pickle(path: Path) -> bool:
    """Return whether a file starts like a pickle.

    A safetensors file starts with the length of its header, whose lowest byte can be that of a pickle; the commands
    of a pickle make it too large a length.
    """
    start = _first_bytes(path)
    return start.startswith(_PICKLE_STARTS) and _header_length(start) > _LARGEST_HEADER


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


def adopt_file(module: nn.Module, path: Path) -> None:
    """Make the tensors of a file the weights of a network built without memory (on torch's meta device).

    They are checked as by `load_state`; a file that is larger than the network's weights is not even read.

    Raises `ModelError` where they do not fit the network.
    """
    size = sum(tensor.nbytes for tensor in module.state_dict().values())
    if path.is_file() and path.stat().st_size > size + _LARGEST_HEADER:
        raise ModelError(f"`{path}` has {path.stat().st_size:,} bytes; the weights of its network are {size:,}.")
    tensors = read_tensors(path)
    _check_state(module, tensors, f"`{path}`")
    module.load_state_dict(tensors, assign=True)


def _first_bytes(path: Path) -> bytes:
    with reading(path), path.open("rb") as file:
        return file.read(8)


def _header_length(first_bytes: bytes) -> int:
    """Return the length of a safetensors header; beyond any for a file too short to have one."""
    return int.from_bytes(first_bytes.ljust(8, b"\xff"), "little")


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


@contextmanager
def without_memory() -> Iterator[None]:
    """Let networks built within have shapes alone (torch's device "meta"), so that absurd sizes cost nothing."""
    with torch.device("meta"), _NoValues():
        yield


class _NoValues(TorchFunctionMode):
    """Leaves out what changes values alone: for these torch would import its compiler on that device, for seconds."""

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") not in _VALUES_ALONE:
            return func(*args, **kwargs)
        changed = kwargs.get("out")
        return next(iter([*args, *kwargs.values()])) if changed is None else changed
