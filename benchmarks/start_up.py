"""Seconds until a command says or does something, beside `import torch` alone: `python -m benchmarks.start_up`.

Whole processes take turns, A B C A B C ..., so that a busy machine slows all of them. The first step of training is a
run of one step with its end (checkpoint and sample grid written) of `mlp_gan` on the digits of scikit-learn, prepared
before; `generate` draws four images from that run.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tyro
from rich.table import Table

from benchmarks.console import wide_console
from benchmarks.outcome import Occasion, Outcome
from benchmarks.turns import Turn, plain, ratio, row, spread, take_turns

IMPORT_TORCH = "import torch"


def main(repetitions: int = 5, json_out: Path | None = None) -> None:
    """Time whole commands, from the start of the process to its end.

    Args:
        repetitions: Turns of each command.
        json_out: File for all figures.
    """
    console = wide_console()
    console.print(f"{repetitions} turns of each command ...")
    with tempfile.TemporaryDirectory() as folder:
        turns = timed(Path(folder), repetitions)
    console.print(tabulate(turns))
    if json_out is not None:
        json_out.write_text(json.dumps(plain(turns), indent=1) + "\n", encoding="utf-8")


def benchmark(occasion: Occasion) -> Outcome:
    """Time whole commands beside `import torch` alone."""
    turns = timed(occasion.folder, occasion.either(1, 5))
    names = [name for name in turns[0].values if name.startswith("ganvas")]
    return Outcome([row(name, "s", turns, name, IMPORT_TORCH) for name in names], {"turns": plain(turns)})


def timed(folder: Path, repetitions: int) -> list[Turn]:
    """Prepare digits and a run in an empty folder; return the seconds of each command, from its start to its end."""
    data, run, scratch = (str(folder / name) for name in ("data", "run", "scratch"))
    ganvas = [sys.executable, "-m", "ganvas"]
    subprocess.run([*ganvas, "prepare", "digits", "--size", "16", "--out", data], check=True, capture_output=True)
    train = [*ganvas, "train", "mlp_gan", "--data", data, "--steps", "1", "--out"]
    subprocess.run([*train, run], check=True, capture_output=True)
    commands = {
        "python, nothing": [sys.executable, "-c", "pass"],
        IMPORT_TORCH: [sys.executable, "-c", IMPORT_TORCH],
        "ganvas --version": [*ganvas, "--version"],
        "ganvas --help": [*ganvas, "--help"],
        "ganvas train --help": [*ganvas, "train", "--help"],
        "ganvas train, 1 step": [*train, scratch],
        "ganvas generate, 4 images": [*ganvas, "generate", run, "--num", "4", "--out", scratch],
    }
    runs = {name: lambda command=command: _seconds(command, Path(scratch)) for name, command in commands.items()}
    return take_turns(runs, repetitions)


def _seconds(command: list[str], scratch: Path) -> float:
    """Return the seconds of a command; what it wrote to `scratch` is removed after it."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    seconds = time.perf_counter() - begun
    shutil.rmtree(scratch, ignore_errors=True)
    return seconds


def tabulate(turns: list[Turn]) -> Table:
    """Return the table to print."""
    title = "From the start of a process to its end"
    table = Table("", "seconds (least to most)", f"times `{IMPORT_TORCH}`", title=title)
    for name in turns[0].values:
        table.add_row(name, spread(turns, name).words(".2f"), f"{ratio(turns, name, IMPORT_TORCH).median:.2f}")
    return table


if __name__ == "__main__":
    tyro.cli(main)
