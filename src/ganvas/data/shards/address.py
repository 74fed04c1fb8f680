"""Where a sharded dataset lies: a folder here, or an address that fsspec reads (s3://, gs://, https:// ...)."""

import errno
import re
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ganvas.data.shards.index import INDEX, IndexedFile
from ganvas.errors import DamagedError, DataError, GanvasError, StorageError, UsageError
from ganvas.extras import pip_install
from ganvas.storage import sha256_of_file

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/+(.+)", re.DOTALL)
_LARGEST_INDEX = 1 << 28  # bytes
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_PACKAGES = {"http": "aiohttp", "https": "aiohttp", "s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs"}


class Patience(NamedTuple):
    """How often a file is tried, and the seconds of the first wait between; each wait is twice the one before."""

    attempts: int = 5
    first_wait: float = 1.0


class _Wrong(Exception):  # noqa: N818
    """What came is not the file; the message says why."""


def address_of(place: str | Path) -> str | None:
    """Return the address of a sharded dataset that a place is; None for any other place.

    Paths that an address went through (`s3:/bucket/photos`) are addresses too; one letter is a drive of Windows.
    """
    found = _ADDRESS.fullmatch(str(place))
    if found:
        protocol, rest = found.groups()
        return f"{protocol}:///{rest}" if protocol == "file" else f"{protocol}://{rest}"
    folder = Path(place).expanduser()
    return str(folder.resolve()) if (folder / INDEX).is_file() else None


class Address:
    """A folder of files to be read whole; a failure of the network is tried again, then told."""

    def __init__(self, place: str, patience: Patience = Patience()) -> None:  # noqa: B008  (immutable)
        """Raise `UsageError` where nothing reads such an address, naming the package to install."""
        self.place, self.patience = place.rstrip("/"), patience
        self.system, self.root = _opened(self.place)

    def index(self) -> bytes:
        """Return the content of the index; raises as `fetch` does."""
        with tempfile.TemporaryDirectory(prefix="ganvas-") as folder:
            copy = Path(folder) / INDEX
            stopped = threading.Event()
            self._try(INDEX, copy, lambda: self._copy(INDEX, copy, _LARGEST_INDEX, stopped), stopped)
            return copy.read_bytes()

    def fetch(self, file: IndexedFile, target: Path, stopped: threading.Event | None = None) -> None:
        """Write a file here, whole and as its index says; `stopped` ends it with a `StorageError`.

        Raises `DataError` where it is missing, `DamagedError` where it is another, `StorageError` where it cannot be
        read: after a few attempts each.
        """
        stopped = stopped or threading.Event()

        def whole() -> None:
            self._copy(file.name, target, file.num_bytes, stopped)
            if (size := target.stat().st_size) != file.num_bytes:
                raise _Wrong(f"has {size:,} bytes; its index says {file.num_bytes:,}")
            if sha256_of_file(target) != file.sha256:
                raise _Wrong("is damaged: its SHA-256 is not the one in its index")

        self._try(file.name, target, whole, stopped)

    def _try(self, name: str, target: Path, action: Callable[[], None], stopped: threading.Event) -> None:
        """Do it again, after a wait, where the network or what came by it failed."""
        wait, most = self.patience.first_wait, self.patience.attempts
        for attempt in range(1, most + 1):
            try:
                return action()
            except GanvasError:
                raise
            except _Wrong as error:
                if attempt >= min(2, most):
                    raise DamagedError(f"`{name}` at `{self.place}` {error}. Copy it there again.") from error
            except Exception as error:
                if attempt == most or not _may_pass(error):
                    raise self._told(name, target, error, attempt) from error
            if stopped.wait(wait):
                raise StorageError("Reading was ended.")
            wait *= 2
        raise AssertionError

    def _told(self, name: str, target: Path, error: Exception, attempts: int) -> GanvasError:
        words = f"{type(error).__name__}: {error}".removesuffix(".")[:300]
        if isinstance(error, FileNotFoundError):
            return DataError(f"There is no `{name}` at `{self.place}`. Export the dataset, and copy all of it there.")
        if isinstance(error, OSError) and error.errno in _DISK:
            return StorageError(f"Could not write `{target}`: {error.strerror}. Free some space there and try again.")
        return StorageError(
            f"Could not read `{name}` at `{self.place}` in {attempts} attempts: {words}. Go on once it can be reached."
        )

    def _copy(self, name: str, target: Path, most: int, stopped: threading.Event) -> None:
        self.system.get_file(f"{self.root}/{name}", str(target), callback=_watching(stopped, most))


def _may_pass(error: Exception) -> bool:
    """Return whether a failure may be over in a moment."""
    lasts = isinstance(error, FileNotFoundError | PermissionError)
    return not lasts and not (isinstance(error, OSError) and error.errno in _DISK)


def _watching(stopped: threading.Event, most: int) -> Any:  # noqa: ANN401
    """Return what fsspec tells of the bytes that come: it ends a copy that is to stop, or has more than `most`."""
    from fsspec.callbacks import Callback

    class Watching(Callback):
        def call(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
            if stopped.is_set():
                raise StorageError("Reading was ended.")
            if self.value > most:
                raise _Wrong(f"has more than the {most:,} bytes that it should")

    return Watching()


def _opened(place: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    protocol = place.partition("://")[0] if "://" in place else "file"
    try:
        system, root = url_to_fs(place)
    except ImportError as error:
        package = _PACKAGES.get(protocol)
        how = f"Install with: {pip_install(package)}" if package else "Install the one that this error names."
        raise UsageError(f"`{place}` is read by a package that is not installed ({error}). {how}") from error
    except ValueError as error:
        raise UsageError(
            f"`{place}` is no address that can be read ({error}). Give s3://, gs://, https:// ..."
        ) from error
    return system, str(root).rstrip("/")
