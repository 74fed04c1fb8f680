"""Translate: a trained translator and pictures in, PNG files of their translations and a contact sheet out."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ganvas.data.inspection import Finding, inspect
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.source import Item, readable
from ganvas.errors import DataError
from ganvas.images import ImageShape, Pixels, contact_sheet, save_png
from ganvas.progress import Lines, Progress
from ganvas.workflows.earlier_pictures import GRID, Picture
from ganvas.workflows.generate import save_pictures
from ganvas.workflows.model import Labels, Model, load

_MOST_IN_GRID = 200
_COLUMNS = 10


class Pictures(NamedTuple):
    """Pictures read from files: uint8 [N, H, W, C], and the name of each."""

    pixels: Pixels
    names: list[str]


def translate(
    model: Model | str | Path,
    sources: str | Path | Sequence[str | Path],
    out: str | Path,
    labels: Labels = None,
    view: bool = False,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the translations of pictures into folder `out`; return the path of their grid, sources above them.

    `sources` are image files, folders or archives of them, of any size: each is brought to the model's. `labels` is
    the class wanted, or one for each picture [N], of a model that has classes. With `view` they are finished
    pictures, and the model translates what it is given of such: their edges, say. `images.jsonl` lists which
    translation is of which picture. Other pictures in the folder are refused, or with `overwrite` removed, as by
    `generate`. Raises `UsageError` for a model that does not translate, `DataError` where no picture can be read.
    """
    model, progress, folder = model if isinstance(model, Model) else load(model), progress or Lines(), Path(out)
    shape = model.image_shape if view else model.source_shape
    pictures = read_pictures([sources] if isinstance(sources, str | Path) else sources, shape, progress)
    given = model.view(pictures.pixels) if view else pictures.pixels
    numbers = model.class_numbers(labels, len(given))
    chunks = model.translate_chunks(given, numbers)
    classes = None if numbers is None else [model.classes[number] for number in numbers]
    progress.begin("translating", len(given))
    drawn = _described(model, chunks, pictures.names, classes, view)
    shown, _ = save_pictures(folder, drawn, len(given), _MOST_IN_GRID, progress, overwrite)
    provenance = model.provenance(settings={"sheet": f"{len(shown)} of {len(given)} pictures above their translations"})
    save_png(folder / GRID, side_by_side(given, shown), provenance)
    return folder / GRID


def _described(
    model: Model, chunks: Iterable[Pixels], names: list[str], classes: list[str] | None, view: bool
) -> Iterator[tuple[Pixels, list[Picture]]]:
    """Yield translations in chunks, each with its facts and provenance."""
    told = enumerate(zip(names, classes or [None] * len(names), strict=True))
    for chunk in chunks:
        pictures: list[Picture] = []
        for index, (name, label) in islice(told, len(chunk)):
            facts = {"file": f"{index:06d}-{Path(name).stem[:80]}.png", "source": name}
            facts |= ({} if label is None else {"label": label}) | {"model": model.sha256}
            settings = {"source": name[:1000]} | ({"view": True} if view else {})
            pictures.append(Picture(facts, model.provenance(label=label, settings=settings)))
        yield chunk, pictures


def read_pictures(places: Sequence[str | Path], shape: ImageShape, progress: Progress) -> Pictures:
    """Read every picture of files, folders and archives as uint8 pixels of `shape`, cropped and resized to it.

    What cannot be read is told and left out; `DataError` where nothing stays.
    """
    how = Preprocessing.read({"height": shape.height, "width": shape.width, "channels": shape.channels}, "The model")
    pixels: list[Pixels] = []
    names: list[str] = []
    for item, found in chain.from_iterable(_findings(Path(place).expanduser(), how, progress) for place in places):
        if found.pixels is None:
            progress.say(f"Left out `{item.name}`: {found.refusal.reason if found.refusal else 'not a picture.'}")
            continue
        pixels.append(found.pixels)
        names.append(item.name)
    if not pixels:
        raise DataError(f"There is no picture that can be read in {', '.join(f'`{place}`' for place in places)}.")
    return Pictures(np.stack(pixels), names)


def _findings(place: Path, how: Preprocessing, progress: Progress) -> Iterator[tuple[Item, Finding]]:
    """Yield what is in a picture's own file, or in a folder or archive of pictures."""
    if place.is_file():
        item = Item(readable(place.name), place)
        if (found := inspect(item, how)).pixels is not None:
            yield item, found
            return
    for item in open_source(place, None, progress).items():
        yield item, inspect(item, how)


def side_by_side(sources: Pixels, translations: Pixels) -> Pixels:
    """Return a sheet [H, W, C] with each row of sources [N, H, W, C] above the row of their translations."""
    num, columns = len(translations), min(_COLUMNS, len(translations))
    channels = max(sources.shape[3], translations.shape[3])
    rows: list[Pixels] = []
    for start in range(0, num, columns):
        for pixels in (sources[:num], translations):
            row = pixels[start : start + columns]
            blank = np.full((columns - len(row), *row.shape[1:]), 255, np.uint8)
            row = np.concatenate([row, blank])
            rows.append(np.broadcast_to(row, (*row.shape[:3], channels)))
    return contact_sheet(np.concatenate(rows), columns)
