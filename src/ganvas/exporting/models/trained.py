"""A trained generator as the exports need it, and what a row of `MODEL_EXPORTS` is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from ganvas.data.scalings.contract import Scaling
from ganvas.errors import UsageError
from ganvas.exporting.model_card import SAMPLES, Evaluation, model_card
from ganvas.extras import install
from ganvas.players import Generator, Translator
from ganvas.progress import Progress
from ganvas.storage import write_file

README = "README.md"


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
    write_folder: Callable[[Path], None]
    """Writes weights, description, samples and what is known of their scores, but no card."""
    mean_style: Tensor | None = None
    controls: Controls | None = None
    evaluation: Evaluation | None = None

    def write_card(self, folder: Path, tags: tuple[str, ...] = (), place: str = "", more: str = "") -> None:
        """Write the card of the model folder `folder`, `more` at its end."""
        text = model_card(
            self.name,
            self.family,
            self.generator.image_shape,
            self.classes,
            self.origin,
            None if self.scaling is None else self.scaling.settings.scaling,
            translates=isinstance(self.generator, Translator),
            has_samples=(folder / SAMPLES).is_file(),
            evaluation=self.evaluation,
            licence=self.licence,
            tags=tags,
            place=place,
        )
        write_file(folder / README, (text + more).encode())


class ModelExport(NamedTuple):
    """One row of `MODEL_EXPORTS`: `write` fills a new folder, or returns through it one file `model` + `suffix`.

    An export over an earlier one replaces it where it is a file of that suffix, or a folder that holds `mark`.
    """

    write: Callable[[Trained, Path, Progress], None]
    suffix: str = ""
    mark: str = ""


def needed(package: str, purpose: str, extra: str) -> UsageError:
    """Return the error for a package of an extra that is not installed."""
    return UsageError(f"{purpose} needs the package `{package}`, which is not installed. {install(extra)}")
