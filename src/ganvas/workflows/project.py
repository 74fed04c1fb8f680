"""Project: pictures of the user's and a model in, the latents that come closest to them out."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganvas.captions import captioned_sheet
from ganvas.config import Config, Field
from ganvas.errors import DamagedError, UsageError
from ganvas.generation.drawing import CHUNK, Request
from ganvas.generation.projection import Projected, Settings
from ganvas.generation.projection import project as find_latents
from ganvas.images import DeepPixels, Pixels, contact_sheet, save_png, to_bytes
from ganvas.players import from_pixels
from ganvas.progress import Lines, Progress
from ganvas.provenance import Provenance
from ganvas.storage import on_disk, read_json, write_json
from ganvas.tensors import read_tensors
from ganvas.workflows.choice import Choice, choice_of, expect_drawing, packed, refined
from ganvas.workflows.earlier_pictures import GRID, Picture
from ganvas.workflows.generate import pictures_of, save_pictures
from ganvas.workflows.model import Model, load
from ganvas.workflows.translate import read_pictures, side_by_side

LATENTS = "latents.json"
_MOST_SHOWN = 200
_NO_LATENTS = (
    "Give `latents.json` of `ganvas project`, or a .safetensors file of `latents` [N, Z] or `styles` [N, L, W]."
)


class LatentRow(Config):
    """One picture's latents, or its styles."""

    picture: str = Field(default="", description="what was projected")
    label: str | None = Field(default=None, description="class that it is drawn as")
    distance: float | None = Field(default=None, description="root-mean-square difference, in levels of 255")
    distance_drawn: float | None = Field(default=None, description="that of the best of the images drawn by chance")
    latents: tuple[float, ...] | None = Field(default=None, description="[Z]")
    styles: tuple[tuple[float, ...], ...] | None = Field(default=None, description="[L, W]")


class LatentsFile(Config):
    """What `latents.json` says."""

    format: int = Field(default=1, ge=1, le=1, description="version of this form")
    pictures: tuple[LatentRow, ...] = Field(min_length=1, max_length=100_000, description="one for each picture")
    provenance: Provenance | None = Field(default=None, description="the model that they are of")


def project(
    model: Model | str | Path,
    sources: str | Path | Sequence[str | Path],
    out: str | Path,
    label: int | str | None = None,
    progress: Progress | None = None,
    **settings: Any,  # noqa: ANN401
) -> list[LatentRow]:
    """Find the latents that come closest to pictures; write them to `out/latents.json`, beside a grid; return them.

    `sources` are files, folders or archives of pictures of any size, `label` the class that all of them show, tried
    out without; `settings` are those of `projection.Settings`. The grid has the pictures above what they became.
    `generate_from` draws from the file. Raises `UsageError` for a model that translates or a class it does not know,
    `DataError` where no picture can be read, and what `load` raises.
    """
    model, progress, folder = model if isinstance(model, Model) else load(model), progress or Lines(), Path(out)
    expect_drawing(model)
    if not isinstance(sources, str | Path) and not sources:
        raise UsageError("No picture was given: name files, folders or archives of pictures to project.")
    how = Settings.read(settings, "What the projection was given")
    number = None if (numbers := model.class_numbers(label, 1)) is None else int(numbers[0])
    pictures = read_pictures([sources] if isinstance(sources, str | Path) else sources, model.image_shape, progress)
    on_disk(lambda: folder.mkdir(parents=True, exist_ok=True), folder)
    progress.begin("projecting", len(pictures.pixels))
    rows: list[LatentRow] = []
    for pixels, name in zip(pictures.pixels, pictures.names, strict=True):
        found = find_latents(model.generator, model.discriminator, _values(model, pixels), number, how)
        rows.append(_row(model, name, found))
        progress.advance(1, f"{name}: {rows[-1].distance} of 255")
    progress.end()
    provenance = model.provenance(settings={"projected": f"{len(rows)} pictures", **how.plain()})
    write_json(folder / LATENTS, LatentsFile(pictures=tuple(rows), provenance=provenance).plain())
    first = rows[:_MOST_SHOWN]
    drawn = [to_bytes(chunk) for request in _requests(model, first) for chunk in pictures_of(model, request)]
    sheet = side_by_side(pictures.pixels[: len(first)], np.concatenate(drawn))
    settings_told = {"sheet": f"{len(first)} of {len(rows)} pictures above their projections"}
    save_png(folder / GRID, sheet, model.provenance(settings=settings_told))
    return rows


def generate_from(
    model: Model | str | Path,
    latents: str | Path,
    out: str | Path,
    captions: bool = False,
    progress: Progress | None = None,
    overwrite: bool = False,
    **choices: Any,  # noqa: ANN401
) -> Path:
    """Draw from latents of a file, of `project` or a safetensors file of `latents` [N, Z] or `styles` [N, L, W].

    `choices` are the fields of `Choice`, but for the mixture of classes. Returns the path of the grid.
    Other pictures in the folder are refused, or with `overwrite` removed, as by `generate`.
    """
    model, progress, folder = model if isinstance(model, Model) else load(model), progress or Lines(), Path(out)
    choice = choice_of(model, choices, ("mixture",))
    rows = read_latents(Path(latents), model)
    progress.begin("generating", len(rows))
    drawn = draw_projected(model, rows, choice)
    shown, facts = save_pictures(folder, drawn, len(rows), _MOST_SHOWN, progress, overwrite)
    sheet = captioned_sheet(shown, [fact["file"] for fact in facts]) if captions else contact_sheet(shown)
    settings = {"sheet": f"{len(shown)} of {len(rows)} images of given latents", **choice.plain_changes()}
    save_png(folder / GRID, sheet, model.provenance(settings=settings))
    return folder / GRID


def read_latents(path: Path, model: Model) -> list[LatentRow]:
    """Return the latents of a file; raise `UsageError` where they are not this model's."""
    if path.suffix == ".safetensors":
        return _of_tensors(path)
    try:
        values = read_json(path)
    except DamagedError as error:
        raise UsageError(f"{error} {_NO_LATENTS}") from error
    if not isinstance(values, dict) or "pictures" not in values:
        raise UsageError(f"`{path}` holds no latents. {_NO_LATENTS}")
    told = LatentsFile.read(values, f"`{path}`")
    if told.provenance is not None and told.provenance.model != model.sha256:
        raise UsageError(
            f"`{path}` holds latents of weights {told.provenance.model[:12]}..., and this model's are "
            f"{model.sha256[:12]}...: give the model that they were found in, or project the pictures again."
        )
    return list(told.pictures)


def _of_tensors(path: Path) -> list[LatentRow]:
    tensors = read_tensors(path)
    kind = next((kind for kind, size in (("latents", 2), ("styles", 3)) if _fits(tensors.get(kind), size)), None)
    if kind is None:
        raise UsageError(f"`{path}` holds {', '.join(tensors) or 'nothing'}; it needs `latents` [N, Z] or `styles`.")
    return [LatentRow.read({"picture": path.stem, kind: row}, f"`{path}`") for row in tensors[kind].tolist()]


def _fits(values: Tensor | None, dimensions: int) -> bool:
    return values is not None and values.dim() == dimensions and len(values) > 0


def _values(model: Model, pixels: Pixels) -> Tensor:
    given = pixels[None] if model.scaling is None else model.scaling.apply(pixels[None])
    return from_pixels(torch.from_numpy(np.ascontiguousarray(given)))[0]


def _row(model: Model, name: str, found: Projected) -> LatentRow:
    levels = 127.5
    return LatentRow(
        picture=name,
        label=None if found.label is None or not model.conditional else model.classes[found.label],
        distance=round(found.distance * levels, 3),
        distance_drawn=round(found.distance_drawn * levels, 3),
        latents=None if found.latents is None else tuple(found.latents[0].tolist()),
        styles=None if found.styles is None else tuple(map(tuple, found.styles[0].tolist())),
    )


def _requests(model: Model, rows: list[LatentRow]) -> Iterator[Request]:
    """Yield a request for each chunk of rows, all of latents or all of styles; classes are drawn as 0 where untold."""
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        names = [row.label for row in chunk]
        numbers = model.class_numbers([name or 0 for name in names], len(chunk)) if model.conditional else None
        noise = ((0, 0),) * len(chunk)
        try:
            if all(row.styles is not None for row in chunk):
                yield Request(styles=torch.tensor([row.styles for row in chunk]), noise=noise)
            else:
                yield Request(latents=torch.tensor([row.latents for row in chunk]), labels=numbers, noise=noise)
        except (TypeError, ValueError) as error:
            raise UsageError("The latents of the file are not all of one length.") from error


def draw_projected(
    model: Model, rows: list[LatentRow], choice: Choice
) -> Iterator[tuple[Pixels | DeepPixels, list[Picture]]]:
    """Yield pictures of given latents in chunks [n, H, W, C], each with its facts and provenance."""
    index = 0
    for request in _requests(model, rows):
        for chunk in pictures_of(model, refined(model, request, choice), choice.bits):
            pictures = []
            for place in range(len(chunk)):
                row = rows[index]
                facts = {"file": f"latent-{index:06d}.png", "picture": row.picture}
                facts |= ({} if row.label is None else {"label": row.label}) | choice.plain_changes()
                told = model.provenance(label=row.label, settings=_settings(request, place, row, choice))
                pictures.append(Picture(facts | {"model": model.sha256}, told))
                index += 1
            yield chunk, pictures


def _settings(request: Request, place: int, row: LatentRow, choice: Choice) -> dict[str, Any]:
    """Return what makes a picture of given latents again: the latents themselves."""
    values = request.latents if request.styles is None else request.styles
    assert values is not None
    kind = "latents" if request.styles is None else "styles"
    source = {"from": row.picture[:1000]} if row.picture else {}
    return choice.plain_changes() | {"row": place, kind: packed(values[place])} | source
