"""Images a second that a training can be fed, and the memory of it: `python -m benchmarks.feeding`.

All give shuffled batches of float images [N, C, H, W] in [-1, 1], with labels. The contestants take turns, each run in
a process of its own; the files were just written, so nobody waits for the disk.
"""

import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tyro
from rich.table import Table

from benchmarks.console import wide_console
from benchmarks.feeding_contestants import FILES, GROWN, IMAGES, LABELS, MAPPED, OWN, RATE, Job
from benchmarks.machine import facts
from benchmarks.outcome import Occasion, Outcome, Row, Spread
from benchmarks.pictures import pictures
from benchmarks.turns import Turn, plain, ratio, row, spread, take_turns
from ganvas.images import save_png

OURS, LOADER = "Ganvas, `Feed`", "DataLoader, mapped"
SIDES = (32, 64)
BATCH_SIZE = 64
CONTESTANTS = {
    OURS: ("feed", 0),
    f"{LOADER}, 0 workers": ("loader", 0),
    f"{LOADER}, 2 workers": ("loader", 2),
    "DataLoader, PNG files, 0 workers": ("files", 0),
    "DataLoader, PNG files, 2 workers": ("files", 2),
}
SLOWER = {"feed": 4, "loader": 1, "files": 1}
"""How many times the batches each is asked for, so that nobody's turn is too short to time."""


class Fed(NamedTuple):
    """All turns at one size: images a second, and what else was measured of each contestant in each turn."""

    side: int
    turns: list[Turn]
    memory: dict[str, list[dict[str, float]]]


def main(
    images: int = 50_000,
    num_files: int = 5_000,
    batches: int = 300,
    repetitions: int = 5,
    json_out: Path | None = None,
) -> None:
    """Time how batches come from the disk to a training.

    Args:
        images: Images of the mapped array.
        num_files: PNG files, the first of them.
        batches: Batches of 64 images in a turn.
        repetitions: Turns of each contestant.
        json_out: File for all figures.
    """
    console, found = wide_console(), []
    with tempfile.TemporaryDirectory() as folder:
        for side in SIDES:
            console.print(f"{side}x{side}x3: {repetitions} turns of {batches} batches ...")
            found.append(timed(Path(folder), side, images, num_files, batches, repetitions))
    for one in found:
        console.print(tabulate(one))
    if json_out is not None:
        report = {"machine": facts(1), "images": images, "sizes": {one.side: _plain(one) for one in found}}
        json_out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def benchmark(occasion: Occasion) -> Outcome:
    """Time feeding at both sizes."""
    rows, details = [], {}
    num, num_files, batches = occasion.either(400, 50_000), occasion.either(200, 5_000), occasion.either(3, 300)
    for side in SIDES:
        found = timed(occasion.folder, side, num, num_files, batches, occasion.either(1, 3))
        rows += rows_of(found)
        details[f"{side}x{side}x3"] = _plain(found)
    return Outcome(rows, details)


def rows_of(found: Fed) -> list[Row]:
    """Return our rate beside everybody's, and our memory beside that of a loader with workers."""
    size = f"{found.side}x{found.side}x3"
    rows = [
        row(f"feeding batches of {BATCH_SIZE}, {size}", "images/s", found.turns, OURS, peer, rate=True)
        for peer in CONTESTANTS
        if peer != OURS
    ]
    memory = [turn._replace(values=_of_turn(found, index, OWN)) for index, turn in enumerate(found.turns)]
    peer = f"{LOADER}, 2 workers"
    return [*rows, row(f"memory of feeding, {size}, but the mapped images", "MB", memory, OURS, peer)]


def timed(folder: Path, side: int, num: int, num_files: int, batches: int, repetitions: int) -> Fed:
    """Write pictures, let the contestants take turns at them, remove them."""
    memory: dict[str, list[dict[str, float]]] = {name: [] for name in CONTESTANTS}

    def rate(name: str, place: str) -> float:
        kind, workers = CONTESTANTS[name]
        job = Job(kind, place, side, BATCH_SIZE, SLOWER[kind] * batches, workers)
        memory[name].append(_in_a_process(job))
        return memory[name][-1][RATE]

    with tempfile.TemporaryDirectory(dir=folder) as place:
        write(Path(place), side, num, num_files)
        turns = take_turns({name: partial(rate, name, place) for name in CONTESTANTS}, repetitions)
    return Fed(side, turns, memory)


def write(folder: Path, side: int, num: int, num_files: int) -> None:
    """Write pictures as one array with labels, and the first of them as PNG files in a folder for each class."""
    pixels, labels = pictures(num, side, 3)
    np.save(folder / IMAGES, pixels)
    np.save(folder / LABELS, labels)
    for index in range(num_files):
        place = folder / FILES / str(labels[index])
        place.mkdir(parents=True, exist_ok=True)
        save_png(place / f"{index:06d}.png", pixels[index])


def tabulate(found: Fed) -> Table:
    """Return the table to print."""
    title = f"{found.side}x{found.side}x3, batches of {BATCH_SIZE}: median of the turns (least to most)"
    table = Table("", "images/s", "times ours", "own MB", "of it after imports", "mapped MB", title=title)
    for name, told in found.memory.items():
        megabytes = (f"{Spread.of([one[key] for one in told]).median:,.0f}" for key in (OWN, GROWN, MAPPED))
        beside = ratio(found.turns, name, OURS).words(".2f")
        table.add_row(name, spread(found.turns, name).words(",.4g"), beside, *megabytes)
    return table


def _of_turn(found: Fed, index: int, key: str) -> dict[str, float]:
    return {name: told[index][key] for name, told in found.memory.items()}


def _in_a_process(job: Job) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.feeding_contestants", json.dumps(job)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def _plain(found: Fed) -> dict[str, Any]:
    return {"turns": plain(found.turns), "memory": found.memory}


if __name__ == "__main__":
    tyro.cli(main)
