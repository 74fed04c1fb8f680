"""Writing a dataset folder: kept images and the ledger as they come, splits at the end, in flat memory."""

import hashlib
import itertools
import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ganvas.data.inspection import Finding
from ganvas.data.ledger import LEDGER, LedgerWriter, Row
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.sources.source import Item, Source
from ganvas.data.splitting import SPLITS, Split, Splitting, held_out
from ganvas.data.store import CARD, FORMAT, Card, SourceRecord, SplitRecord, pixel_file
from ganvas.errors import DamagedError, UsageError
from ganvas.storage import MANIFEST, UNFINISHED, json_bytes, new_folder, read_json, write_file

_SPOOL = "pixels.part"
_DERIVED = {"report.html", "classifier", "classifier" + UNFINISHED}  # what other workflows keep beside the data
_OURS = {CARD, LEDGER, MANIFEST, _SPOOL, *(pixel_file(split) for split in SPLITS)} | _DERIVED
_CHUNK_BYTES = 1 << 24


@contextmanager
def new_dataset(out: Path, overwrite: bool) -> Iterator[Path]:
    """Yield a working folder that becomes the sealed dataset folder `out`; it vanishes when the block fails.

    Raises `UsageError` unless `out` is free, empty, or a dataset folder that may be overwritten.
    """
    expect_free(out, overwrite)
    with new_folder(out) as folder:
        yield folder


def expect_free(out: Path, overwrite: bool) -> None:
    """Raise `UsageError` where writing the dataset folder `out` would remove something else."""
    for aside in (out.with_name(out.name + UNFINISHED), out.with_name(out.name + ".replaced")):
        if aside.is_dir() and (other := _not_ours(aside)):
            raise UsageError(f"`{aside}` is in the way: it holds `{other}`, which Ganvas did not write. Move it.")
    if out.exists() and not out.is_dir():
        raise UsageError(f"`{out}` is a file. Choose another place for the dataset folder.")
    if not out.exists() or not any(out.iterdir()):
        return
    if not _is_dataset(out):
        raise UsageError(f"`{out}` holds files and is not a dataset folder. Choose another place, or an empty folder.")
    if other := _not_ours(out):
        raise UsageError(f"Dataset folder `{out}` holds `{other}`, which Ganvas did not write. Move that first.")
    if not overwrite:
        raise UsageError(
            f"`{out}` already holds a dataset. Choose another place, or overwrite it (`overwrite=True`, --overwrite)."
        )


def _is_dataset(folder: Path) -> bool:
    try:
        card = read_json(folder / CARD)
    except (DamagedError, OSError):
        return False
    return isinstance(card, dict) and card.get("format") == FORMAT


def _not_ours(folder: Path) -> str | None:
    return next((path.name for path in sorted(folder.iterdir()) if path.name not in _OURS), None)


class DatasetWriter:
    """Takes findings in order; `finish` divides the kept images, at least one, and writes the card."""

    def __init__(self, folder: Path, preprocessing: Preprocessing) -> None:
        self.folder = folder
        self.preprocessing = preprocessing
        self.shape = (preprocessing.size, preprocessing.size, preprocessing.channels)
        self.ledger = LedgerWriter(folder / LEDGER)
        self.spool = (folder / _SPOOL).open("wb")
        self.kept_numbers: list[int] = []
        self.labels: list[str | None] = []
        self.declared: list[Split | None] = []
        self.kept_by_source: Counter[str] = Counter()
        self.refused_by_source: Counter[str] = Counter()
        self.refused_by_kind: Counter[str] = Counter()
        self.first_refusals: list[Row] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ledger.close()
        self.spool.close()

    @property
    def num_kept(self) -> int:
        """Images kept so far."""
        return len(self.kept_numbers)

    @property
    def num_files(self) -> int:
        """Files recorded so far: in = kept + refused."""
        return self.num_kept + self.refused_by_kind.total()

    def add(self, source: Source, item: Item, finding: Finding) -> None:
        """Record one item: its pixels when kept, its row in the ledger always."""
        row = Row(
            number=self.num_files,
            source=source.name,
            path=item.name,
            outcome="refused" if finding.refusal else "kept",
            sha256=finding.sha256,
            label=item.label,
            licence=source.licence,
        )
        if finding.refusal:
            row = row._replace(kind=finding.refusal.kind, reason=finding.refusal.reason)
            self._count_refused(row)
        else:
            assert finding.pixels is not None and finding.pixels.shape == self.shape
            self.spool.write(finding.pixels.tobytes())
            self._count_kept(row, item.split)
        self.ledger.add(row)

    def finish(self, sources: Sequence[Source], splitting: Splitting) -> Card:
        """Divide the kept images, write pixel files, ledger and card, and return the card."""
        self.spool.close()
        classes = class_names(self.labels)
        labels = as_integers(self.labels, classes)  # [N]
        test = held_out(labels, self.declared, splitting)
        digest = hashlib.sha256(json_bytes({"shape": self.shape, "classes": classes}))
        splits: dict[Split, SplitRecord] = {}
        for split in SPLITS:
            chosen = test == (split == "test")  # [N]
            digest.update(json_bytes({"split": split, "labels": labels[chosen].tolist()}))
            for chunk in write_pixels(self.folder / pixel_file(split), self.folder / _SPOOL, chosen, self.shape):
                digest.update(chunk)
            self.ledger.place(split, itertools.compress(self.kept_numbers, chosen))
            splits[split] = _record(labels[chosen], classes)
        self.ledger.finish()
        card = self._card(sources, splitting, classes, splits, digest.hexdigest())
        write_file(self.folder / CARD, json_bytes(card.plain()))
        (self.folder / _SPOOL).unlink()
        for path in self.folder.iterdir():
            _flush_to_disk(path)
        return card

    def _count_kept(self, row: Row, split: Split | None) -> None:
        self.kept_numbers.append(row.number)
        self.labels.append(row.label)
        self.declared.append(split)
        self.kept_by_source[row.source] += 1

    def _count_refused(self, row: Row) -> None:
        self.refused_by_kind[row.kind or ""] += 1
        self.refused_by_source[row.source] += 1
        self.first_refusals = [*self.first_refusals, row][:3]

    def _card(
        self,
        sources: Sequence[Source],
        splitting: Splitting,
        classes: tuple[str, ...],
        splits: dict[Split, SplitRecord],
        content_hash: str,
    ) -> Card:
        return Card(
            channels=self.preprocessing.channels,
            height=self.preprocessing.size,
            width=self.preprocessing.size,
            classes=classes,
            splits=splits,
            preprocessing=self.preprocessing,
            splitting=splitting,
            sources=tuple(self._record_of(source) for source in sources),
            kept=self.num_kept,
            refused=self.refused_by_kind.total(),
            refused_by_kind=dict(sorted(self.refused_by_kind.items())),
            content_hash=content_hash,
        )

    def _record_of(self, source: Source) -> SourceRecord:
        return SourceRecord(
            name=source.name,
            reader=source.reader,
            origin=source.origin,
            licence=source.licence,
            kept=self.kept_by_source[source.name],
            refused=self.refused_by_source[source.name],
        )


def class_names(labels: Sequence[str | None]) -> tuple[str, ...]:
    """Return the classes in order, numbers by value; none where an image has no class, or all have the same one."""
    names = set(labels)
    if None in names or len(names) < 2:
        return ()
    words = sorted(name for name in names if name is not None)
    return tuple(sorted(words, key=int) if all(word.isascii() and word.isdigit() for word in words) else words)


def as_integers(labels: Sequence[str | None], classes: Sequence[str]) -> NDArray[np.int64]:
    """Return the index of each label in `classes` [N]; -1 where the set has no classes."""
    index: dict[str | None, int] = {name: label for label, name in enumerate(classes)}
    return np.array([index.get(label, -1) for label in labels], np.int64)


def write_pixels(path: Path, spool: Path, chosen: NDArray[np.bool_], shape: tuple[int, int, int]) -> Iterator[bytes]:
    """Write the `chosen` [N] of the N images in `spool` as an .npy file, yielding its pixel bytes in pieces."""
    image_bytes = math.prod(shape)
    step = max(1, _CHUNK_BYTES // image_bytes)
    header = {"descr": "|u1", "fortran_order": False, "shape": (int(chosen.sum()), *shape)}
    with path.open("wb") as target, spool.open("rb") as source:
        np.lib.format.write_array_header_1_0(target, header)
        for start in range(0, len(chosen), step):
            part = chosen[start : start + step]
            images = np.fromfile(source, np.uint8, len(part) * image_bytes).reshape(len(part), image_bytes)
            chunk = images[part].tobytes()
            target.write(chunk)
            yield chunk


def _record(labels: NDArray[np.int64], classes: Sequence[str]) -> SplitRecord:
    per_class = np.bincount(labels, minlength=len(classes)).tolist() if classes else []
    return SplitRecord(count=len(labels), per_class=tuple(per_class))


def _flush_to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
