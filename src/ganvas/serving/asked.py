"""Asked: what `POST /v1/generate` is sent, as a checked value; its JSON schema comes from the same fields."""

import json
from typing import Any, Literal, NamedTuple, Self

from pydantic import ValidationError, model_validator

from ganvas.config import Config, Field
from ganvas.generation.latents import LARGEST_SEED
from ganvas.serving.refusals import refusal_of
from ganvas.workflows.choice import Addresses, Choice
from ganvas.workflows.model import Labels

Kind = Literal["png", "zip", "webp"]
MEDIA_TYPES: dict[Kind, str] = {"png": "image/png", "zip": "application/zip", "webp": "image/webp"}


class Asked(Config):
    """Which images, of which classes, and as what file; how they are drawn is a `Choice`."""

    model: str | None = Field(default=None, max_length=200, description="name of the model, where there are several")
    num: int = Field(default=1, ge=1, le=400, description="images of each seed")
    seed: int = Field(default=0, ge=0, le=LARGEST_SEED, description="image i of a seed is always the same")
    seeds: list[int] = Field(default=[], max_length=400, description="several seeds, in place of `seed`")
    first: int = Field(default=0, ge=0, le=(1 << 53) - 1, description="index of the first image of each seed")
    label: int | str | None = Field(default=None, description="class of all, by name or number; by chance without")
    labels: list[int | str] = Field(default=[], max_length=400, description="class of each, in place of `label`")
    format: Kind | None = Field(default=None, description="of the file; png for one image or a grid, zip else")
    grid: bool = Field(default=False, description="all as one picture; a zip holds it beside the images")
    captions: bool = Field(default=False, description="class and seed beneath each image of the grid")
    frames_per_second: float = Field(default=4.0, ge=0.1, le=60, description="of the film that several make as webp")

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.seeds and "seed" in self.model_fields_set:
            raise ValueError("give `seed` or `seeds`, not both")
        if not all(0 <= seed <= LARGEST_SEED for seed in self.seeds):
            raise ValueError(f"each of `seeds` is at least 0 and at most {LARGEST_SEED}")
        if self.labels and self.label is not None:
            raise ValueError("give `label` or `labels`, not both")
        if self.labels and len(self.labels) != self.addresses.total:
            raise ValueError(f"{len(self.labels)} `labels` are given for {self.addresses.total} images")
        if self.captions and not self.grid:
            raise ValueError("`captions` stand beneath the images of a grid: give `grid` too")
        if self.format == "png" and not self.grid and self.addresses.total > 1:
            raise ValueError("a PNG file is one picture: ask for one image, `grid`, or the format zip or webp")
        return self

    @property
    def addresses(self) -> Addresses:
        """Where the images come from."""
        return Addresses(self.seeds or [self.seed], self.first, self.num)

    @property
    def wanted(self) -> Labels:
        """The classes asked for."""
        return self.labels or self.label

    @property
    def kind(self) -> Kind:
        """The format asked for, or the one that fits."""
        return self.format or ("png" if self.grid or self.addresses.total == 1 else "zip")


class Request(NamedTuple):
    """What is asked for, and how it is to be drawn."""

    asked: Asked
    choice: Choice


def read_request(values: dict[str, Any]) -> Request:
    """Return what is asked for by plain JSON values; raise `Refusal` naming each field that does not fit."""
    parts = ({}, {})
    for name, value in values.items():
        parts[name in Choice.model_fields][name] = value
    asked, choice = (json.dumps(part) for part in parts)
    try:
        return Request(Asked.model_validate_json(asked, strict=True), Choice.model_validate_json(choice, strict=True))
    except ValidationError as error:
        raise refusal_of(error) from None


def request_schema() -> dict[str, Any]:
    """Return the JSON schema of the body."""
    properties = {}
    for config in (Asked, Choice):
        properties |= config.model_json_schema()["properties"]
    return {
        "type": "object",
        "title": "What is asked for",
        "additionalProperties": False,
        "properties": properties,
        "examples": [{"num": 16, "seed": 7, "format": "zip"}, {"num": 36, "grid": True, "truncation": 0.7}],
    }
