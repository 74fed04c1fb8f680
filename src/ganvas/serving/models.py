"""Models: those that are served, each tried out before it answers anybody, and what each can do."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from ganvas.errors import ModelError, UsageError
from ganvas.generation.classes import can_mix
from ganvas.generation.drawing import CHUNK, Request, draw_chunks
from ganvas.generation.latents import latents_at
from ganvas.generation.sharing import rows_alike
from ganvas.generation.truncation import LARGEST, mean_style
from ganvas.images import Pixels
from ganvas.players import StyledGenerator
from ganvas.serving.refusals import Refusal
from ganvas.workflows.choice import expect_drawing, labels_at
from ganvas.workflows.model import Model, load


@dataclass(frozen=True)
class Served:
    """A model with what was found out about it beforehand."""

    name: str
    folder: Path
    model: Model
    rows_alike: bool
    """Whether its images come out the same in any row of a chunk, so that any of them may share one."""
    mixes: bool
    mean: Tensor | None
    """The mean style, where it has styles."""
    samples: Pixels
    """Its first images of seed 0: uint8 [CHUNK, H, W, C]."""

    def facts(self) -> dict[str, Any]:
        """Return what it draws, as plain JSON values."""
        model, (channels, height, width) = self.model, self.model.image_shape
        provenance = model.provenance()
        return {
            "name": self.name,
            "family": model.config.family,
            "recipe": provenance.recipe or None,
            "step": provenance.step,
            "sha256": model.sha256,
            "image_shape": {"channels": channels, "height": height, "width": width},
            "classes": list(model.classes) if model.conditional else [],
            "mixes_classes": self.mixes,
            "directions": list(model.directions.names),
            "styles": isinstance(model.generator, StyledGenerator),
            "truncation": {"least": 0.0, "most": LARGEST, "default": 1.0},
            "bits": [8, 16] if model.scaling is None else [8],
        }


class Models:
    """The models by name, in the order given."""

    def __init__(self, served: Iterable[Served]) -> None:
        self.by_name = {one.name: one for one in served}

    def find(self, name: str | None) -> Served:
        """Return the model of a name, the only one without; raise `Refusal` where it is not clear which."""
        if name is None and len(self.by_name) == 1:
            return next(iter(self.by_name.values()))
        if name is None or name not in self.by_name:
            said = "No `model` is named" if name is None else f"There is no model `{name[:100]}`"
            raise Refusal(422, "which_model", f"{said}; there are: {', '.join(self.by_name)}.", "Name one as `model`.")
        return self.by_name[name]

    def reload(self) -> list[str]:
        """Read all anew, from their folders; return what is wrong with those that stay as they were."""
        wrong = []
        for name, before in list(self.by_name.items()):
            try:
                self.by_name[name] = admit(before.folder, name)
            except Exception as error:
                wrong.append(f"`{name}` stays as it was: {error}")
        return wrong


def admit(folder: Path, name: str) -> Served:
    """Read a model and try it out; raises `GanvasError` saying what is wrong with it."""
    model = load(folder)
    expect_drawing(model)
    _ = model.sha256, model.directions
    generator = model.generator
    styled = isinstance(generator, StyledGenerator)
    _expect_finite(model, folder)
    return Served(
        name,
        folder,
        model,
        rows_alike=rows_alike(generator),
        mixes=can_mix(generator),
        mean=mean_style(generator) if styled else None,
        samples=model.generate(CHUNK),
    )


def named(folders: Iterable[str | Path]) -> dict[str, Path]:
    """Return folders by the names that their models get: those of the folders, or given as NAME=FOLDER."""
    found: dict[str, Path] = {}
    for text in map(str, folders):
        name, sign, rest = text.partition("=")
        folder = Path(rest if sign and not Path(text).exists() else text)
        name = name if sign and folder == Path(rest) else folder.resolve().name
        if not name or not name.isprintable() or len(name) > 200:
            raise UsageError(f"`{name[:50]}` is no name for a model. Give a printable one: NAME=FOLDER.")
        if name in found:
            raise UsageError(f"Two models would be called `{name}`. Name one of them: NAME={folder}.")
        found[name] = folder
    if not found:
        raise UsageError("There is no model to serve: give a run folder or a model folder.")
    return found


def _expect_finite(model: Model, folder: Path) -> None:
    addresses = [(0, index) for index in range(CHUNK)]
    labels = labels_at(model, addresses)
    request = Request(latents=latents_at(model.generator, addresses), labels=labels, noise=tuple(addresses))
    drawn = next(draw_chunks(model.generator, request, lambda images: images.detach().float().cpu().numpy()))
    if not np.isfinite(drawn).all():
        raise ModelError(f"The model in `{folder}` draws values that are no numbers. Serve another checkpoint of it.")
