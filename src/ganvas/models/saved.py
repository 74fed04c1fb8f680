"""Reading and writing a model: `model.json` (family, sizes, images, classes) beside safetensors weights."""

from pathlib import Path
from typing import Any, NamedTuple

from pydantic import field_validator
from torch import nn

from ganvas.config import Config, Field
from ganvas.data.scaling import ARRAYS_FILE, save_scaling, scaling_of
from ganvas.data.scalings.contract import Scaling, ScalingSettings
from ganvas.errors import DamagedError, ModelError
from ganvas.images import ImageShape
from ganvas.models.family import FamilyConfig, check, read_family
from ganvas.players import Discriminator, Gan, Generator, num_parameters
from ganvas.storage import json_bytes, read_json, sha256_of_file, write_file
from ganvas.tensors import adopt_file, without_memory, write_tensors

DESCRIPTION = "model.json"
GENERATOR = "generator.safetensors"
DISCRIMINATOR = "discriminator.safetensors"
_LARGEST_DESCRIPTION = 4 << 20  # bytes, nearly all of them names of classes
_LARGEST_CONFIG = 1 << 16  # bytes, some hundreds of lines of a `stack`


class ModelDescription(Config):
    """What `model.json` says."""

    format: int = Field(default=1, ge=1, le=1, description="version of this form")
    model: dict[str, Any] = Field(description="family and sizes of the networks")
    image_shape: ImageShape = Field(description="channels, height, width")
    classes: tuple[str, ...] = Field(max_length=1_000_000, description="names of the classes; empty without")
    weights: dict[str, str] = Field(description="SHA-256 of each safetensors file")
    scaling: ScalingSettings = Field(
        default=ScalingSettings(),
        exclude_if=lambda scaling: scaling.is_symmetric,
        description="how bytes become what the networks see; left out where it is x / 127.5 - 1",
    )
    origin: dict[str, Any] = Field(default={}, description="where the model comes from: recipe, dataset, step, score")

    @field_validator("origin")
    @classmethod
    def _check_score(cls, origin: dict[str, Any]) -> dict[str, Any]:
        match origin.get("score"):
            case None | {"protocol": str(), "value": int() | float()}:
                return origin
        raise ValueError("its `score` has no `protocol` and `value`")


class SavedModel(NamedTuple):
    """A model read back."""

    description: ModelDescription
    config: FamilyConfig
    generator: Generator
    discriminator: Discriminator | None
    scaling: Scaling | None


def write_model(
    folder: Path,
    config: FamilyConfig,
    gan: Gan,
    classes: tuple[str, ...],
    origin: dict[str, Any],
    scaling: Scaling | None = None,
) -> None:
    """Write both players, their scaling where they have one, and their description into an existing folder."""
    write_tensors(folder / GENERATOR, gan.generator.state_dict())
    write_tensors(folder / DISCRIMINATOR, gan.discriminator.state_dict())
    save_scaling(scaling, folder)
    names = (GENERATOR, DISCRIMINATOR, *([] if scaling is None else [ARRAYS_FILE]))
    description = ModelDescription(
        model=config.plain(),
        image_shape=gan.generator.image_shape,
        classes=classes,
        weights={name: sha256_of_file(folder / name) for name in names},
        scaling=ScalingSettings() if scaling is None else scaling.settings,
        origin=origin | {"generator_parameters": num_parameters(gan.generator)},
    )
    write_file(folder / DESCRIPTION, json_bytes(description.plain()))


def read_model(folder: Path) -> SavedModel:
    """Read a model folder, trusting nothing in it: damage, misfits and pickles are refused in words."""
    path = folder / DESCRIPTION
    if path.stat().st_size > _LARGEST_DESCRIPTION:
        raise ModelError(f"`{path}` is larger than any description of a model.")
    description = ModelDescription.read(read_json(path), f"`{path}`")
    config = read_family(description.model, f"`{path}`")
    generator, discriminator = empty_players(config, description.image_shape, len(description.classes))
    _load(folder, GENERATOR, generator, description)
    scaling = _scaling(folder, description)
    if not (folder / DISCRIMINATOR).is_file():
        return SavedModel(description, config, generator, None, scaling)
    _load(folder, DISCRIMINATOR, discriminator, description)
    return SavedModel(description, config, generator, discriminator, scaling)


def empty_players(config: FamilyConfig, shape: ImageShape, num_classes: int) -> tuple[Generator, Discriminator]:
    """Return both players without memory for their weights, so that absurd sizes cost nothing.

    Whoever wrote the sizes is not trusted: `ModelError` when no network can have them.
    """
    if min(shape) < 1:
        raise ModelError(f"Images of {list(shape)} channels, height and width cannot be; each is at least 1.")
    if (length := len(json_bytes(config.plain()))) > _LARGEST_CONFIG:
        raise ModelError(f"The sizes of the networks fill {length:,} bytes; at most {_LARGEST_CONFIG:,} are believed.")
    check(config, shape, num_classes)
    try:
        with without_memory():
            return config.generator(shape, num_classes), config.discriminator(shape, num_classes)
    except (RuntimeError, TypeError, OverflowError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"The model family `{config.family}` cannot have these sizes: {reason}.") from error


def _load(folder: Path, name: str, player: nn.Module, description: ModelDescription) -> None:
    adopt_file(player, folder / name)
    _expect_same(folder / name, description)
    player.eval().requires_grad_(False)


def _scaling(folder: Path, description: ModelDescription) -> Scaling | None:
    """Return the scaling; its size is bounded by that of images, which the weights have confirmed."""
    channels, height, width = description.image_shape
    scaling = scaling_of(folder, description.scaling, (height, width, channels))
    if scaling is not None:
        _expect_same(folder / ARRAYS_FILE, description)
    return scaling


def _expect_same(path: Path, description: ModelDescription) -> None:
    if sha256_of_file(path) != description.weights.get(path.name):
        raise DamagedError(f"`{path}` is not the file that {DESCRIPTION} was written with: its SHA-256 differs.")
