"""Arrays in .npy and .npz files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), row by row.

An .npy file is memory-mapped; a member of an .npz file, which is a ZIP file of .npy files, is read as a stream. Nothing
is unpickled: arrays of Python objects are refused.
"""

import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from ganvas.data.sources.source import readable
from ganvas.errors import DataError

_MAGIC = b"\x93NUMPY"
_MAX_HEADER = 4096
_MAX_ARRAYS = 100
_CHUNK_BYTES = 1 << 22
_MAX_ROW_BYTES = 1 << 30
_DAMAGE = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile)


class StoredArray(NamedTuple):
    """An array in a file: `key` is its name in an .npz file, "" in an .npy file."""

    path: Path
    key: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def title(self) -> str:
        """How the array is called in messages."""
        return f"`{self.key}` in `{self.path}`" if self.key else f"`{self.path}`"

    def rows(self) -> Iterator[NDArray[Any]]:
        """Yield the array in pieces [n, ...] of some MiB; raise `DataError` where the file is damaged."""
        row_bytes = max(1, self.dtype.itemsize * math.prod(self.shape[1:]))
        step = max(1, _CHUNK_BYTES // row_bytes)
        with _explained(self.path):
            if not self.key:
                mapped = np.load(self.path, mmap_mode="r", allow_pickle=False)
                for start in range(0, self.shape[0], step):
                    yield np.array(mapped[start : start + step])
                return
            with zipfile.ZipFile(self.path) as archive, archive.open(f"{self.key}.npy") as file:
                _header(file)
                for start in range(0, self.shape[0], step):
                    count = min(step, self.shape[0] - start)
                    content = file.read(count * row_bytes)
                    yield np.frombuffer(content, self.dtype).reshape(count, *self.shape[1:])

    def whole(self) -> NDArray[Any]:
        """Return all values at once, in the shape [...] that the file states: for labels.

        Raises `DataError` where there are more than labels can be.
        """
        if math.prod(self.shape) * self.dtype.itemsize > _MAX_ROW_BYTES:
            raise DataError(f"{self.title} is too large for labels: {list(self.shape)} {self.dtype}.")
        pieces = list(self.rows())
        return np.concatenate(pieces) if pieces else np.empty(self.shape, self.dtype)


def is_numpy_file(path: Path) -> bool:
    """Tell whether a file is an .npy file by its first bytes, or named like an .npy or .npz file."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            start = file.read(6)
    except OSError:
        return False
    return start == _MAGIC or path.suffix.lower() in (".npy", ".npz")


def stored_arrays(path: Path) -> list[StoredArray]:
    """Return every array of a file, in its order; raise `DataError` for one that cannot be read."""
    with _explained(path):
        with path.open("rb") as file:
            if file.read(6) == _MAGIC:
                file.seek(0)
                dtype, shape, _ = _header(file)
                found = StoredArray(path, "", dtype, shape)
                _expect_plain(found)
                np.load(path, mmap_mode="r", allow_pickle=False)  # tells of a file that is too short
                return [found]
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
            if len(entries) > _MAX_ARRAYS:
                raise DataError(
                    f"`{path}` holds {len(entries):,} arrays; at most {_MAX_ARRAYS} are read. Save one array of all "
                    "images: numpy.savez(path, x=numpy.stack(images), y=labels)."
                )
            return [_member(path, archive, entry) for entry in entries]


def _member(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> StoredArray:
    with archive.open(entry) as file:
        dtype, shape, is_fortran = _header(file)
        header_bytes = file.tell()
    found = StoredArray(path, entry.filename.removesuffix(".npy"), dtype, shape)
    _expect_plain(found)
    if is_fortran and len(shape) > 1:
        raise DataError(f"{found.title} lies column by column. Save it again as numpy.ascontiguousarray(array).")
    if entry.file_size - header_bytes != math.prod(shape) * dtype.itemsize:
        raise DataError(f"{found.title} has another size than its header says: it is damaged. Copy it again.")
    return found


def _header(file: IO[bytes]) -> tuple[np.dtype[Any], tuple[int, ...], bool]:
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} of the format is for tables with named columns")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, is_fortran, dtype = read(file, max_header_size=_MAX_HEADER)
    return dtype, shape, is_fortran


def _expect_plain(found: StoredArray) -> None:
    if found.dtype.hasobject:
        raise DataError(
            f"{found.title} holds Python objects, which only running code from the file could read. "
            "Save it again as an array of numbers: numpy.savez(path, x=numpy.stack(images), y=labels)."
        )
    if any(side < 0 for side in found.shape) or math.prod(found.shape[1:]) * found.dtype.itemsize > _MAX_ROW_BYTES:
        raise DataError(f"{found.title} declares the impossible shape {list(found.shape)}. It is damaged.")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        words = readable(str(error))[:200] or type(error).__name__
        raise DataError(f"Could not read `{path}`: {words}. Download or copy it again.") from error
