"""Images a second and peak memory of `ganvas generate`, beside a plain torch loop over the same generator.

`python -m benchmarks.generation_speed [MODEL] [--num 10000] [--threads 2] [--json-out FILE]`; without a model, an
untrained `compact` of the size of its recipe for MNIST. Each contestant is a process of its own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

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


def main() -> None:
    """Let each contestant draw, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", help="run or model folder")
    parser.add_argument("--num", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json-out", type=Path)
    parser.add_argument("--contestant", choices=CONTESTANTS)
    given = parser.parse_args()
    if given.contestant:
        print(json.dumps(_measure(given.contestant, given.model, given.num, given.threads)))
        return
    rows = {name: _in_a_process(name, given) for name in CONTESTANTS}
    print(f"{'':<16}{'images/s':>10}{'peak MB':>10}{'more than loaded, MB':>24}")
    for name, row in rows.items():
        print(f"{name:<16}{row['images_per_second']:>10.0f}{row['peak_mb']:>10.0f}{row['grown_mb']:>24.0f}")
    if given.json_out:
        given.json_out.write_text(json.dumps({"num": given.num, "threads": given.threads, "rows": rows}, indent=2))


def _in_a_process(name: str, given: argparse.Namespace) -> dict[str, float]:
    model = [given.model] if given.model else []
    options = ["--num", str(given.num), "--threads", str(given.threads), "--contestant", name]
    command = [sys.executable, "-m", "benchmarks.generation_speed", *model, *options]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def _measure(name: str, place: str | None, num: int, threads: int) -> dict[str, float]:
    torch.set_num_threads(threads)
    model = load(place) if place else _untrained()
    with tempfile.TemporaryDirectory() as folder:
        CONTESTANTS[name](model, 64, Path(folder))  # warms up
        before, begun = peak_memory(torch.device("cpu")), time.perf_counter()
        CONTESTANTS[name](model, num, Path(folder))
        seconds = time.perf_counter() - begun
    peak = peak_memory(torch.device("cpu"))
    return {"images_per_second": num / seconds, "peak_mb": peak / 1e6, "grown_mb": (peak - before) / 1e6}


def _untrained() -> Model:
    return Model.untrained(family_config("compact"), ImageShape(1, 28, 28), tuple("0123456789"))


def _eager(model: Model, num: int):
    generator = model.generator.eval()
    for start in range(0, num, _EAGER_BATCH):
        size = min(_EAGER_BATCH, num - start)
        latents = torch.randn(size, generator.latent_size)
        labels = torch.randint(generator.num_classes, (size,)) if generator.num_classes else None
        yield np.asarray(to_pixels(generator(latents, labels)))


if __name__ == "__main__":
    main()
