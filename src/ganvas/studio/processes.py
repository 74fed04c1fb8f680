"""Which process is which: a number is given again to others, a number with the moment of its beginning is not."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

_ENDED = ("Z", "X", "x")
_STATE, _BEGUN = 0, 19  # of the fields of /proc/PID/stat that follow the name: its 3rd and 22nd, proc(5)


class Seen(NamedTuple):
    """A process that is there: when it began, in words that are only compared, and whether it is halted."""

    begun: str
    halted: bool


def look(pid: int) -> Seen | None:
    """Return what is known of a process, None where it has ended."""
    return _by_proc(pid) if sys.platform == "linux" else _by_ps(pid)


def _by_proc(pid: int) -> Seen | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (OSError, ValueError):
        return None
    state = fields[_STATE]
    return None if state in _ENDED else Seen(f"{boot}:{fields[_BEGUN]}", state == "T")


def _by_ps(pid: int) -> Seen | None:
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    state, _, begun = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip().partition(" ")  # noqa: S603
    return None if not state or state[0] in _ENDED else Seen(begun.strip(), state[0] == "T")
