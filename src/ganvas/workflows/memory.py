"""How much memory this process has used at most, and how much of the machine's a new one could have."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

_STATUS, _MEMINFO, _GROUPS = Path("/proc/self/status"), Path("/proc/meminfo"), Path("/sys/fs/cgroup")
_LIMITS = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)


def peak_memory(device: torch.device) -> int:
    """Return the most bytes held so far: of tensors on a CUDA device, else resident bytes of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if (kibibytes := _line(_STATUS, "VmHWM:")) is not None:
        return 1024 * kibibytes
    import resource  # not on Windows

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else 1024 * used


def available_memory(device: torch.device) -> int | None:
    """Return the bytes that a new process could take without swapping; None where the system does not say."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if (kibibytes := _line(_MEMINFO, "MemAvailable:")) is not None:
        return min([1024 * kibibytes, *_free_in_group()])
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _line(path: Path, name: str) -> int | None:
    """Return the number after `name` in a file of /proc, None where there is none."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), None)


def _free_in_group() -> Iterator[int]:
    """Yield what the limit of a container leaves, where there is one."""
    for limit, used in _LIMITS:
        try:
            yield max(0, int((_GROUPS / limit).read_text()) - int((_GROUPS / used).read_text()))
        except (OSError, ValueError):  # no such group, or "max": no limit
            continue
