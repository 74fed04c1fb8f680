"""Images a second and peak memory of `ganvas generate`, beside a plain torch loop over the same generator.

`python -m benchmarks.generation_speed [MODEL] [--num 10000] [--threads 2] [--turns 1] [--json-out FILE]`; without a
model, an untrained `compact` of the size of its recipe for MNIST. Each contestant is a process of its own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.outcome import Occasion, Outcome
from benchmarks.turns import Turn, plain, ratio, row, spread, take_turns
from ganvas.images import ImageShape
from ganvas.models.family import family_config
from ganvas.players import to_pixels
from ganvas.progress import Silent
from ganvas.workflows.generate import generate
from ganvas.workflows.memory import peak_memory
from ganvas.workflows.model import Model, load

_EAGER_BATCH = 64


def ours_to_files(model: Model, num: int, folder: Path) -> None:
    """Draw and write PNG files with their provenance, their list and a grid."""
    generate(model, folder, num, progress=Silent())


def ours_in_memory(model: Model, num: int, folder: Path) -> None:
    """Draw in pieces and drop them."""
    for _ in model.generate_chunks(num):
        pass


@torch.no_grad()
def eager_in_memory(model: Model, num: int, folder: Path) -> None:
    """Draw in batches of 64 by a plain loop, as bytes."""
    for pixels in _eager(model, num):
        del pixels


@torch.no_grad()
def eager_to_files(model: Model, num: int, folder: Path) -> None:
    """Draw by a plain loop, and write PNG files by Pillow."""
    index = 0
    for pixels in _eager(model, num):
        for image in pixels:
            squeezed = image[..., 0] if image.shape[-1] == 1 else image
            Image.fromarray(squeezed).save(folder / f"{index:06d}.png")
            index += 1


CONTESTANTS: dict[str, Callable[[Model, int, Path], None]] = {
    "ours, files": ours_to_files,
    "eager, files": eager_to_files,
    "ours, memory": ours_in_memory,
    "eager, memory": eager_in_memory,
}


RATE, GROWN, PEAK = "images_per_second", "grown_mb", "peak_mb"


def main() -> None:
    """Let each contestant draw, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", help="run or model folder")
    parser.add_argument("--num", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--json-out", type=Path)
    parser.add_argument("--contestant", choices=CONTESTANTS)
    given = parser.parse_args()
    if given.contestant:
        print(json.dumps(_measure(given.contestant, given.model, given.num, given.threads)))
        return
    turns, peaks = timed(given.model, given.num, given.threads, given.turns)
    print(f"{'':<16}{'images/s':>10}{'beside ours':>14}{'peak MB':>10}{'more than loaded, MB':>24}")
    for name, peak in peaks.items():
        beside = ratio(turns, name, f"ours, {name.split(', ')[1]}").median
        rate = spread(turns, name).median
        print(f"{name:<16}{rate:>10.0f}{beside:>14.2f}{peak[PEAK]:>10.0f}{peak[GROWN]:>24.0f}")
    if given.json_out:
        told = {"num": given.num, "threads": given.threads, "turns": plain(turns), "memory": peaks}
        given.json_out.write_text(json.dumps(told, indent=2))


def benchmark(occasion: Occasion) -> Outcome:
    """Time drawing beside the plain loop, an untrained `compact` of 28 px."""
    num = occasion.either(64, 10_000)
    turns, peaks = timed(None, num, occasion.threads, occasion.either(1, 5))
    where = {"files": "PNG files", "memory": "memory"}
    rows = [
        row(f"{num:,} pictures of `compact` into {words}", "images/s", turns, f"ours, {to}", f"eager, {to}", rate=True)
        for to, words in where.items()
    ]
    return Outcome(rows, {"turns": plain(turns), "memory": peaks})


def timed(
    model: str | None, num: int, threads: int, repetitions: int
) -> tuple[list[Turn], dict[str, dict[str, float]]]:
    """Return the images a second of each turn, and the memory that each contestant took in the last."""
    peaks: dict[str, dict[str, float]] = {}

    def rate(name: str) -> float:
        peaks[name] = _in_a_process(name, model, num, threads)
        return peaks[name].pop(RATE)

    return take_turns({name: lambda name=name: rate(name) for name in CONTESTANTS}, repetitions), peaks


def _in_a_process(name: str, model: str | None, num: int, threads: int) -> dict[str, float]:
    options = ["--num", str(num), "--threads", str(threads), "--contestant", name]
    command = [sys.executable, "-m", "benchmarks.generation_speed", *([model] if model else []), *options]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def _measure(name: str, place: str | None, num: int, threads: int) -> dict[str, float]:
    torch.set_num_threads(threads)
    model = load(place) if place else untrained()
    with tempfile.TemporaryDirectory() as folder:
        CONTESTANTS[name](model, 64, Path(folder))  # warms up
        before, begun = peak_memory(torch.device("cpu")), time.perf_counter()
        CONTESTANTS[name](model, num, Path(folder))
        seconds = time.perf_counter() - begun
    peak = peak_memory(torch.device("cpu"))
    return {RATE: num / seconds, PEAK: peak / 1e6, GROWN: (peak - before) / 1e6}


def untrained() -> Model:
    """Return a `compact` of 28 px with its first weights: speed does not depend on them."""
    return Model.untrained(family_config("compact"), ImageShape(1, 28, 28), tuple("0123456789"))


def _eager(model: Model, num: int) -> Iterator[NDArray[np.uint8]]:
    generator = model.generator.eval()
    for start in range(0, num, _EAGER_BATCH):
        size = min(_EAGER_BATCH, num - start)
        latents = torch.randn(size, generator.latent_size)
        labels = torch.randint(generator.num_classes, (size,)) if generator.num_classes else None
        yield np.asarray(to_pixels(generator(latents, labels)))


if __name__ == "__main__":
    main()
