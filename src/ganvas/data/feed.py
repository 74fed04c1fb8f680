"""Batches as a pure function of (seed, index): resume is free, and worker count changes nothing."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganvas.data.dealing import Dealing
from ganvas.data.labels import smallest
from ganvas.data.lanes import SHARDS_AT_ONCE, Lanes
from ganvas.data.reading import ArrayReader, PixelReader
from ganvas.data.scalings.contract import Scaling
from ganvas.data.splitting import Split
from ganvas.errors import DataError, UsageError
from ganvas.images import Pixels
from ganvas.seeds import Stream


class Pictures(Protocol):
    """What a feed reads: a `Dataset`, or arrays in memory."""

    def reader(self, split: Split) -> PixelReader:
        """Return what reads images by their rows."""
        ...

    def labels(self, split: Split) -> NDArray[np.int64] | None:
        """Return labels [N], or None."""
        ...

    def weights(self, split: Split) -> NDArray[np.float64] | None:
        """Return how much each image counts [N], above 0; None for 1 each."""
        ...


class Batch(NamedTuple):
    """Pixels [B, H, W, C], uint8 or, with a scaling, float32; labels, int64 [B] (None when unlabelled)."""

    pixels: Tensor
    labels: Tensor | None


@dataclass(frozen=True)
class _Arrays:
    """Arrays in memory, the same for every split."""

    images: Pixels
    classes: NDArray[np.int64] | None
    image_weights: NDArray[np.float64] | None

    def reader(self, split: Split) -> PixelReader:
        return ArrayReader(self.images)

    def labels(self, split: Split) -> NDArray[np.int64] | None:
        return self.classes

    def weights(self, split: Split) -> NDArray[np.float64] | None:
        return self.image_weights


class Feed:
    """Deals a split out in an endless row of epochs, each in its own order drawn by `Stream(seed, "order", epoch)`.

    Without `shuffle` every epoch has the natural order. An epoch has as many positions as there are images; weights,
    `balance_alpha` below 1 and `max_repeats` change how often each image is in it (`dealing`), and `class_shares` [K]
    says how often each class. `mirror` shows images left-right reversed half of the time, drawn for each position by
    `Stream(seed, "mirror")`. `workers` threads read ahead; close the feed to end them. A `scaling` turns the bytes into
    what the networks see; without one batches are bytes. `part` (first, number) deals only those samples of each batch.
    Images in shards have an order of their own (`lanes`), of `shards_at_once` lanes.
    """

    def __init__(
        self,
        pictures: Pictures,
        batch_size: int,
        seed: int = 0,
        split: Split = "train",
        shuffle: bool = True,
        workers: int = 0,
        balance_alpha: float = 1.0,
        max_repeats: int = 0,
        scaling: Scaling | None = None,
        mirror: bool = False,
        part: tuple[int, int] | None = None,
        shards_at_once: int = SHARDS_AT_ONCE,
    ) -> None:
        if batch_size < 1:
            raise UsageError(f"A batch holds at least 1 image, not {batch_size}.")
        self.reader = pictures.reader(split)
        self.num_images = len(self.reader)
        if not self.num_images:
            raise DataError(f"The split `{split}` holds no images. Prepare the dataset with a test fraction above 0.")
        self.batch_size = batch_size
        self.first, self.num = part or (0, batch_size)
        self.workers = workers
        self.scaling = scaling
        self.mirrors = Stream(seed, "mirror") if mirror else None
        labels, weights = pictures.labels(split), pictures.weights(split)
        self.classes = None if labels is None else smallest(labels)  # of millions, 1 byte each in place of 8
        del labels
        dealing = Dealing(self.num_images, self.classes, weights, balance_alpha, max_repeats, seed, shuffle)
        self.class_shares = dealing.class_shares
        self._epoch = lru_cache(maxsize=2)(dealing.rows)
        self._lead = 1
        self._lanes = self._lanes_of(shards_at_once, seed, shuffle, weights is not None or balance_alpha != 1)
        self._pool = ThreadPoolExecutor(workers, "feed") if workers else None
        self._ahead: dict[int, Future[Batch]] = {}

    @classmethod
    def from_arrays(
        cls,
        pixels: Pixels,
        labels: NDArray[np.int64] | None,
        batch_size: int,
        seed: int = 0,
        shuffle: bool = True,
        workers: int = 0,
        weights: NDArray[np.float64] | None = None,
        balance_alpha: float = 1.0,
        max_repeats: int = 0,
        scaling: Scaling | None = None,
        mirror: bool = False,
        part: tuple[int, int] | None = None,
    ) -> Self:
        """Make a feed of images in memory, uint8 [N, H, W, C], their labels [N] and weights [N].

        Raises `UsageError` where types, shapes or numbers do not fit each other.
        """
        if pixels.ndim != 4 or pixels.dtype != np.uint8:
            raise UsageError(f"Expected uint8 images [N, H, W, C], found {pixels.dtype} {list(pixels.shape)}.")
        if labels is not None and labels.shape != pixels.shape[:1]:
            raise UsageError(f"Expected {len(pixels)} labels, one per image, found {list(labels.shape)}.")
        arrays = _Arrays(pixels, labels, weights)
        options = (balance_alpha, max_repeats, scaling, mirror, part)
        return cls(arrays, batch_size, seed, "train", shuffle, workers, *options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def batch(self, index: int) -> Batch:
        """Return batch `index` >= 0: positions index B ... index B + B - 1 of the row of epochs, or a part of them."""
        if self._pool is None:
            return self._read(index)
        wanted = range(index, index + 2 * self.workers + 1)
        for stale in self._ahead.keys() - set(wanted):
            self._ahead.pop(stale).cancel()
        for position in wanted:
            if position not in self._ahead:
                self._ahead[position] = self._pool.submit(self._read, position)
        return self._ahead.pop(index).result()

    def close(self) -> None:
        """End the reading ahead; batches can still be asked for."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self.reader.close()
        if self._pool is not None:
            self._pool.shutdown()
        self._pool = None
        self._ahead.clear()

    def _read(self, index: int) -> Batch:
        rows = self._rows(index)
        images = self.reader.read(rows)
        if self.mirrors is not None:
            first = index * self.batch_size + self.first
            reversed_ = self.mirrors._replace(first=first).integers(self.num, 2) == 1
            images[reversed_] = images[reversed_, :, ::-1]
        pixels = torch.from_numpy(images if self.scaling is None else self.scaling.apply(images))
        labels = None if self.classes is None else torch.from_numpy(self.classes[rows].astype(np.int64))
        return Batch(pixels, labels)

    def _rows(self, index: int) -> NDArray[Any]:
        """Return the rows of the images of batch `index` [B]."""
        if (lanes := self._lanes) is None:
            return np.concatenate([self._epoch(epoch)[places] for epoch, places in self._places(index)])
        self.reader.expect([shard for at in self._places(index + self._lead) for shard in lanes.shards(*at)])
        return np.concatenate([lanes.rows(epoch, places) for epoch, places in self._places(index)])

    def _places(self, index: int) -> list[tuple[int, NDArray[np.int64]]]:
        """Return the epochs that batch `index` shows images of, with their places in them; [B] in all."""
        positions = index * self.batch_size + np.arange(self.first, self.first + self.num)
        epochs, places = positions // self.num_images, positions % self.num_images
        return [(int(epoch), places[epochs == epoch]) for epoch in np.unique(epochs)]

    def _lanes_of(self, num: int, seed: int, shuffle: bool, uneven: bool) -> Lanes | None:
        """Return the order of images in shards; None where they do not lie in any."""
        sizes = self.reader.sizes
        if sizes is None:
            return None
        if uneven:
            raise UsageError(
                "Images in shards are shown once an epoch each: weights and an alpha below 1 need the dataset folder."
            )
        self._lead = max(1, max(sizes) * min(num, self.batch_size) // self.batch_size)  # batches that use a shard up
        return Lanes(sizes, self.batch_size, num, seed, shuffle)
