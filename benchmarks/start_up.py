"""Seconds until a command says or does something, beside `import torch` alone: `python -m benchmarks.start_up`.

Whole processes take turns, A B C A B C ..., so that a busy machine slows all of them. The first step of training is a
run of one step with its end (checkpoint and sample grid written) of `mlp_gan` on the digits of scikit-learn, prepared
before; `generate` draws four images from that run.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tyro
from rich.console import Console
from rich.table import Table

IMPORT_TORCH = "import torch"


def main(repetitions: int = 5, json_out: Path | None = None) -> None:
    """Time whole commands, from the start of the process to its end.

    Args:
        repetitions: Turns of each command.
        json_out: File for all figures.
    """
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        data, run, scratch = (str(Path(folder, name)) for name in ("data", "run", "scratch"))
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
        console.print(f"{repetitions} turns of {len(commands)} commands ...")
        seconds = take_turns(commands, repetitions, Path(scratch))
    console.print(tabulate(seconds))
    if json_out is not None:
        json_out.write_text(json.dumps(seconds, indent=1) + "\n", encoding="utf-8")


def take_turns(commands: dict[str, list[str]], repetitions: int, scratch: Path) -> dict[str, list[float]]:
    """Return the seconds of each turn of each command; what a command wrote to `scratch` is moved aside after it."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(repetitions):
        for number, (name, command) in enumerate(commands.items()):
            begun = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - begun)
            if scratch.exists():
                scratch.rename(scratch.with_name(f"written-{turn}-{number}"))
    return seconds


def tabulate(seconds: dict[str, list[float]]) -> Table:
    """Return the table to print."""
    table = Table(
        "", "seconds (least to most)", f"times `{IMPORT_TORCH}`", title="From the start of a process to its end"
    )
    for name, times in seconds.items():
        ratio = statistics.median(own / torch for own, torch in zip(times, seconds[IMPORT_TORCH], strict=True))
        spread = f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})"
        table.add_row(name, spread, f"{ratio:.2f}")
    return table


if __name__ == "__main__":
    tyro.cli(main)
