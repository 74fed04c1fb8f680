"""What every family's configuration has: its name, the images it can do, and how to build its two players."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import torch

from ganvas.catalogue import find
from ganvas.config import Config
from ganvas.errors import ModelError
from ganvas.images import ImageShape
from ganvas.models import MODELS
from ganvas.players import Discriminator, Gan, Generator
from ganvas.seeds import Stream


class FamilyConfig(Config):
    """Base of the families' configurations; `family` is the row of `MODELS`."""

    family: Any

    @abstractmethod
    def refuse(self, image_shape: ImageShape, num_classes: int) -> str | None:
        """Return why the family cannot do these images, with what it can do; None when it can."""

    @abstractmethod
    def generator(self, image_shape: ImageShape, num_classes: int) -> Generator:
        """Return a new generator."""

    @abstractmethod
    def discriminator(self, image_shape: ImageShape, num_classes: int) -> Discriminator:
        """Return a new discriminator."""


@runtime_checkable
class Offering(Protocol):
    """A family whose players tell more than images and scores."""

    def offers(self) -> frozenset[str]:
        """Return what they tell: `classes`, `embeddings` (and proxies), `reconstructions` of D; `styles` of G.

        A translator's offer `pairs` where each source has its target, `domains` where it turns one class into another.
        """
        ...


def offers_of(config: FamilyConfig) -> frozenset[str]:
    """Return what a family's players tell beside images and scores; terms of an objective may need it."""
    return config.offers() if isinstance(config, Offering) else frozenset()


def family_config(name: str, **sizes: Any) -> FamilyConfig:  # noqa: ANN401
    """Return the configuration of family `name` with some of its sizes replaced."""
    config_class: type[FamilyConfig] = find(MODELS, "model family", name)
    return config_class.read({"family": name, **sizes}, f"The configuration of model family `{name}`")


def read_family(values: dict[str, Any], origin: str) -> FamilyConfig:
    """Return a family's configuration from its plain values, `family` among them.

    Raises `ModelError` where they name no family, `UsageError` where there is none of that name.
    """
    if not isinstance(values.get("family"), str):
        raise ModelError(f"{origin} names no model `family`.")
    return family_config(values["family"], **{name: value for name, value in values.items() if name != "family"})


def build_gan(config: FamilyConfig, image_shape: ImageShape, num_classes: int, seed: int) -> Gan:
    """Return both players with their initial weights, a function of the seed; what cannot be is refused."""
    check(config, image_shape, num_classes)
    with _initialisation(Stream(seed, "initialisation/generator")):
        generator = config.generator(image_shape, num_classes)
    with _initialisation(Stream(seed, "initialisation/discriminator")):
        discriminator = config.discriminator(image_shape, num_classes)
    return Gan(generator, discriminator)


def check(config: FamilyConfig, image_shape: ImageShape, num_classes: int) -> None:
    """Raise `ModelError` when the family cannot do these images."""
    if reason := config.refuse(image_shape, num_classes):
        raise ModelError(f"Model family `{config.family}` cannot do {image_shape}: {reason}")


@contextmanager
def _initialisation(stream: Stream) -> Iterator[None]:
    """Let torch's initialisers draw from `stream`, and leave torch's own generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(stream.words(1, 1)[0, 0] >> 1))
        yield
