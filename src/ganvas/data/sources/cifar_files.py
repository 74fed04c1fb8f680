"""CIFAR-10 and CIFAR-100 (Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images"): 32x32 colour.

Both published forms, as a folder or in the .tar.gz itself (https://www.cs.toronto.edu/~kriz/cifar.html):

- Python: `data_batch_1` ... `data_batch_5`, `test_batch`, `batches.meta` (10 classes), or `train`, `test`, `meta`
  (100). Each is a pickled dictionary, which `inert_pickle` reads without running anything: `data` uint8 [N, 3072],
  the red, green and blue planes row by row; `labels` or `fine_labels` and `coarse_labels`.
- Binary: `data_batch_1.bin` ..., `batches.meta.txt`: rows of 1 + 3072 bytes, the label first; or `train.bin`,
  `test.bin`, `fine_label_names.txt`, `coarse_label_names.txt`: rows of 2 + 3072, the coarse label before the fine one.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ganvas.data.sources.archive import is_tar
from ganvas.data.sources.inert_pickle import read_inert, text
from ganvas.data.sources.source import Item, Refusal, Source, fingerprint, readable
from ganvas.data.sources.tar_archive import TarArchive, TarMember
from ganvas.data.splitting import Split
from ganvas.errors import DataError, RefusedImage
from ganvas.images import Pixels
from ganvas.storage import reading

_VALUES = 3 * 32 * 32
_MAX_BYTES = 512 * 2**20  # of one file; the largest published one has 155 MB
_LOOKED_AT = 3  # members of an archive


class Layout(NamedTuple):
    """One published form: its files and their splits, where the classes' names are, and which label is taken.

    `labels` is the key in a pickled dictionary, or the place of the label's byte in a row of `row_bytes`.
    """

    files: dict[str, Split]
    meta: str
    names: str
    labels: str | int
    row_bytes: int = 0


class Batch(NamedTuple):
    """The images of one file, uint8 [N, 3072], and their labels [N]."""

    pixels: Pixels
    labels: Sequence[Any] | NDArray[Any]


def _splits(train: list[str], test: str) -> dict[str, Split]:
    return {**dict.fromkeys(train, "train"), test: "test"}


_TEN = [f"data_batch_{number}" for number in range(1, 6)]
LAYOUTS: dict[str, Layout] = {
    "cifar10": Layout(_splits(_TEN, "test_batch"), "batches.meta", "label_names", "labels"),
    "cifar10-binary": Layout(
        _splits([f"{name}.bin" for name in _TEN], "test_batch.bin"), "batches.meta.txt", "", 0, 1 + _VALUES
    ),
    "cifar100": Layout(_splits(["train"], "test"), "meta", "fine_label_names", "fine_labels"),
    "cifar100-binary": Layout(_splits(["train.bin"], "test.bin"), "fine_label_names.txt", "", 1, 2 + _VALUES),
}
_COARSE = {
    "cifar100": LAYOUTS["cifar100"]._replace(names="coarse_label_names", labels="coarse_labels"),
    "cifar100-binary": LAYOUTS["cifar100-binary"]._replace(meta="coarse_label_names.txt", labels=0),
}


class _Files:
    """The files of a folder or of a tar file, by their own names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.archive = TarArchive(path) if path.is_file() else None
        self.members: dict[str, TarMember | Path] = {}
        if self.archive is None:
            with reading(path):
                self.members = {file.name: file for file in path.iterdir() if file.is_file()}
            return
        for member in self.archive.members():
            self.members[member.name.rsplit("/", 1)[-1]] = member
        if self.archive.rest:
            raise DataError(f"`{path}`: {self.archive.rest.reason} Download or copy it again.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.archive:
            self.archive.stream.close()

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        member = self.members[name]
        if isinstance(member, Path):
            with reading(member):
                if member.stat().st_size > _MAX_BYTES:
                    raise DataError(f"`{member}` is larger than {_MAX_BYTES >> 20} MiB: it is no file of CIFAR.")
                return member.read_bytes()
        assert self.archive
        try:
            return self.archive.read(member, _MAX_BYTES)
        except RefusedImage as refused:
            raise DataError(f"`{name}` in `{self.path}`: {refused}") from refused


def is_cifar(path: Path) -> bool:
    """Tell whether `path` is a folder with a file of images and one of classes, or a tar file of them."""
    if path.is_dir():
        return any((path / layout.meta).is_file() and _present(path, layout) for layout in LAYOUTS.values())
    if not path.is_file() or not is_tar(path):
        return False
    known = {"readme.html"}.union(*({*layout.files, layout.meta} for layout in LAYOUTS.values()))
    known.add("coarse_label_names.txt")
    with TarArchive(path) as archive:
        names = [member.name.rsplit("/", 1)[-1] for member in islice(archive.members(), _LOOKED_AT)]
    return bool(names) and known.issuperset(names) and names != ["readme.html"]


def cifar_source(name: str, reader: str, path: Path, origin: str, coarse: bool = False) -> Source:
    """Return the source of a folder or archive, each of its files read once to check it.

    Raises `DataError` where a file is not of the form. One file is in memory at a time.
    """
    with _Files(path) as files:
        layout = _layout(files, coarse)
        classes = _classes(files, layout)
        batches = [file for file in layout.files if file in files.members]
        total = sum(len(_batch(files, file, layout).labels) for file in batches)
    absent = [file for file in layout.files if file not in batches]
    note = f"`{readable(str(path))}` has no {', '.join(absent)}." if absent else ""
    return Source(
        name=name,
        reader=reader,
        origin=origin,
        licence=None,
        channels=3,
        total=total,
        items=partial(_items, path, layout, batches, classes),
        fingerprint=fingerprint([path / file for file in (*batches, layout.meta)] if path.is_dir() else [path]),
        note=f"{note} CIFAR's makers state no licence for its pictures, which come from the web.".strip(),
    )


def _items(path: Path, layout: Layout, batches: list[str], classes: list[str]) -> Iterator[Item]:
    with _Files(path) as files:
        for file in batches:
            batch = _batch(files, file, layout)
            for index, (row, number) in enumerate(zip(batch.pixels, batch.labels, strict=True)):
                item = Item(f"{file}[{index}]", _picture(row), split=layout.files[file])
                if isinstance(number, int | np.integer) and 0 <= number < len(classes):
                    yield item._replace(label=classes[number])
                else:
                    reason = f"Its label is {str(number)[:40]}; there are {len(classes)} classes, from 0."
                    yield item._replace(refusal=Refusal("bad-label", reason))


def _picture(row: Pixels) -> Pixels:
    return np.ascontiguousarray(row.reshape(3, 32, 32).transpose(1, 2, 0))  # [C,H,W] to [H,W,C]


def _present(path: Path, layout: Layout) -> bool:
    return any((path / file).is_file() for file in layout.files)


def _layout(files: _Files, coarse: bool) -> Layout:
    for name, layout in LAYOUTS.items():
        chosen = _COARSE[name] if coarse and name in _COARSE else layout
        if chosen.meta in files.members and any(file in files.members for file in layout.files):
            return chosen
    found = ", ".join(sorted(files.members)[:8]) or "nothing"
    raise DataError(
        f"`{files.path}` is not CIFAR: expected `data_batch_1` ... and `batches.meta`, or `train`, `test` and `meta` "
        f"(or these as .bin and .txt); found {readable(found)}."
    )


def _classes(files: _Files, layout: Layout) -> list[str]:
    content = files.read(layout.meta)
    if layout.row_bytes:
        names: object = content.decode("utf-8", "replace").split()
    else:
        names = _dictionary(files, layout.meta, content).get(layout.names)
    if not isinstance(names, list) or not names or not all(text(name) for name in names):
        raise DataError(f"`{layout.meta}` in `{files.path}` holds no list of classes. Download or copy it again.")
    return [text(name) for name in names]


def _batch(files: _Files, file: str, layout: Layout) -> Batch:
    content = files.read(file)
    if layout.row_bytes:
        if not content or len(content) % layout.row_bytes:
            raise DataError(
                f"`{file}` in `{files.path}` has {len(content):,} bytes, not a multiple of {layout.row_bytes}, the "
                "bytes of one image: it was cut. Download or copy it again."
            )
        rows = np.frombuffer(content, np.uint8).reshape(-1, layout.row_bytes)
        return Batch(rows[:, -_VALUES:], rows[:, int(layout.labels)])
    found = _dictionary(files, file, content)
    pixels, labels = found.get("data"), found.get(str(layout.labels))
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape[1:] != (_VALUES,):
        what = f"{pixels.dtype} {list(pixels.shape)}" if isinstance(pixels, np.ndarray) else "no array"
        raise DataError(f"`{file}` in `{files.path}`: `data` should be uint8 [N, {_VALUES}]; it is {what}.")
    if not isinstance(labels, list | np.ndarray) or len(labels) != len(pixels):
        what = f"{len(labels)} of them" if isinstance(labels, list | np.ndarray) else "none"
        raise DataError(f"`{file}` in `{files.path}` holds {len(pixels)} images and `{layout.labels}`: {what}.")
    return Batch(pixels, labels)


def _dictionary(files: _Files, file: str, content: bytes) -> dict[str, Any]:
    try:
        return read_inert(content)
    except DataError as error:
        raise DataError(f"`{file}` in `{files.path}` is refused: {error}. Download or copy it again.") from error
