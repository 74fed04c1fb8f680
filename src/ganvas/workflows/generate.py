"""Generate: a trained generator in, PNG files and a contact sheet out."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ganvas.captions import captioned_sheet
from ganvas.errors import StorageError
from ganvas.generation.decoding import decoder_of, deep_decoder_of
from ganvas.generation.drawing import CHUNK, Request, draw_chunks
from ganvas.generation.latents import seeds_of
from ganvas.images import DeepPixels, Pixels, contact_sheet, save_png, to_bytes
from ganvas.progress import Lines, Progress
from ganvas.provenance import Provenance
from ganvas.storage import growing_file, on_disk, sync_disks
from ganvas.training.ranks import Ranks
from ganvas.training.shares import made_together
from ganvas.workflows.choice import Addresses, Choice, Part, choice_of, each_class_of, parts
from ganvas.workflows.earlier_pictures import GRID, LIST, EarlierPictures, Facts, Picture, list_line
from ganvas.workflows.launch import launched
from ganvas.workflows.model import Labels, Model, load

_MOST_IN_GRID = 400
_LARGEST_GRID = 1 << 26
"""Bytes of the images in a grid: of large ones it shows fewer, so that memory stays flat."""
_MOST_ROWS = 50
_NUM_WRITERS = 2
Value = TypeVar("Value", bound=np.generic)


def generate(
    model: Model | str | Path,
    out: str | Path,
    num: int | None = None,
    labels: Labels = None,
    seed: int = 0,
    first: int = 0,
    progress: Progress | None = None,
    seeds: str | Iterable[int] | None = None,
    captions: bool = False,
    each_class: bool = False,
    overwrite: bool = False,
    **choices: Any,  # noqa: ANN401
) -> Path:
    """Write images `first` ... `first + num - 1` of `seed`, 64 without `num`, into `out`; return their grid's path.

    `seeds`, numbers or a text such as `0-31,40`, is in place of `seed`, with one image of each where `num` is not
    given. Files are named by seed and index, say how they were made, and are listed with their classes in
    `images.jsonl`; `captions` writes class and seed beneath each in the grid. With `each_class` image i shows class i
    modulo the number of classes, in place of `labels`, which is a class or one for each image [num]. `choices` are the
    fields of `Choice`: truncation, directions, mixture, mix_seed, mix_layers, bits. Other files in the folder are left
    alone; with `overwrite` the pictures that it lists are removed first. Begun by torchrun, all its processes draw, and
    the first writes.

    Raises `UsageError` for what the model cannot draw, and where the folder holds pictures of another request
    (`EarlierPictures`), `StorageError` for the disk, and what `load` raises.
    """
    model, progress, folder = model if isinstance(model, Model) else load(model), progress or Lines(), Path(out)
    choice = choice_of(model, choices)
    chosen = seeds_of([seed] if seeds is None else seeds)
    addresses = Addresses(chosen, first, num if num is not None else 64 if seeds is None else 1)
    numbers = model.class_numbers(labels, model.check_num(addresses.total, first))
    numbers = each_class_of(model, addresses, choice, numbers) if each_class else numbers
    with launched() as launch:
        drawn = draw_pictures(model, parts(model, addresses, numbers, choice), choice, launch.ranks)
        if not launch.ranks.is_first:
            deque(drawn, maxlen=0)
            return folder / GRID
        progress.begin("generating", addresses.total)
        shown, facts = save_pictures(folder, drawn, addresses.total, _MOST_IN_GRID, progress, overwrite)
    save_png(folder / GRID, *grid_of(model, shown, facts, addresses.total, choice, captions))
    return folder / GRID


def grid_of(
    model: Model, shown: Pixels, facts: list[Facts], total: int, choice: Choice, captions: bool = False
) -> tuple[Pixels, Provenance]:
    """Return the contact sheet of images [N, H, W, C], the first of `total`, and what it says of itself."""
    sheet = captioned_sheet(shown, [_caption(fact) for fact in facts]) if captions else contact_sheet(shown)
    settings = {"sheet": f"{len(shown)} of {total} images", **choice.plain_changes()}
    return sheet, model.provenance(settings=settings)


def pictures_of(
    model: Model, request: Request, bits: int = 8, ranks: Ranks | None = None
) -> Iterator[Pixels | DeepPixels]:
    """Yield the images of a request in pieces [n, H, W, C]: uint8, or uint16 where 16 bits are asked for.

    Several processes draw some of each piece, and all are given all.
    """
    if bits == 8:
        return _drawn(model, request, decoder_of(model.scaling), ranks or Ranks())
    return _drawn(model, request, deep_decoder_of(model.scaling), ranks or Ranks())


def _drawn(
    model: Model, request: Request, decode: Callable[[Tensor], NDArray[Value]], ranks: Ranks
) -> Iterator[NDArray[Value]]:
    if ranks.size == 1:
        yield from draw_chunks(model.generator, request, decode)
        return
    for start in range(0, request.num, CHUNK * ranks.size):
        piece = request.part(start, CHUNK * ranks.size)

        def draw(first: int, num: int, piece: Request = piece) -> NDArray[Value]:
            return np.concatenate(list(draw_chunks(model.generator, piece.part(first, num), decode)))

        yield made_together(ranks, piece.num, CHUNK, draw)


def save_pictures(
    folder: Path,
    drawn: Iterable[tuple[Pixels | DeepPixels, list[Picture]]],
    total: int,
    most_shown: int,
    progress: Progress,
    overwrite: bool = False,
) -> tuple[Pixels, list[Facts]]:
    """Write `total` pictures [n, H, W, C], a chunk at a time, each under the `file` of its facts, and their list.

    No picture is ever there in part, and the list gets its name when all of them are on the disk. Returns the first
    ones, for a grid, with their facts: whole chunks, as long as they hold `most_shown` at most. Raises `UsageError`
    before a picture of another request would be replaced; with `overwrite` those that the folder lists are removed.
    """
    on_disk(lambda: folder.mkdir(parents=True, exist_ok=True), folder)
    shown: list[Pixels] = []
    facts: list[Facts] = []
    num = 0
    with (
        closing(EarlierPictures(folder, total, overwrite)) as earlier,
        growing_file(folder / LIST) as rows,
        ThreadPoolExecutor(_NUM_WRITERS) as writers,
    ):
        for chunk, pictures in drawn:

            def write(pair: tuple[NDArray[Any], Picture]) -> None:
                save_png(folder / pair[1].facts["file"], pair[0], pair[1].provenance, flush=False)

            earlier.expect_same(pictures)
            list(writers.map(write, zip(chunk, pictures, strict=True)))
            rows.writelines(map(list_line, pictures))
            num += len(chunk)
            if num <= min(most_shown, _LARGEST_GRID // chunk[0].nbytes) or not shown:
                shown.append(to_bytes(chunk))
                facts += [picture.facts for picture in pictures]
            progress.advance(len(chunk))
        sync_disks()
    progress.end()
    return np.concatenate(shown), facts


def draw_classes(model: Model, path: Path, columns: int = 10, seed: int = 0) -> Path:
    """Write a picture with one row per class, the first 50 (`columns` x `columns` images without classes).

    Raises `StorageError` where its folder is not there.
    """
    if not path.parent.is_dir():
        raise StorageError(f"`{path.parent}` is not a folder; make it first.")
    if model.conditional:
        numbers = np.repeat(np.arange(min(len(model.classes), _MOST_ROWS)), columns)
        pixels = model.generate(len(numbers), numbers, seed)
    else:
        pixels = model.generate(columns * columns, seed=seed)
    settings = {"sheet": f"{len(pixels)} images" + (", one row per class" if model.conditional else "")}
    save_png(path, contact_sheet(pixels, columns), model.provenance(settings=settings))
    return path


def draw_pictures(
    model: Model, asked: Iterable[Part], choice: Choice, ranks: Ranks | None = None
) -> Iterator[tuple[Pixels | DeepPixels, list[Picture]]]:
    """Yield pictures in chunks [n, H, W, C], each with its facts and provenance; several processes draw together."""
    for part in asked:
        place = 0
        for chunk in pictures_of(model, part.request, choice.bits, ranks):
            rows = range(place, place + len(chunk))
            yield chunk, [picture_of(model, part, row, choice) for row in rows]
            place += len(chunk)


def picture_of(model: Model, part: Part, place: int, choice: Choice) -> Picture:
    """Return the facts of image `place` of a part, and what it says of itself."""
    seed, index = part.addresses[place]
    label = None if part.labels is None else model.classes[part.labels[place]]
    facts: Facts = {"file": f"seed{seed}-{index:06d}.png", "seed": seed, "index": index}
    facts |= ({} if label is None else {"label": label}) | choice.plain_changes() | {"model": model.sha256}
    row = (part.request.first + place) % CHUNK
    settings = choice.plain_changes() | {"row": row}
    return Picture(facts, model.provenance(seed=seed, index=index, label=label, settings=settings))


def _caption(facts: Facts) -> str:
    name = facts.get("label") or "+".join(facts.get("mixture", ()))
    seed = f"s{facts['seed']}" + (f" #{facts['index']}" if facts["index"] else "")
    return f"{name} {seed}".strip()
