"""Resident memory and time of feeding from files larger than memory: `python -m benchmarks.feeding_memory`.

Each way of reading is a process of its own that deals batches all over a store: of its memory (`/proc/self/status`, so
Linux only) the process's own part and the part that is pages of files are taken after the first batch, a third of the
way and at the end. The images are noise; a sparse store takes no room on the disk, and what is read of it is zeros.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from benchmarks.outcome import Occasion, Outcome, Row, Spread

TEMPORARY = Path(tempfile.gettempdir())
WAYS = {"mapped": 1 << 62, "read": 0}
"""The largest file that is mapped, in bytes: all of them, or none."""


def main(
    gigabytes: tuple[float, ...] = (1.0, 4.0),
    sparse: tuple[float, ...] = (50.0,),
    side: int = 64,
    batches: int = 100,
    batch_size: int = 64,
    work: Path = TEMPORARY,
    json_out: Path | None = None,
) -> None:
    """Measure what feeding from pixel files leaves in memory.

    Args:
        gigabytes: Sizes of real stores.
        sparse: Sizes of stores without bytes.
        side: Pixels of an image's side, in colour.
        batches: Batches that are dealt.
        batch_size: Images of each.
        work: Folder for the stores; they are removed.
        json_out: File for all figures.
    """
    found: list[dict[str, Any]] = []
    for size, is_sparse in [*((size, False) for size in gigabytes), *((size, True) for size in sparse)]:
        found += measured(work, size, is_sparse, side, batches, batch_size)
    Console(width=120).print(tabulate(found))
    if json_out is not None:
        json_out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def benchmark(occasion: Occasion) -> Outcome:
    """Compare what memory grows by from the first batch to the last: rows that are read, and a file that is mapped."""
    size = 0.1 if occasion.quick else 2.0
    found = measured(occasion.folder, size, is_sparse=False, side=64, batches=occasion.either(6, 200), batch_size=64)
    grown = {one["way"]: max(sum(one["resident"][-1]) - sum(one["resident"][0]), 1.0) for one in found}
    times = Spread.of([grown["mapped"] / grown["read"]])
    name = f"{size:g} GB of pixels, growth of memory"
    return Outcome([Row(name, "MiB", grown["read"], "a mapped file", grown["mapped"], times)], {"found": found})


def measured(
    work: Path, size: float, is_sparse: bool, side: int, batches: int, batch_size: int
) -> list[dict[str, Any]]:
    """Write a store of so many gigabytes, feed from it in each way, remove it; return what each way took."""
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(dir=work) as folder:
        path = Path(folder) / "pixels-train.npy"
        write_store(path, int(size * 1e9) // (3 * side * side), side, is_sparse)
        for way in WAYS:
            task = json.dumps({"path": str(path), "way": way, "batches": batches, "batch_size": batch_size})
            command = [sys.executable, "-c", f"from benchmarks.feeding_memory import feed; feed({task!r})"]
            answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found.append({"gigabytes": size, "sparse": is_sparse, "way": way, **json.loads(answer)})
    return found


def write_store(path: Path, count: int, side: int, is_sparse: bool) -> None:
    """Write an .npy file of `count` images of noise, or of nothing."""
    noise = np.random.default_rng(0).integers(0, 256, 1 << 26, dtype=np.uint8).tobytes()
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, side, side, 3)}
        np.lib.format.write_array_header_1_0(file, header)
        size = file.tell() + count * side * side * 3
        while not is_sparse and file.tell() < size:
            file.write(noise[: size - file.tell()])
        file.truncate(size)


def feed(text: str) -> None:
    """Deal batches from a store in this process, and print what that took."""
    from ganvas.data.feed import Feed
    from ganvas.data.reading import reader_of

    task = json.loads(text)
    pixels = np.load(task["path"], mmap_mode="r")

    class Store:
        def reader(self, split: str):
            return reader_of(pixels, WAYS[task["way"]])

        def labels(self, split: str):
            return np.arange(len(pixels)) % 10

        def weights(self, split: str):
            return None

    begun = time.perf_counter()
    dealt, resident, seconds = Feed(Store(), task["batch_size"]), [], []
    for index in range(task["batches"]):
        dealt.batch(index)
        seconds.append(time.perf_counter())
        if index in (0, task["batches"] // 3, task["batches"] - 1):
            resident.append(resident_mib())
    each = (seconds[-1] - seconds[0]) / (len(seconds) - 1) / task["batch_size"]
    report = {"images": len(pixels), "resident": resident, "first": seconds[0] - begun, "microseconds": 1e6 * each}
    print(json.dumps(report))


def resident_mib() -> tuple[float, float]:
    """Return this process's resident memory in MiB: its own, and pages of files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    values = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith("Rss")}
    return values["RssAnon"], values["RssFile"]


def tabulate(found: list[dict]) -> Table:
    """Return all measurements as a table."""
    table = Table(title="MiB resident, own + files'")
    names = ("GB", "images", "way", "first batch", "a third", "the end", "s to the first", "us an image")
    for name in names:
        table.add_column(name, justify="left" if name == "way" else "right")
    for one in found:
        memory = [f"{own:.0f} + {files:.0f}" for own, files in one["resident"]]
        size = f"{one['gigabytes']:g}{' sparse' if one['sparse'] else ''}"
        times = (f"{one['first']:.2f}", f"{one['microseconds']:.1f}")
        table.add_row(size, f"{one['images']:,}", one["way"], *memory, *times)
    return table


if __name__ == "__main__":
    tyro.cli(main)
