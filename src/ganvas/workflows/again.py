"""Again: a picture of ours and its model in, the same picture out, byte for byte."""

from pathlib import Path

import numpy as np

from ganvas.errors import UsageError
from ganvas.generation.drawing import Request
from ganvas.generation.latents import latents_at
from ganvas.generation.truncation import style_shape
from ganvas.images import DeepPixels, Pixels, png_bytes
from ganvas.players import StyledGenerator
from ganvas.provenance import Provenance, provenance_of
from ganvas.storage import replace_file
from ganvas.workflows.choice import Choice, expect_drawing, mixture_of, refined, unpacked
from ganvas.workflows.generate import pictures_of
from ganvas.workflows.model import Model, load

_NOT_A_PICTURE = ("sheet", "film", "source", "walk", "images", "projected")


def make_again(picture: str | Path, model: Model | str | Path, out: str | Path) -> bool:
    """Write what `picture` says it is, made anew by `model`, to `out`; return whether it is the same, byte for byte.

    Raises `UsageError` where the picture does not say how it was made, was made by other weights, or is a sheet of
    several or a film.
    """
    said = provenance_of(picture)
    if said is None:
        raise UsageError(f"`{picture}` does not say how it was made: it is not ours, or its metadata was removed.")
    model = model if isinstance(model, Model) else load(model)
    expect_drawing(model)
    content = png_bytes(picture_of(model, said, f"`{picture}`"), said)
    replace_file(Path(out), content)
    return content == Path(picture).read_bytes()


def picture_of(model: Model, said: Provenance, origin: str = "The picture") -> Pixels | DeepPixels:
    """Return the picture [H, W, C] that a provenance is of, the same to the pixel."""
    request, bits = request_of(model, said, origin)
    return next(pictures_of(model, request, bits))[0]


def request_of(model: Model, said: Provenance, origin: str = "The picture") -> tuple[Request, int]:
    """Return what a model is asked for to draw the picture that a provenance is of, and the bits of its values.

    Raises `UsageError` where it was made by other weights, or is no single drawn picture.
    """
    if said.model != model.sha256:
        raise UsageError(
            f"{origin} was made by weights {said.model[:12]}..., and these are {model.sha256[:12]}...: give the "
            "model that made it, or the run's checkpoint of that step."
        )
    expect_single(said, origin)
    given = dict(said.settings)
    row, latents, styles = given.pop("row", 0), given.pop("latents", None), given.pop("styles", None)
    for told in ("from", "drawn_by"):
        given.pop(told, None)
    if not isinstance(row, int) or not all(isinstance(text, str | None) for text in (latents, styles)):
        raise UsageError("What the picture says of its making is not in a form of ours.")
    choice = Choice.read(given, "What the picture says of itself")
    noise = ((said.seed or 0, said.index or 0),)
    numbers = model.class_numbers(said.label, 1)
    weights = mixture_of(model, choice)
    if styles is not None:
        request = Request(styles=unpacked(styles, (1, *_style_shape(model))), noise=noise)
    elif latents is not None:
        request = Request(latents=unpacked(latents, (1, model.generator.latent_size)), labels=numbers, noise=noise)
    else:
        if said.seed is None or said.index is None:
            raise UsageError("The picture names no seed and no latents that it was made of.")
        request = Request(latents=latents_at(model.generator, noise), labels=numbers, noise=noise)
    more = {"first": row, "class_weights": None if weights is None else np.tile(weights, (1, 1))}
    return refined(model, Request(**(vars(request) | more)), choice), choice.bits


def expect_single(said: Provenance, origin: str) -> None:
    """Raise `UsageError` where a provenance is of a sheet of several pictures, a film or a translation."""
    if kind := next((kind for kind in _NOT_A_PICTURE if kind in said.settings), None):
        raise UsageError(f"{origin} is no single drawn picture ({kind}: {said.settings[kind]}): make that anew.")


def _style_shape(model: Model) -> tuple[int, int]:
    generator = model.generator
    if not isinstance(generator, StyledGenerator):
        raise UsageError("The picture was made of styles, and this model has none.")
    return style_shape(generator)
