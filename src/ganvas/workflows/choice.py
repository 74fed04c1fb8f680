"""A picture asked for: which one, of what model, drawn how; and the request that the model is given."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import model_validator
from torch import Tensor

from ganvas.config import Config, Field
from ganvas.errors import UsageError
from ganvas.generation.classes import expect_mixing, weights_of
from ganvas.generation.decoding import deep_decoder_of
from ganvas.generation.drawing import BLOCK, CHUNK, Request, styles_of
from ganvas.generation.latents import LARGEST_SEED, Address, check_layers, expect_styles, latents_at, mixed_styles
from ganvas.generation.truncation import LARGEST, style_shape
from ganvas.players import NEEDS_SOURCES
from ganvas.seeds import Stream
from ganvas.workflows.model import Model


class Choice(Config):
    """How pictures are drawn, beside which and of what class; the defaults are those that a model was judged by."""

    truncation: float = Field(default=1.0, ge=0, le=LARGEST, description="pull towards the mean image; 1 leaves it")
    directions: dict[str, float] = Field(default={}, description="standard deviations to go along each direction")
    mixture: dict[str, float] = Field(default={}, description="share of each class, by name or number")
    mix_seed: int | None = Field(
        default=None, ge=0, le=LARGEST_SEED, description="seed whose styles some layers take; for models with styles"
    )
    mix_layers: tuple[int, int] | None = Field(default=None, description="first and last of these layers")
    bits: Literal[8, 16] = Field(default=8, description="of each value of a PNG file")

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if (self.mix_seed is None) != (self.mix_layers is None):
            raise ValueError("`mix_seed` and `mix_layers` belong together: give both, or neither")
        return self

    def plain_changes(self) -> dict[str, Any]:
        """Return what differs from the defaults, as plain JSON values."""
        return self.model_dump(mode="json", exclude_defaults=True)


def choice_of(model: Model, choices: Mapping[str, Any], leave_out: Sequence[str] = ()) -> Choice:
    """Return a choice read from plain values; raise `UsageError` for what the model cannot do, before anything is done.

    `leave_out` are the fields that mean nothing to the caller.
    """
    expect_drawing(model)
    choice = Choice.read(choices, "What was asked for")
    if foreign := [name for name in choice.plain_changes() if name in leave_out]:
        raise UsageError(f"`{foreign[0]}` cannot be chosen here: leave it out. It is for images drawn by seed.")
    if choice.bits == 16:
        deep_decoder_of(model.scaling)
    mixture_of(model, choice)
    directions_of(model, choice)
    if choice.mix_layers is not None:
        check_layers(style_shape(expect_styles(model.generator))[0], *choice.mix_layers)
    return choice


class Addresses(NamedTuple):
    """Images `first` ... `first + num - 1` of each seed, one seed after another."""

    seeds: Sequence[int]
    first: int = 0
    num: int = 1

    @property
    def total(self) -> int:
        """How many images."""
        return len(self.seeds) * self.num

    def block(self, start: int, end: int) -> list[Address]:
        """Return the addresses of images `start` ... `end - 1`."""
        return [(self.seeds[place // self.num], self.first + place % self.num) for place in range(start, end)]


class Part(NamedTuple):
    """Some of the images asked for: where they come from, their classes [n] where one is shown, and the request."""

    addresses: list[Address]
    labels: NDArray[np.int64] | None
    request: Request


def parts(model: Model, addresses: Addresses, labels: NDArray[np.int64] | None, choice: Choice) -> Iterator[Part]:
    """Yield what to draw for images at N addresses, a block at a time; classes are drawn where no labels [N] are given.

    Raises `UsageError` for what the model cannot do.
    """
    weights, first = mixture_of(model, choice), addresses.first % CHUNK
    for start, end in _blocks(addresses.total, first):
        block = addresses.block(start, end)
        shown = None if weights is not None else labels_at(model, block) if labels is None else labels[start:end]
        request = Request(
            latents=latents_at(model.generator, block),
            labels=shown,
            class_weights=None if weights is None else np.tile(weights, (len(block), 1)),
            noise=tuple(block),
            first=first if start == 0 else 0,
        )
        yield Part(block, shown, refined(model, request, choice))


def refined(model: Model, request: Request, choice: Choice) -> Request:
    """Return a request with the truncation, directions and mixed styles of a choice."""
    asked = {"truncation": choice.truncation, "directions": directions_of(model, choice)}
    if choice.mix_seed is not None and choice.mix_layers is not None:
        request = _with_mixed_styles(model, request, choice.mix_seed, choice.mix_layers)
    return Request(**(vars(request) | asked))


def labels_at(model: Model, addresses: Sequence[Address]) -> NDArray[np.int64] | None:
    """Return the classes [N] that images at N addresses show when none is asked for; None when unconditional."""
    if not model.conditional:
        return None
    stream = Stream(0, "generate/labels", rows=tuple(addresses))
    return stream.integers(len(addresses), len(model.classes))


def each_class_of(
    model: Model, addresses: Addresses, choice: Choice, labels: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Return the classes [N] of images when each is to be seen: image i of a seed shows class i modulo their number.

    Raises `UsageError` where `labels` or a mixture say otherwise, or the model draws no wanted classes.
    """
    if labels is not None or choice.mixture:
        raise UsageError("Each class in turn, or one wanted: give --each-class or --label, not both.")
    if not model.conditional:
        raise UsageError("This model draws no wanted classes: leave --each-class out, or train an ACGAN recipe.")
    indices = np.array([index for _, index in addresses.block(0, addresses.total)], np.int64)
    return indices % len(model.classes)


def mixture_of(model: Model, choice: Choice) -> NDArray[np.float32] | None:
    """Return the weights [K] of the classes of a mixture; None where none is asked for."""
    if not choice.mixture:
        return None
    numbers = model.class_numbers(list(choice.mixture), len(choice.mixture))
    assert numbers is not None
    expect_mixing(model.generator, model.classes[int(numbers[0])])
    return weights_of(dict(zip(numbers.tolist(), choice.mixture.values(), strict=True)), len(model.classes))


def directions_of(model: Model, choice: Choice) -> Mapping[str, tuple[Tensor, float]]:
    """Return the directions [Z] asked for, each with how far to go."""
    return model.directions.steps(choice.directions) if choice.directions else {}


def expect_drawing(model: Model) -> None:
    """Raise `UsageError` for a model that draws no pictures of its own."""
    if model.translates:
        raise UsageError(NEEDS_SOURCES)


def packed(values: Tensor) -> str:
    """Return float32 values [...] as text, bit for bit."""
    return base64.b64encode(values.detach().cpu().numpy().astype("<f4").tobytes()).decode()


def unpacked(text: str, shape: tuple[int, ...]) -> Tensor:
    """Return what `packed` made text of, [*shape]; raise `UsageError` where it is of another shape."""
    try:
        values = np.frombuffer(base64.b64decode(text, validate=True), "<f4")
        return torch.from_numpy(values.reshape(shape).astype(np.float32))
    except ValueError as error:
        raise UsageError(f"The latents in this file are not {list(shape)} values, which this model needs.") from error


def _blocks(num: int, first: int) -> Iterator[tuple[int, int]]:
    start = 0
    while start < num:
        end = min(num, start + BLOCK - (first % CHUNK if start == 0 else 0))
        yield start, end
        start = end


def _with_mixed_styles(model: Model, request: Request, seed: int, layers: tuple[int, int]) -> Request:
    generator = expect_styles(model.generator)
    if request.class_weights is not None:
        raise UsageError("Styles are mixed of one class at a time: leave the mixture of classes or the styles out.")
    other = latents_at(generator, [(seed, 0)]).expand(request.num, -1)
    own = request.styles if request.styles is not None else styles_of(generator, request)
    others = styles_of(generator, Request(latents=other, labels=request.labels, first=request.first))
    styles = mixed_styles(own, others, *layers)
    return Request(styles=styles, noise=request.noise, first=request.first)
