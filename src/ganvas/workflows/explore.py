"""Explore: a model in, directions along which its images change out, kept beside it, with a picture of each."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ganvas.captions import captioned_sheet
from ganvas.errors import ConfigurationError, DamagedError, ModelError, UsageError
from ganvas.generation.directions import Directions, Method, joined, save_directions
from ganvas.generation.drawing import Request
from ganvas.generation.finding import find_directions
from ganvas.generation.latents import latents_at, seeds_of
from ganvas.images import Pixels, save_png, to_bytes
from ganvas.progress import Lines, Progress
from ganvas.storage import on_disk
from ganvas.workflows.choice import expect_drawing, labels_at
from ganvas.workflows.generate import pictures_of
from ganvas.workflows.model import Labels, Model, load

STRENGTHS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)


def explore(
    model: Model | str | Path,
    out: str | Path,
    methods: Iterable[Method] = ("pca", "weights"),
    num: int = 8,
    seeds: str | Sequence[int] = "0-3",
    labels: Labels = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Find `num` directions by each method, keep them in the model's folder, and write a strip of each into `out`.

    A strip shows the images of `seeds`, a row each, from -3 to +3 standard deviations along the direction; `labels` is
    a class, or one for each seed [S]. Names given before are kept. Returns the paths of the strips. Raises `UsageError`
    for a model without such directions, and what `load` raises.
    """
    model, progress, folder = model if isinstance(model, Model) else load(model), progress or Lines(), Path(out)
    expect_drawing(model)
    if num < 1:
        raise UsageError(f"{num} directions were asked for; ask for at least 1.")
    kept_in = _folder(model)
    chosen = seeds_of(seeds)
    numbers = labels_at(model, [(seed, 0) for seed in chosen]) if labels is None else None
    numbers = numbers if labels is None else model.class_numbers(labels, len(chosen))
    found = joined([find_directions(model.generator, method, num) for method in dict.fromkeys(methods)])
    found = _named_as_before(model, found)
    save_directions(kept_in, found, model.sha256)
    model.__dict__.pop("directions", None)  # read them anew
    on_disk(lambda: folder.mkdir(parents=True, exist_ok=True), folder)
    progress.begin("drawing", len(found.names))
    paths: list[Path] = []
    for name in found.names:
        told = {"sheet": f"{len(chosen)} seeds along {name}", "seeds": chosen, "strengths": list(STRENGTHS)}
        path = folder / f"{name}.png"
        save_png(path, strip(model, found, name, chosen, numbers), model.provenance(settings=told))
        paths.append(path)
        progress.advance()
    progress.end()
    return paths


def rename(model: Model | str | Path, names: Mapping[str, str]) -> Directions:
    """Give some of a model's directions other names; return all of them."""
    model = model if isinstance(model, Model) else load(model)
    renamed = model.directions.renamed(names)
    save_directions(_folder(model), renamed, model.sha256)
    model.__dict__.pop("directions", None)
    return renamed


def strip(model: Model, found: Directions, name: str, seeds: list[int], numbers: np.ndarray | None) -> Pixels:
    """Return a row of images for each seed, from -3 to +3 along a direction, as one captioned picture [H, W, C]."""
    addresses = [(seed, 0) for seed in seeds]
    columns: list[Pixels] = []
    for strength in STRENGTHS:
        request = Request(
            latents=latents_at(model.generator, addresses),
            labels=numbers,
            directions=found.steps({name: strength}),
            noise=tuple(addresses),
        )
        columns.append(np.concatenate([to_bytes(chunk) for chunk in pictures_of(model, request)]))
    images = np.stack(columns, axis=1)  # [S, strengths, H, W, C]
    captions = [f"{strength:+g} s{seed}" if strength else f"s{seed}" for seed in seeds for strength in STRENGTHS]
    return captioned_sheet(images.reshape(-1, *images.shape[2:]), captions, len(STRENGTHS))


def _named_as_before(model: Model, found: Directions) -> Directions:
    """Return directions with the names that those found in the same way had before, in these very weights."""
    try:
        before = model.directions
    except (ModelError, DamagedError, ConfigurationError):
        return found  # of weights that were trained further, or damaged: names given to those say nothing of these
    names = dict(zip(before.found, before.names, strict=True))
    wanted = {name: names[name] for name in found.names if names.get(name, name) != name}
    return found.renamed(wanted) if wanted else found


def _folder(model: Model) -> Path:
    if model.folder is None:
        raise UsageError("Directions are kept in the folder of a model: load it from one, or export it first.")
    return model.folder
