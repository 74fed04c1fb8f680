"""Generate: a trained generator in, PNG files and a contact sheet out."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import StorageError, UsageError
from ganvas.images import Pixels, contact_sheet, save_png
from ganvas.players import NEEDS_SOURCES
from ganvas.progress import Lines, Progress
from ganvas.storage import on_disk, replace_file
from ganvas.workflows.model import Labels, Model, load

GRID = "grid.png"
LIST = "images.jsonl"
_MOST_IN_GRID = 400
Facts = dict[str, Any]
"""What is known of a picture, its `file` first."""


def generate(
    model: Model | str | Path,
    out: str | Path,
    num: int = 64,
    labels: Labels = None,
    seed: int = 0,
    first: int = 0,
    progress: Progress | None = None,
) -> Path:
    """Write images `first` ... `first + num - 1` of `seed` into folder `out`; return the path of their grid.

    Files are named by seed and index, and `images.jsonl` lists them with their classes. Other files in the folder
    are left alone.
    """
    model, progress, folder = model if isinstance(model, Model) else load(model), progress or Lines(), Path(out)
    if model.translates:
        raise UsageError(NEEDS_SOURCES)
    numbers = model.labels_of(num, labels, seed, first)
    chunks = model.generate_chunks(num, numbers, seed, first)
    facts = ({"file": f"seed{seed}-{i:06d}.png", "seed": seed, "index": i} for i in range(first, first + num))
    progress.begin("generating", num)
    shown = save_pictures(folder, chunks, with_classes(facts, model, numbers), _MOST_IN_GRID, progress)
    save_png(folder / GRID, contact_sheet(shown))
    return folder / GRID


def save_pictures(
    folder: Path, chunks: Iterable[Pixels], facts: Iterator[Facts], most_shown: int, progress: Progress
) -> Pixels:
    """Write each picture under the `file` of its facts, and the list of all facts; return the first ones, for a grid.

    Whole chunks are returned, as long as they hold `most_shown` pictures at most.
    """
    on_disk(lambda: folder.mkdir(parents=True, exist_ok=True), folder)
    shown: list[Pixels] = []
    rows: list[str] = []
    for chunk in chunks:
        for pixels, fact in zip(chunk, facts, strict=False):  # the facts go on with the next chunk
            save_png(folder / fact["file"], pixels)
            rows.append(json.dumps(fact, ensure_ascii=False))
        if len(rows) <= most_shown:
            shown.append(chunk)
        progress.advance(len(chunk))
    progress.end()
    replace_file(folder / LIST, ("\n".join(rows) + "\n").encode())
    return np.concatenate(shown)


def with_classes(facts: Iterator[Facts], model: Model, numbers: NDArray[np.int64] | None) -> Iterator[Facts]:
    """Return the facts of pictures, each with the name of its class where classes were asked for."""
    if numbers is None:
        return facts
    return ({**fact, "label": model.classes[number]} for number, fact in zip(numbers, facts, strict=False))


def draw_classes(model: Model, path: Path, columns: int = 10, seed: int = 0) -> Path:
    """Write a picture with one row per class (`columns` x `columns` images without classes)."""
    if not path.parent.is_dir():
        raise StorageError(f"`{path.parent}` is not a folder; make it first.")
    if model.conditional:
        numbers = np.repeat(np.arange(len(model.classes)), columns)
        pixels = model.generate(len(numbers), numbers, seed)
    else:
        pixels = model.generate(columns * columns, seed=seed)
    save_png(path, contact_sheet(pixels, columns))
    return path
