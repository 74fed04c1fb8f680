"""Favourites: pictures worth keeping, as what they say of their making: a few hundred bytes each, drawn anew by model.

They lie in one JSON file, of any models; each names the weights that it is of.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch

from ganvas.config import Config, Field
from ganvas.errors import UsageError
from ganvas.generation.classes import expect_mixing
from ganvas.generation.drawing import Request, settled
from ganvas.provenance import Provenance, provenance_of
from ganvas.storage import on_disk, read_json, write_json
from ganvas.workflows.again import expect_single, request_of
from ganvas.workflows.model import Model

FAVOURITES = "favourites.json"
"""Its name in a workspace."""
_MOST_KEPT = 10_000


class FavouritesFile(Config):
    """What `favourites.json` says."""

    format: int = Field(default=1, ge=1, le=1, description="version of this form")
    favourites: tuple[Provenance, ...] = Field(default=(), max_length=_MOST_KEPT, description="the newest last")


def read_favourites(file: str | Path) -> list[Provenance]:
    """Return the favourites of a file, the newest last; none where there is no such file."""
    path = _file(file)
    return list(FavouritesFile.read(read_json(path), f"`{path}`").favourites) if path.is_file() else []


def keep_favourites(file: str | Path, pictures: Iterable[Provenance | str | Path]) -> list[Provenance]:
    """Add pictures, files of ours or what they say of themselves, to a file of favourites; return all of them.

    One that is there already is not added again. Raises `UsageError` for what is no single picture of ours.
    """
    found = read_favourites(file)
    for picture in pictures:
        said = _single(picture)
        if said not in found:
            found.append(said)
    return _write(file, found)


def forget_favourites(file: str | Path, numbers: Sequence[int]) -> list[Provenance]:
    """Remove favourites by their numbers, the first being 1; return those that are left.

    Raises `UsageError` where there is none of a number.
    """
    found = read_favourites(file)
    if wrong := [number for number in numbers if not 1 <= number <= len(found)]:
        raise UsageError(f"There is no favourite {wrong[0]} in `{_file(file)}`: they are numbered 1 to {len(found)}.")
    return _write(file, [said for number, said in enumerate(found, 1) if number not in numbers])


def favourites_of(model: Model, favourites: str | Path | Iterable[Provenance]) -> list[Provenance]:
    """Return those favourites, of a file or given, that a model's present weights drew."""
    given = read_favourites(favourites) if isinstance(favourites, str | Path) else favourites
    return [said for said in given if said.model == model.sha256]


def stops_between(model: Model, favourites: Sequence[Provenance]) -> list[Request]:
    """Return favourites as requests that a walk can lead by: of one kind, each of latents or styles as they are drawn.

    Where they show several classes, all carry weights of classes; `UsageError` where the model cannot mix them.
    """
    requests = [settled(model.generator, request_of(model, said)[0]) for said in favourites]
    if not model.conditional or any(request.styles is not None for request in requests):
        return requests
    shares = [_shares(model, request) for request in requests]
    if all(np.array_equal(share, shares[0]) for share in shares) and requests[0].labels is not None:
        return requests
    expect_mixing(model.generator, model.classes[0])
    return [
        Request(latents=request.latents, class_weights=share[None], noise=request.noise)
        for request, share in zip(requests, shares, strict=True)
    ]


def _shares(model: Model, request: Request) -> np.ndarray:
    """Return the share of each class [K] in the picture of a request."""
    if request.class_weights is not None:
        return request.class_weights[0]
    number = 0 if request.labels is None else int(request.labels[0])
    return torch.nn.functional.one_hot(torch.tensor(number), len(model.classes)).float().numpy()


def _single(picture: Provenance | str | Path) -> Provenance:
    said = picture if isinstance(picture, Provenance) else provenance_of(picture)
    if said is None:
        raise UsageError(f"`{picture}` does not say how it was made: only pictures of ours can be drawn anew.")
    expect_single(said, "The picture" if isinstance(picture, Provenance) else f"`{picture}`")
    return said


def _write(file: str | Path, favourites: list[Provenance]) -> list[Provenance]:
    path = _file(file)
    if len(favourites) > _MOST_KEPT:
        raise UsageError(f"`{path}` holds {_MOST_KEPT:,} favourites, as many as it can: forget some first.")
    on_disk(lambda: path.parent.mkdir(parents=True, exist_ok=True), path)
    write_json(path, FavouritesFile(favourites=tuple(favourites)).plain())
    return favourites


def _file(file: str | Path) -> Path:
    path = Path(file)
    return path / FAVOURITES if path.is_dir() else path
