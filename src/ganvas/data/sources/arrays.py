"""Images as arrays: one .npy file, or an .npz file with images, labels and splits under the usual names.

Images are [N, H, W], [N, H, W, C] or [N, C, H, W] with C = 1, 3 or 4; numbers as `value_range` says. Names in an .npz
file: images under any name (`x`, `images`, `arr_0`); their labels under `y`, `label(s)`, `target(s)` or `class(es)`,
[N], [N, 1] or one-hot [N, K]; names of classes under `class_names` or `label_names`. A word `train`, `val` or `test` in
a name is the split: `x_train`, `y_train` as Keras publishes MNIST (https://keras.io/api/datasets/mnist/), and
`train_images`, `train_labels`, `val_images` ... as MedMNIST (Yang et al. 2023, https://medmnist.com).
"""

import math
import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganvas.data.sources.listing import split_named
from ganvas.data.sources.numpy_file import StoredArray, is_numpy_file, stored_arrays
from ganvas.data.sources.records import label_of
from ganvas.data.sources.source import Item, Reader, Refusal, Request, Source, fingerprint, readable
from ganvas.data.sources.value_range import ValueRange, range_of
from ganvas.data.splitting import Split
from ganvas.errors import DataError, UsageError

_CHANNELS = (1, 3, 4)
_LABELS = frozenset({"y", "label", "labels", "target", "targets", "class", "classes"})
_NAMES = frozenset({"class_names", "label_names", "classnames", "labelnames"})
_MAX_PIXELS = 100_000_000


class Half(NamedTuple):
    """The images of one split, with channels last or first, and their labels."""

    images: StoredArray
    channels_first: bool
    labels: StoredArray | None
    split: Split | None

    @property
    def channels(self) -> int:
        """Number of channels of each image."""
        return self.images.shape[1 if self.channels_first else 3] if len(self.images.shape) == 4 else 1


def open_arrays(request: Request) -> Source:
    """Open an .npy or .npz file; the range of values that are not bytes is found by one pass over them.

    Raises `UsageError` where no file is given, `DataError` where it holds no images.
    """
    path = request.path
    if path is None:
        raise UsageError("`arrays` reads files: give the path of an .npy or .npz file.")
    stored = stored_arrays(path)
    halves, names, notes = _halves(stored)
    if not halves:
        found = ", ".join(f"{array.key or 'array'} {array.dtype}{list(array.shape)}" for array in stored) or "nothing"
        raise DataError(f"`{path}` holds no images: expected [N, H, W], [N, H, W, C] or [N, C, H, W]; found {found}.")
    dtype = halves[0].images.dtype
    if any(half.images.dtype != dtype for half in halves):
        raise DataError(f"`{path}` holds images of several types. Save all as uint8.")
    try:
        values, note = range_of(dtype, lambda: chain.from_iterable(half.images.rows() for half in halves))
    except DataError as error:
        raise DataError(f"`{path}` cannot be taken as images: {error}.") from error
    return Source(
        name=request.name,
        reader="arrays",
        origin=readable(path.name),
        licence=None,
        channels=max(half.channels for half in halves),
        total=sum(half.images.shape[0] for half in halves),
        items=partial(_items, halves, values, names),
        fingerprint=fingerprint([path]),
        note=" ".join([*notes, note]).strip(),
    )


def _items(halves: list[Half], values: ValueRange, names: list[str]) -> Iterator[Item]:
    for half in halves:
        stem = half.images.key or half.images.path.stem
        labels = _labels(half.labels, names)
        rows = chain.from_iterable(half.images.rows())
        for index, image in enumerate(rows):
            item = Item(f"{readable(stem)}[{index}]", None, labels[index] if labels else None, half.split)
            if image.dtype.kind == "f" and not np.isfinite(image).all():
                yield item._replace(refusal=Refusal("not-finite", "It holds values that are not finite."))
                continue
            pixels = values.pixels(image)
            yield item._replace(
                content=np.ascontiguousarray(pixels.transpose(1, 2, 0) if half.channels_first else pixels)
            )


def _halves(stored: Sequence[StoredArray]) -> tuple[list[Half], list[str], list[str]]:
    """Return the images with their labels, in the order of the file, the names of classes, and notes."""
    names: list[str] = []
    images: dict[Split | str | None, StoredArray] = {}
    labels: dict[str | None, StoredArray] = {}
    for array in stored:
        part, stem = _meaning(array.key)
        if array.key.lower() in _NAMES and len(array.shape) == 1:
            names = [str(name) for name in array.whole().tolist()]
        elif stem in _LABELS and len(array.shape) in (1, 2):
            labels.setdefault(part, array)
        elif len(array.shape) in (3, 4) or len(stored) == 1:
            if part in images:
                raise DataError(
                    f"{array.title} and `{images[part].key}` are both images of one split. Keep one of them in the "
                    "file, or name them by split: x_train and x_test."
                )
            images[part] = array
    notes: list[str] = []
    halves = [_half(array, part, labels.get(part), len(images) > 1, notes) for part, array in images.items()]
    return halves, names, notes


def _half(
    images: StoredArray, part: str | None, labels: StoredArray | None, has_splits: bool, notes: list[str]
) -> Half:
    channels_first = _is_channels_first(images)
    if labels is not None and labels.shape[0] != images.shape[0]:
        raise DataError(f"{images.title} holds {images.shape[0]} images; {labels.title} {labels.shape[0]} labels.")
    if labels is not None and len(labels.shape) == 2 and labels.shape[1] > 1:
        notes.append(f"The labels {labels.title} have {labels.shape[1]} columns: only one-hot rows have a class.")
    return Half(images, channels_first, labels, split_named(part) if has_splits and part else None)


def _meaning(key: str) -> tuple[str | None, str]:
    """Return the split (as written) and the rest that a name says: `x_train` is ("train", "x")."""
    words = [word for word in re.split(r"[^a-z0-9]+", key.lower()) if word]
    part = next((word for word in words if split_named(word)), None)
    return part, "_".join(word for word in words if word != part)


def _is_channels_first(array: StoredArray) -> bool:
    """Tell whether images are [N, C, H, W]; raise `DataError` for shapes that are none of the forms, or two of them."""
    shape = array.shape
    last, first = shape[-1] in _CHANNELS, len(shape) == 4 and shape[1] in _CHANNELS
    found = f"{array.title} has the shape {list(shape)}"
    if not all(shape):
        raise DataError(f"{found}: it is empty.")
    if len(shape) == 3 and last:
        raise DataError(
            f"{found}, which looks like one image. Save a stack of images: array[None] adds the first axis."
        )
    if len(shape) == 2:
        raise DataError(f"{found}: rows of values. Save it as images: array.reshape(-1, height, width).")
    if len(shape) not in (3, 4) or (len(shape) == 4 and not (first or last)):
        raise DataError(f"{found}; expected [N, H, W], [N, H, W, C] or [N, C, H, W] with C = 1, 3 or 4.")
    if first and last:
        raise DataError(
            f"{found}: it could be [N, H, W, C] or [N, C, H, W]. Make the images larger, or drop an axis of length 1 "
            "by array.squeeze(axis)."
        )
    if math.prod(shape[1:]) > _MAX_PIXELS:
        raise DataError(f"{found}: images of so many pixels are not read.")
    return first


def _labels(array: StoredArray | None, names: list[str]) -> list[str | None]:
    if array is None:
        return []
    values: NDArray[Any] = array.whole()
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    return [_named(_label(value), names) for value in values.tolist()]


def _label(value: object) -> str | None:
    return label_of(value.decode("utf-8", "replace") if isinstance(value, bytes) else value)


def _named(label: str | None, names: list[str]) -> str | None:
    number = int(label) if label is not None and label.isdecimal() else -1
    return names[number] if 0 <= number < len(names) else label


ARRAYS = Reader(open_arrays, is_numpy_file)
