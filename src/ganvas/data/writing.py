"""Writing a dataset folder: readable images and the ledger as they come; verdicts and splits at the end."""

import hashlib
import math
import os
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from ganvas.data.card import CARD, Card, SourceRecord, SplitRecord, pixel_file
from ganvas.data.choices import Choices
from ganvas.data.inspection import Finding
from ganvas.data.judging import judge, readable
from ganvas.data.ledger import LEDGER, OUTCOMES, LedgerWriter, row_of
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.scaling import fit_scaling, save_scaling
from ganvas.data.scalings.contract import Scaling, ScalingSettings
from ganvas.data.sources.source import Item, Source
from ganvas.data.splitting import SPLITS, Split, held_out
from ganvas.data.spool import Spool
from ganvas.errors import DamagedError
from ganvas.images import Pixels
from ganvas.storage import json_bytes, read_json, write_file, write_json

_REQUEST, _LEDGER, _SPOOL = "request.part", "manifest.part", "pixels.part"
_RESUMED = {_REQUEST, _LEDGER, f"{_LEDGER}-journal", _SPOOL}
PARTS = (*sorted(_RESUMED), f"{LEDGER}-journal")
_COMMIT_SECONDS = 2.0
_COMMIT_ROWS = 5000
_FITTED_BYTES = 1 << 22  # at once; some ten times as much in float64


class Kept(NamedTuple):
    """The columns of the images that stay, each [N], in the order of reading."""

    numbers: NDArray[np.int64]
    places: NDArray[np.int64]
    labels: list[str | None]
    declared: list[Split | None]
    clusters: NDArray[np.int64]
    weights: NDArray[np.float64]


class DatasetWriter:
    """Takes findings in order, after those that an interrupted writer with the same `request` left in the folder.

    `judge` decides which images stay; `finish` divides those, at least one, and writes the card.
    """

    def __init__(self, folder: Path, preprocessing: Preprocessing, request: Any = None) -> None:  # noqa: ANN401
        self.folder = folder
        self.preprocessing = preprocessing
        self.num_files = self.num_readable = 0
        goes_on = request is not None and self._is_same(request)
        self.has_begun_afresh = not goes_on and (folder / _REQUEST).exists()
        self._empty(_RESUMED if goes_on else set())
        self.ledger = LedgerWriter(folder / _LEDGER)
        self.num_files, self.num_readable = self.ledger.ask("SELECT COUNT(*), COUNT(place) FROM files")[0]
        self.spool = Spool(folder / _SPOOL, preprocessing.shape, self.num_readable)
        self.commit()
        if request is not None:
            write_json(folder / _REQUEST, request)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ledger.close()
        self.spool.close()

    def add(self, source: Source, item: Item, finding: Finding, weight: float = 1.0) -> None:
        """Record one item: its pixels when readable, its row in the ledger always."""
        row = row_of(self.num_files, source, item, finding, weight)
        if finding.pixels is not None:
            self.spool.add(finding.pixels)
            row = row._replace(place=self.num_readable)
            self.num_readable += 1
        self.num_files += 1
        self.ledger.add(row)
        if len(self.ledger.pending) >= _COMMIT_ROWS or time.monotonic() - self.committed_at > _COMMIT_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Bring all that was added to the disk, pixels first."""
        self.spool.flush()
        self.ledger.commit()
        self.committed_at = time.monotonic()

    def judge(self, choices: Choices) -> None:
        """Decide what becomes of each readable image, now that all are known."""
        self.commit()
        self.ledger.judge(judge(readable(self.ledger), choices.policies, choices.quality, choices.alike))

    def kept(self) -> Kept:
        """Return the images that stay."""
        names = "number, place, label, declared, cluster, weight"
        columns: list[list[Any]] = [[] for _ in range(6)]
        same: dict[Any, Any] = {}  # one object for each label, however often it comes
        for rows in self.ledger.stream(f"SELECT {names} FROM files WHERE outcome = 'kept' ORDER BY number"):  # noqa: S608
            for column, values in zip(columns, zip(*rows, strict=True), strict=True):
                column += [same.setdefault(value, value) for value in values]
        numbers, places, labels, declared, clusters, weights = columns
        return Kept(
            numbers=np.array(numbers, np.int64),
            places=np.array(places, np.int64),
            labels=labels,
            declared=declared,
            clusters=np.array([-1 if cluster is None else cluster for cluster in clusters], np.int64),
            weights=np.array(weights, np.float64),
        )

    def num_kept(self, labelled: bool = False) -> int:
        """Return how many images stay, or how many of those have a label."""
        return self._count("outcome = 'kept'" + " AND label IS NOT NULL" * labelled)

    def counts(self, column: str) -> list[tuple[str, Any, int]]:
        """Return outcome, value of `column` and how many files have both, in order."""
        return self.ledger.ask(f"SELECT outcome, {column}, COUNT(*) FROM files GROUP BY 1, 2 ORDER BY 1, 2")  # noqa: S608

    def first_left_out(self, limit: int) -> list[tuple[str, str]]:
        """Return path and reason of the first files that do not stay."""
        return self.ledger.ask(
            f"SELECT path, reason FROM files WHERE outcome != 'kept' ORDER BY number LIMIT {int(limit)}"  # noqa: S608
        )

    def finish(self, sources: Sequence[Source], choices: Choices, weights: Sequence[float] = ()) -> Card:
        """Divide the images that stay, write pixel files, ledger and card, and return the card."""
        kept = self.kept()
        classes = class_names(kept.labels)
        labels = as_integers(kept.labels, classes)  # [N]
        test = held_out(labels, kept.declared, choices.splitting, kept.clusters)
        digest = hashlib.sha256(json_bytes({"shape": self.preprocessing.shape, "classes": classes}))
        splits: dict[Split, SplitRecord] = {}
        for split in SPLITS:
            chosen = test == (split == "test")  # [N]
            digest.update(json_bytes({"split": split, "labels": labels[chosen].tolist()}))
            if (kept.weights != 1).any():
                digest.update(json_bytes({"weights": kept.weights[chosen].tolist()}))
            for chunk in self.spool.copy(self.folder / pixel_file(split), kept.places[chosen]):
                digest.update(chunk)
            self.ledger.place(split, kept.numbers[chosen].tolist())
            splits[split] = _record(labels[chosen], classes)
        scaling = self._fit_scaling(choices.scaling, splits["train"].count)
        save_scaling(scaling, self.folder)
        if scaling is not None:
            digest.update(json_bytes({"scaling": choices.scaling.plain()}))
        card = Card(
            **dict(zip(("height", "width", "channels"), self.preprocessing.shape, strict=True)),  # pyright: ignore[reportArgumentType]
            classes=classes,
            splits=splits,
            preprocessing=self.preprocessing,
            scaling=choices.scaling,
            scaling_constants={} if scaling is None else scaling.constants(),
            splitting=choices.splitting,
            policies=choices.policies,
            sources=self._source_records(sources, weights),
            outcomes={outcome: self._count(f"outcome = '{outcome}'") for outcome in OUTCOMES},
            left_out_by_kind=self._counts_by("kind", "outcome != 'kept'"),
            licences=self._counts_by("COALESCE(licence, '')", "outcome = 'kept'"),
            flags=self._flag_counts(),
            content_hash=digest.hexdigest(),
        )
        self.ledger.finish(self.folder / LEDGER)
        write_file(self.folder / CARD, json_bytes(card.plain()))
        return card

    def pixels(self, places: Sequence[int]) -> Pixels:
        """Return readable images [N, H, W, C] by their place, whatever became of them."""
        return self.spool.read(places)

    def clean(self) -> None:
        """Close what is open, and flush all to the disk; whoever seals the folder removes its parts."""
        self.ledger.close()
        self.spool.close()
        for name in PARTS:
            if not name.endswith(".part"):
                (self.folder / name).unlink(missing_ok=True)
        for path in self.folder.iterdir():
            _flush_to_disk(path)

    def _fit_scaling(self, settings: ScalingSettings, count: int) -> Scaling | None:
        """Return the scaling fitted to the training split's pixel file; None for symmetric."""
        if settings.is_symmetric:
            return None
        pixels = np.load(self.folder / pixel_file("train"), mmap_mode="r" if count else None)
        step = max(1, _FITTED_BYTES // self.spool.image_bytes)
        return fit_scaling(
            settings, lambda: (np.asarray(pixels[start : start + step]) for start in range(0, count, step))
        )

    def _is_same(self, request: Any) -> bool:  # noqa: ANN401
        """Tell whether the folder holds the beginning of the same work, whole."""
        try:
            if read_json(self.folder / _REQUEST) != request:
                return False
        except DamagedError:
            return False
        spool, ledger = self.folder / _SPOOL, self.folder / _LEDGER
        if not spool.is_file() or not ledger.is_file():
            return False
        with LedgerWriter(ledger) as writer:
            num_readable = writer.ask("SELECT COUNT(place) FROM files")[0][0]
        return spool.stat().st_size >= num_readable * math.prod(self.preprocessing.shape)

    def _empty(self, but: set[str]) -> None:
        """Remove what is not gone on with: other choices may never write it again."""
        for path in self.folder.iterdir():
            if path.name not in but:
                path.unlink()

    def _count(self, where: str) -> int:
        return self.ledger.ask(f"SELECT COUNT(*) FROM files WHERE {where}")[0][0]  # noqa: S608

    def _counts_by(self, column: str, where: str) -> dict[str, int]:
        return dict(self.ledger.ask(f"SELECT {column}, COUNT(*) FROM files WHERE {where} GROUP BY 1 ORDER BY 1"))  # noqa: S608

    def _flag_counts(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for flags, count in self._counts_by("flags", "outcome = 'kept' AND flags != ''").items():
            for flag in flags.split(","):
                counts[flag] += count
        return dict(sorted(counts.items()))

    def _source_records(self, sources: Sequence[Source], weights: Sequence[float]) -> tuple[SourceRecord, ...]:
        outcomes: dict[str, Counter[str]] = {source.name: Counter() for source in sources}
        for outcome, name, count in self.counts("source"):
            outcomes[name][outcome] += count
        return tuple(
            SourceRecord(
                name=source.name,
                reader=source.reader,
                origin=source.origin,
                licence=source.licence,
                weight=weight,
                kept=outcomes[source.name]["kept"],
                refused=outcomes[source.name]["refused"],
                left_out=outcomes[source.name].total()
                - outcomes[source.name]["kept"]
                - outcomes[source.name]["refused"],
                note=source.note,
            )
            for source, weight in zip(sources, weights or [1.0] * len(sources), strict=True)
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


def _record(labels: NDArray[np.int64], classes: Sequence[str]) -> SplitRecord:
    per_class = np.bincount(labels, minlength=len(classes)).tolist() if classes else []
    return SplitRecord(count=len(labels), per_class=tuple(per_class))


def _flush_to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
