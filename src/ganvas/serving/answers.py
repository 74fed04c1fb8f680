"""Answers: drawn images as the file that was asked for, each byte as `ganvas generate` writes it."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ganvas.animations import webp_bytes
from ganvas.errors import UsageError
from ganvas.images import DeepPixels, Pixels, png_bytes, to_bytes
from ganvas.provenance import Provenance
from ganvas.serving.asked import MEDIA_TYPES, Request
from ganvas.workflows.choice import Part
from ganvas.workflows.earlier_pictures import GRID, LIST, Picture, list_line
from ganvas.workflows.generate import grid_of, picture_of
from ganvas.workflows.model import Model

_WIDEST_WEBP = 16_383  # pixels a side: WebP container specification, "Extended File Format"
_NO_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip archive can say: the same request gives the same bytes."""


class Answer(NamedTuple):
    """A file, and what it is."""

    content: bytes
    media_type: str
    name: str


def answer_of(model: Model, part: Part, pixels: Pixels | DeepPixels, request: Request) -> Answer:
    """Return the file of images [N, H, W, C]."""
    pictures = [picture_of(model, part, place, request.choice) for place in range(len(pixels))]
    kind = request.asked.kind
    if kind == "zip":
        content = zip_bytes(_members(model, pixels, pictures, request))
        return Answer(content, MEDIA_TYPES[kind], "images.zip")
    if request.asked.grid:
        sheet, provenance = _grid(model, pixels, pictures, request)
        content = png_bytes(sheet, provenance) if kind == "png" else _webp([sheet], 1.0, provenance)
        return Answer(content, MEDIA_TYPES[kind], GRID.removesuffix("png") + kind)
    name = pictures[0].facts["file"].removesuffix("png") + kind
    if kind == "png":
        return Answer(png_bytes(pixels[0], pictures[0].provenance), MEDIA_TYPES[kind], name)
    return Answer(_film(model, to_bytes(pixels), pictures, request), MEDIA_TYPES[kind], name)


def zip_bytes(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Return files by name as a zip archive, stored as they are: PNG files do not get smaller."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, _NO_DATE), content)
    return buffer.getvalue()


def _members(
    model: Model, pixels: Pixels | DeepPixels, pictures: list[Picture], request: Request
) -> Iterator[tuple[str, bytes]]:
    for image, picture in zip(pixels, pictures, strict=True):
        yield picture.facts["file"], png_bytes(image, picture.provenance)
    yield LIST, "".join(map(list_line, pictures)).encode()
    if request.asked.grid:
        yield GRID, png_bytes(*_grid(model, pixels, pictures, request))


def _grid(
    model: Model, pixels: Pixels | DeepPixels, pictures: list[Picture], request: Request
) -> tuple[Pixels, Provenance]:
    facts = [picture.facts for picture in pictures]
    return grid_of(model, to_bytes(pixels), facts, len(pictures), request.choice, request.asked.captions)


def _film(model: Model, frames: Pixels, pictures: list[Picture], request: Request) -> bytes:
    """Return one image as a still, several as a film, which names them."""
    if len(frames) == 1:
        return _webp(frames, 1.0, pictures[0].provenance)
    asked = request.asked
    told = {"film": "images", "seeds": list(asked.addresses.seeds), "first": asked.first, "num": asked.num}
    labels = [picture.provenance.label for picture in pictures if picture.provenance.label is not None]
    told |= ({"labels": labels} if labels else {}) | request.choice.plain_changes()
    return _webp(frames, asked.frames_per_second, model.provenance(settings=told))


def _webp(frames: Sequence[Pixels] | Pixels, rate: float, provenance: Provenance) -> bytes:
    if max(max(frame.shape[:2]) for frame in frames) > _WIDEST_WEBP:
        raise UsageError(f"A WebP picture has {_WIDEST_WEBP:,} pixels a side at most: ask for png, or fewer images.")
    return webp_bytes(iter(frames), rate, provenance)
