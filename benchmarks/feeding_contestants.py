"""Ways to feed batches to a training; each run is a process of its own, which prints what it took as JSON.

`python -m benchmarks.feeding_contestants JOB` with a `Job` as JSON; `feeding` starts it.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from benchmarks.image_folder import ImageFolder
from ganvas.data.feed import Feed
from ganvas.images import Pixels
from ganvas.players import from_pixels

IMAGES, LABELS, FILES = "images.npy", "labels.npy", "png"
RATE, OWN, GROWN, MAPPED = "images_per_second", "own_mb", "grown_mb", "mapped_mb"
_WARM_UP = 3


class Job(NamedTuple):
    """What to do: `kind` is a row of `KINDS`; `folder` has `images.npy`, `labels.npy` and `png/`."""

    kind: str
    folder: str
    side: int
    batch_size: int
    num_batches: int
    workers: int = 0


class Mapped(Dataset[tuple[Tensor, int]]):
    """Images of a memory-mapped array one by one, as a `Dataset` is written first."""

    def __init__(self, folder: str) -> None:
        self.images, self.labels = _arrays(folder)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return torch.from_numpy(np.array(self.images[index])), int(self.labels[index])


def ours(job: Job) -> Iterator[Tensor]:
    """Yield the batches of a `Feed` over the mapped array."""
    images, labels = _arrays(job.folder)
    with Feed.from_arrays(images, labels, job.batch_size, seed=0) as feed:
        for index in range(_WARM_UP + job.num_batches):
            yield from_pixels(feed.batch(index).pixels)


def loader(job: Job) -> Iterator[Tensor]:
    """Yield the batches of a `DataLoader` over the same mapped array, shuffled."""
    for images, _ in _endless(Mapped(job.folder), job):
        yield from_pixels(images)


def files(job: Job) -> Iterator[Tensor]:
    """Yield the batches of a `DataLoader` over PNG files, as `ImageFolder` reads them."""
    for images, _ in _endless(ImageFolder(str(Path(job.folder, FILES)), job.side), job):
        yield images.mul(2).sub(1)


KINDS: dict[str, Callable[[Job], Iterator[Tensor]]] = {"feed": ours, "loader": loader, "files": files}


def run(job: Job) -> dict[str, float]:
    """Take batches, float [N, C, H, W] in [-1, 1], and tell images a second and memory in MB; the first do not count.

    `own_mb` is the memory of the process and its workers without what is mapped from files, `grown_mb` how much of it
    came after the imports, `mapped_mb` what of the images is mapped: the system takes it back where it is needed.
    """
    before, mapped_before = _memory()
    batches = KINDS[job.kind](job)
    for _ in range(_WARM_UP):
        next(batches)
    begun = time.perf_counter()
    for _ in range(job.num_batches):
        assert next(batches).shape[-1] == job.side
    seconds = time.perf_counter() - begun
    own, mapped = _memory()
    batches.close()  # pyright: ignore[reportAttributeAccessIssue]
    return {
        RATE: job.num_batches * job.batch_size / seconds,
        OWN: own / 1e6,
        GROWN: (own - before) / 1e6,
        MAPPED: (mapped - mapped_before) / 1e6,
    }


def _arrays(folder: str) -> tuple[Pixels, np.ndarray]:
    return np.load(Path(folder, IMAGES), mmap_mode="r"), np.load(Path(folder, LABELS))


def _endless(dataset: Dataset[tuple[Tensor, int]], job: Job) -> Iterator[tuple[Tensor, Tensor]]:
    batches = DataLoader(dataset, job.batch_size, shuffle=True, num_workers=job.workers, drop_last=True)
    while True:
        yield from batches


def _memory() -> tuple[int, int]:
    """Return the bytes of this process and its children that are theirs, and those of mapped files (Linux)."""
    children = [text.split() for path in Path("/proc/self/task").glob("*/children") for text in [path.read_text()]]
    found = [_shares(process) for process in [str(os.getpid()), *(child for some in children for child in some)]]
    return sum(own for own, _ in found), sum(mapped for _, mapped in found)


def _shares(process: str) -> tuple[int, int]:
    """Return a process's proportional shares of memory, its own and mapped; what others share counts in part."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return kilobytes["Pss_Anon"] << 10, kilobytes["Pss_File"] << 10


if __name__ == "__main__":
    print(json.dumps(run(Job(*json.loads(sys.argv[1])))))
