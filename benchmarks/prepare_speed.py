"""Images a second that become a dataset, here and elsewhere: `python -m benchmarks.prepare_speed`.

The contestants read the same files in turns, A B C A B C ..., each run in a process of its own; each is given as the
median of its turns, and as the median of its ratios within a turn to the contestant it is compared with.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import PIL
import tyro

from benchmarks.benchmark import data_folder
from benchmarks.console import wide_console
from benchmarks.machine import CUBE, facts, product_rate
from benchmarks.outcome import Occasion, Outcome, Row, Spread
from benchmarks.prepare_contestants import Job
from benchmarks.prepare_pictures import PHOTO_QUALITY, PHOTO_SIZE, cifar, compared, described, files, photos
from benchmarks.prepare_steps import microseconds
from benchmarks.prepare_tables import memory_table, phase_table, step_table, work_table
from ganvas.errors import UsageError

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
LOOP, LOOPS = "Pillow loop, 1 process", f"Pillow loop, {CORES} processes"
ALONE, ONE, ALL = "Ganvas, no worker", "Ganvas, 1 worker", f"Ganvas, {CORES} workers"


class Contestant(NamedTuple):
    """A row of `prepare_contestants.KINDS` with so many workers, compared with another of the same work."""

    name: str
    kind: str
    workers: int
    beside: str


class Work(NamedTuple):
    """A folder of files to bring to one size, and who does it."""

    name: str
    folder: Path
    size: int
    contestants: tuple[Contestant, ...]


Turn = dict[str, Any]
"""What each contestant took in one turn, by its name; and `product_rate` and `load`, measured just before."""

CIFAR_CONTESTANTS = (
    Contestant(LOOP, "pillow", 1, LOOP),
    Contestant(ALONE, "ganvas", 0, LOOP),
    Contestant(ONE, "ganvas", 1, LOOP),
    Contestant(f"ImageFolder, {CORES} workers", "loader", CORES, LOOP),
    Contestant(ALL, "ganvas", CORES, f"ImageFolder, {CORES} workers"),
)
PHOTO_CONTESTANTS = (
    Contestant(LOOP, "pillow", 1, LOOP),
    Contestant("the same with `draft`", "draft", 1, LOOP),
    Contestant(ALONE, "ganvas", 0, LOOP),
    Contestant(ONE, "ganvas", 1, LOOP),
    Contestant(LOOPS, "pillow", CORES, LOOP),
    Contestant(ALL, "ganvas", CORES, LOOPS),
)


def main(
    data_dir: Path | None = None,
    work: Path | None = None,
    images: int = 60_000,
    photos: int = 600,
    repetitions: int = 3,
    memory: tuple[int, ...] = (2_000, 20_000, 60_000),
    json_out: Annotated[Path | None, tyro.conf.arg(name="json")] = None,
) -> None:
    """Time how folders of images become datasets, beside a plain loop with Pillow and a PyTorch `DataLoader`.

    Args:
        data_dir: Folder with `cifar10.tar` and `messy.tar`; by default `GANVAS_DATA`.
        work: Where the files to read are made, once, and kept; by default a temporary folder.
        images: Files of CIFAR-10.
        photos: Photographs of 12 megapixels; 0 leaves them out.
        repetitions: Turns of each contestant.
        memory: Numbers of files of CIFAR-10 for which the peak memory is measured.
        json_out: File for all figures.
    """
    console, data = wide_console(), _data_folder(data_dir)
    with ExitStack() as stack:
        place = work or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        out = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=_made(place))))
        machine = facts(0) | {"pillow": PIL.__version__, "photo_quality": PHOTO_QUALITY}
        report: dict[str, Any] = {"machine": machine, "works": {}, "steps": {}}
        works = _works(data, place, images, photos, console.print)
        for one in works:
            turns = take_turns(one, repetitions, out, console.print)
            report["works"][one.name] = described(one.folder) | figures(one, turns)
            num = 1000 if one.size == 32 else 20
            report["steps"][one.name] = {
                step: Spread.of(values)._asdict() for step, values in microseconds(one.folder, one.size, num, 5).items()
            }
        report["memory"] = [measure_memory(cifar(data, place, num), num, out, console.print) for num in memory]
    for table in (work_table(report), phase_table(report), step_table(report), memory_table(report)):
        console.print(table)
    if json_out is not None:
        json_out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def benchmark(occasion: Occasion) -> Outcome:
    """Time how PNG files and photographs become a dataset, beside a Pillow loop and an ImageFolder."""
    place = _made(occasion.work or occasion.folder / "files")
    num, num_photos, turns = occasion.either(200, 20_000), occasion.either(0, 100), occasion.either(1, 3)
    rows, details = [], {}
    for work in _works(data_folder(), place, num, num_photos, occasion.say):
        found = figures(work, take_turns(work, turns, _made(occasion.folder / "made"), occasion.say))
        details[work.name] = found | described(work.folder)
        rows += rows_of(work, found["contestants"])
    return Outcome(rows, details)


def rows_of(work: Work, found: dict[str, Any]) -> list[Row]:
    """Return the comparisons of ours with those that do the same work."""
    rows = []
    for one in work.contestants:
        if one.kind == "ganvas":
            ours, theirs = (found[name]["images_a_second"]["median"] for name in (one.name, one.beside))
            times = Spread(**found[one.name]["ratio"])
            rows.append(Row(f"{work.name}, {one.name}", "images/s", ours, one.beside, theirs, times))
    return rows


def take_turns(work: Work, repetitions: int, out: Path, say: Callable[[str], None]) -> list[Turn]:
    """Let the contestants take turns at files that were read before, so that none waits for the disk."""
    for path in files(work.folder):
        path.read_bytes()
    turns: list[Turn] = []
    for number in range(repetitions):
        turn: Turn = {"product_rate": product_rate(CUBE), "load": os.getloadavg()[0], "runs": {}}
        for one in work.contestants:
            say(f"{work.name}: turn {number + 1} of {repetitions}, {one.name} ...")
            result = out / ("pixels.npy" if one.kind != "ganvas" else "dataset")
            turn["runs"][one.name] = run(Job(one.kind, str(work.folder), work.size, str(result), one.workers))
            if one.kind == "ganvas":
                turn["runs"][one.name] |= compared(work.folder, result, out / "pixels.npy")
                shutil.rmtree(result)
        turns.append(turn)
    return turns


def run(job: Job) -> dict[str, Any]:
    """Do a job in a process of its own; return what that says of it."""
    command = [sys.executable, "-m", "benchmarks.prepare_contestants", json.dumps(job)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    return json.loads(done.stdout.splitlines()[-1])


def figures(work: Work, turns: list[Turn]) -> dict[str, Any]:
    """Return images a second, and a second of processor time, of each contestant, and the ratios within a turn."""
    num, found = len(files(work.folder)), {}
    for one in work.contestants:
        runs = [(turn["runs"][one.name], turn["runs"][one.beside]) for turn in turns]
        found[one.name] = {
            "beside": one.beside,
            "images_a_second": _spread([num / own["seconds"] for own, _ in runs]),
            "images_a_second_a_core": _spread([num / own["processor_seconds"] for own, _ in runs]),
            "ratio": _spread([other["seconds"] / own["seconds"] for own, other in runs]),
            "ratio_a_core": _spread([other["processor_seconds"] / own["processor_seconds"] for own, other in runs]),
            "phases": {
                phase: _spread([own["phases"][phase] for own, _ in runs]) for phase in (runs[0][0]["phases"] or ())
            },
            "difference": runs[0][0].get("difference"),
            "kept": runs[0][0].get("kept"),
        }
    return {"contestants": found, "turns": turns}


def measure_memory(folder: Path, num: int, out: Path, say: Callable[[str], None]) -> dict[str, int]:
    """Return the peak resident memory of a preparation: of its process, and of its largest worker, in bytes."""
    say(f"Peak memory for {num:,} files ...")
    found = run(Job("ganvas", str(folder), 32, str(out / "dataset"), CORES, watch=True))
    shutil.rmtree(out / "dataset")
    return {"num_files": num} | {name: value for name, value in found.items() if name.startswith("peak")}


def _works(data: Path, place: Path, images: int, num_photos: int, say: Callable[[str], None]) -> list[Work]:
    say(f"Making the files to read in {place} (once; `--work` keeps them) ...")
    works = [Work(f"{images:,} PNG files of CIFAR-10 to 32x32", cifar(data, place, images), 32, CIFAR_CONTESTANTS)]
    if num_photos:
        size = f"{PHOTO_SIZE[0]}x{PHOTO_SIZE[1]}"
        name = f"{num_photos:,} JPEG files of {size} to 64x64"
        works.append(Work(name, photos(data, place, num_photos), 64, PHOTO_CONTESTANTS))
    return works


def _spread(values: list[float]) -> dict[str, float]:
    return Spread.of(values)._asdict()


def _data_folder(given: Path | None) -> Path:
    folder = given or data_folder()
    if not (folder / "cifar10.tar").is_file() or not (folder / "messy.tar").is_file():
        raise UsageError(f"`{folder}` lacks cifar10.tar or messy.tar. Name the folder that has them with --data-dir.")
    return folder


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    tyro.cli(main)
