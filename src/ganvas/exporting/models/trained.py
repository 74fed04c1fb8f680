"""A trained generator as the exports need it, and what a row of `MODEL_EXPORTS` is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from ganvas.data.scalings.contract import Scaling
from ganvas.errors import UsageError
from ganvas.players import Generator
from ganvas.progress import Progress


class Controls(NamedTuple):
    """Named directions [D, Z], or [D, W] where the generator has styles, and how far one unit of each goes [D]."""

    names: tuple[str, ...]
    vectors: Tensor
    scales: Tensor


@dataclass(frozen=True)
class Trained:
    """A generator, what is known of it, and how its model folder is written.

    `classes` are those it draws on demand, none where it is unconditional. `mean_style` [L, W] is that towards which
    truncation pulls, where the family has styles. `licence` is a name such as `apache-2.0`, empty where not stated.
    """

    name: str
    family: str
    generator: Generator
    classes: tuple[str, ...]
    origin: dict[str, Any]
    scaling: Scaling | None
    sha256: str
    software: str
    licence: str
    write_folder: Callable[[Path, str], None]
    """Writes weights, description, samples and, under its second argument unless that is empty, the card."""
    mean_style: Tensor | None = None
    controls: Controls | None = None


class ModelExport(NamedTuple):
    """One row of `MODEL_EXPORTS`: `write` fills a new folder, or returns through it one file `model` + `suffix`.

    An export over an earlier one replaces it where it is a file of that suffix, or a folder that holds `mark`.
    """

    write: Callable[[Trained, Path, Progress], None]
    suffix: str = ""
    mark: str = ""


def needed(package: str, purpose: str, extra: str) -> UsageError:
    """Return the error for a package of an extra that is not installed."""
    return UsageError(f"{purpose} needs the package `{package}`: pip install 'ganvas[{extra}]'.")
