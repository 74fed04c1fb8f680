"""Everything Ganvas raises on purpose, as one tree.

    GanvasError
    ├── UsageError            an argument or a name that does not exist
    ├── ConfigurationError    a setting that cannot work, or settings that changed since the run began
    ├── DataError             images, archives, dataset folders
    │   └── RefusedImage      one file; recorded in the ledger, never stops a run
    ├── ModelError            model folders and networks
    ├── StorageError          the disk: full, read-only, failing
    │   └── DamagedError      a file that is not what its manifest says
    ├── RunError              run folders: busy, absent, of another kind
    └── TrainingError         the game itself
        └── NotFiniteError    NaN or infinity in a loss, a gradient or a weight

A message says what was expected, what was found and what to do next. The command line prints it without a
traceback and exits with 1.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class GanvasError(Exception):
    """Base of all errors raised on purpose."""


class UsageError(GanvasError):
    """An argument or a name that does not exist."""


class ConfigurationError(GanvasError):
    """A setting that cannot work, or settings that changed since the run began."""


class DataError(GanvasError):
    """Images, archives or dataset folders that cannot be used."""


class RefusedImage(DataError):  # noqa: N818  (an outcome that the ledger records)
    """One image that cannot be used; `kind` is a short stable name, the message is the reason in words."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class ModelError(GanvasError):
    """A model folder or network that cannot be used."""


class StorageError(GanvasError):
    """The disk is full, read-only or failing."""


class DamagedError(StorageError):
    """A file that is not what its manifest says."""


class RunError(GanvasError):
    """A run folder that is busy, absent or of another kind."""


class TrainingError(GanvasError):
    """The game cannot go on."""


class NotFiniteError(TrainingError):
    """NaN or infinity in a loss, a gradient or a weight."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """Return the error for `name` missing from a table: what there is, and the likeliest meant."""
    names = sorted(known)
    return UsageError(f"There is no {kind} `{name}`.{did_you_mean(name, names)} There are: {', '.join(names)}.")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the question after the likeliest meant, with a space before it; "" where nothing comes close."""
    names = {each.lower(): each for each in known}
    close = get_close_matches(name.lower(), list(names), n=1)
    return f" Did you mean `{names[close[0]]}`?" if close else ""
