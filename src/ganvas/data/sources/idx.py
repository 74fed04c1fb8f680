"""IDX files, the format of MNIST (LeCun, Cortes and Burges 1998), plain or .gz, read as a stream.

Layout: two zero bytes, the type (8: unsigned byte), the number of dimensions, each dimension as a big-endian 32-bit
integer, then the values.
"""

import gzip
import math
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from ganvas.data.published import PublishedSet, locate
from ganvas.data.sources.source import Item, Reader, Request, Source, fingerprint
from ganvas.data.splitting import Split
from ganvas.errors import DataError, UsageError

_IMAGES = b"\x00\x00\x08\x03"
_LABELS = b"\x00\x00\x08\x01"
_MAX_PIXELS = 100_000_000


class IdxPair(NamedTuple):
    """An images file, its labels file (None: unlabelled), and the split that the set's makers declare."""

    images: Path
    labels: Path | None
    split: Split | None

    @property
    def stem(self) -> str:
        """The images file's name, the same for the plain and the compressed file."""
        return self.images.name.removesuffix(".gz")


def is_idx(path: Path) -> bool:
    """Tell whether `path` is an IDX file of bytes, or a folder that directly holds one of images."""
    if path.is_dir():
        return any(_magic(file) == _IMAGES for file in _candidates(path))
    return _magic(path) in (_IMAGES, _LABELS)


def open_idx(request: Request) -> Source:
    """Open an images file with the labels file beside it, or the one set in a folder.

    Raises `UsageError` where no file of images is given, `DataError` where it is something else.
    """
    path = request.path
    if path is None:
        raise UsageError("`idx` reads files: give the path of an IDX file or of a folder of them.")
    if path.is_file() and _magic(path) == _LABELS:
        raise UsageError(f"`{path}` holds labels. Give the images file; its labels are found beside it.")
    pairs = pairs_in(path) if path.is_dir() else [IdxPair(path, _labels_of(path), None)]
    return idx_source(request.name, "idx", pairs, origin=path.name, licence=None)


def idx_source(
    name: str,
    reader: str,
    pairs: list[IdxPair],
    origin: str,
    licence: str | None,
    classes: Sequence[str] | None = None,
) -> Source:
    """Return the source of `pairs` of images and labels files, their headers checked against each other.

    `classes` are the names of the classes by number; without them a class is called by its number.

    Raises `DataError` where there are not as many labels as images.
    """
    total = 0
    for pair in pairs:
        images = _header(pair.images, _IMAGES, "images")
        if pair.labels and (labels := _header(pair.labels, _LABELS, "labels")[0]) != images[0]:
            raise DataError(f"`{pair.images}` holds {images[0]} images; `{pair.labels}` {labels} labels.")
        total += images[0]
    files = [file for pair in pairs for file in (pair.images, pair.labels) if file]
    return Source(
        name,
        reader,
        origin,
        licence,
        channels=1,
        total=total,
        items=partial(_items, pairs, classes),
        fingerprint=fingerprint(files),
    )


def published_pairs(published: PublishedSet, request: Request) -> list[IdxPair]:
    """Return the pairs of a public set, its images and labels files in turn, every byte checked."""
    paths = locate(published, request.data_dir, request.progress)
    return [
        IdxPair(paths[images.name], paths[labels.name], declared_split(images.name))
        for images, labels in zip(published.files[::2], published.files[1::2], strict=True)
    ]


def pairs_in(folder: Path) -> list[IdxPair]:
    """Return the set in a folder: one images file, or one for training (train...) and one for tests (t10k...).

    Raises `DataError` where the folder holds another number of sets.
    """
    images: dict[str, Path] = {}
    for file in _candidates(folder):
        if _magic(file) == _IMAGES:
            images.setdefault(file.name.removesuffix(".gz"), file)
    splits: list[Split | None] = [declared_split(name) for name in images]
    if len(images) > 1 and sorted(filter(None, splits)) != ["test", "train"]:
        raise DataError(
            f"Folder `{folder}` holds {len(images)} IDX files of images: {', '.join(images)}. "
            "Expected one set, train-* and t10k-*. Give the path of one file."
        )
    whole = len(images) == 2
    return [
        IdxPair(file, _labels_of(file), split if whole else None)
        for file, split in zip(images.values(), splits, strict=True)
    ]


def declared_split(file_name: str) -> Split | None:
    """Return the split that an IDX file's name declares."""
    if re.search(r"(^|[-_.])train[-_.]", file_name):
        return "train"
    return "test" if re.search(r"(^|[-_.])(t10k|test)[-_.]", file_name) else None


def _candidates(folder: Path) -> list[Path]:
    """Return the files named like IDX images, a plain file before its compressed copy."""
    try:
        return sorted(file for file in folder.iterdir() if re.search(r"idx\d", file.name) and file.is_file())
    except OSError:
        return []


def _labels_of(images: Path) -> Path | None:
    """Return the labels file beside an images file, by the naming habit of MNIST; it may be compressed or not."""
    stem = images.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    beside = [images.with_name(stem), images.with_name(stem + ".gz")]
    return next((file for file in beside if file.is_file() and _magic(file) == _LABELS), None)


def _items(pairs: list[IdxPair], classes: Sequence[str] | None) -> Iterator[Item]:
    for pair in pairs:
        count, height, width = _header(pair.images, _IMAGES, "images")
        labels = _labels(pair.labels, count, classes)
        with _stream(pair.images) as file:
            file.read(16)
            for index in range(count):
                content = _exactly(file, height * width, pair.images)
                image = np.frombuffer(content, np.uint8).reshape(height, width)
                yield Item(f"{pair.stem}[{index}]", image, labels[index], pair.split)
            _expect_end(file, pair.images)


def _labels(path: Path | None, count: int, classes: Sequence[str] | None) -> list[str] | list[None]:
    if path is None:
        return [None] * count
    with _stream(path) as file:
        file.read(8)
        values = _exactly(file, count, path)
        _expect_end(file, path)
    if classes is None:
        return [str(value) for value in values]
    if max(values) >= len(classes):
        raise DataError(f"`{path}` holds the label {max(values)}; there are {len(classes)} classes, from 0.")
    return [classes[value] for value in values]


def _header(path: Path, magic: bytes, content: str) -> tuple[int, ...]:
    """Return the dimensions an IDX file declares."""
    with _stream(path) as file:
        if (found := file.read(4)) != magic:
            raise DataError(f"`{path}` is not an IDX file of {content}: it starts with {found!r}, not {magic!r}.")
        dimensions = struct.unpack(f">{magic[3]}I", _exactly(file, 4 * magic[3], path))
    if not all(dimensions) or math.prod(dimensions[1:]) > _MAX_PIXELS:
        raise DataError(f"`{path}` declares the impossible dimensions {dimensions}. It is damaged.")
    return dimensions


def _exactly(file: IO[bytes], num_bytes: int, path: Path) -> bytes:
    content = file.read(num_bytes)
    if len(content) != num_bytes:
        raise DataError(f"`{path}` ends before all that its header promises. Download or copy it again.")
    return content


def _expect_end(file: IO[bytes], path: Path) -> None:
    if file.read(1):
        raise DataError(f"`{path}` holds more than its header says: it is damaged. Download or copy it again.")


@contextmanager
def _stream(path: Path) -> Iterator[IO[bytes]]:
    """Yield the inflated content of a file; failures of disk and compression name it."""
    try:
        with path.open("rb") as raw:
            compressed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if compressed:
                with gzip.open(raw) as file:
                    yield file  # pyright: ignore[reportReturnType]
            else:
                yield raw
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"Could not read `{path}`: {error}. Download or copy it again.") from error


def _magic(path: Path) -> bytes:
    """Return the first four bytes inside a file; nothing where it cannot be read."""
    try:
        with _stream(path) as file:
            return file.read(4)
    except DataError:
        return b""


IDX = Reader(open_idx, is_idx)
