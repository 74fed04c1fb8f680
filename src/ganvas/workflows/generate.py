"""Generate: a trained generator in, PNG files and a contact sheet out."""

import json
from pathlib import Path

import numpy as np

from ganvas.errors import StorageError, UsageError
from ganvas.images import Pixels, contact_sheet, save_png
from ganvas.players import NEEDS_SOURCES
from ganvas.progress import Lines, Progress
from ganvas.storage import on_disk, replace_file
from ganvas.workflows.model import Labels, Model, load

GRID = "grid.png"
LIST = "images.jsonl"
_MOST_IN_GRID = 400


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
    on_disk(lambda: folder.mkdir(parents=True, exist_ok=True), folder)
    progress.begin("generating", num)
    shown: list[Pixels] = []
    rows: list[str] = []
    for chunk in chunks:
        for pixels in chunk:
            index = len(rows)
            name = f"seed{seed}-{first + index:06d}.png"
            save_png(folder / name, pixels)
            asked = {} if numbers is None else {"label": model.classes[numbers[index]]}
            rows.append(json.dumps({"file": name, "seed": seed, "index": first + index, **asked}, ensure_ascii=False))
        if len(rows) <= _MOST_IN_GRID:
            shown.append(chunk)
        progress.advance(len(chunk))
    progress.end()
    replace_file(folder / LIST, ("\n".join(rows) + "\n").encode())
    save_png(folder / GRID, contact_sheet(np.concatenate(shown)))
    return folder / GRID


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
