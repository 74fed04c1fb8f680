"""The output of a trained model as a source of images: `open_model_source` in, items marked as synthetic out."""

import hashlib
from pathlib import Path

import numpy as np

from ganvas.data.sources.generated import generated_source
from ganvas.data.sources.source import Source, readable
from ganvas.errors import UsageError
from ganvas.images import Pixels
from ganvas.models.saved import DESCRIPTION
from ganvas.workflows.model import Model, load
from ganvas.workflows.run_folder import is_run_folder


def is_model_folder(path: str | Path) -> bool:
    """Tell whether a path is a run folder of `ganvas train` or a model folder."""
    folder = Path(path)
    return (folder / DESCRIPTION).is_file() or (folder.is_dir() and is_run_folder(folder))


def open_model_source(path: str | Path, num_images: int, seed: int = 0, licence: str | None = None) -> Source:
    """Return images 0 ... `num_images` - 1 of `seed` of a trained generator, its classes in turn.

    Image i is the same, to the pixel, as `Model.generate` gives for these classes. Raises `ModelError`, `RunError` or
    `DamagedError` for a folder that cannot be used, `UsageError` for fewer than one image.
    """
    if num_images < 1:
        raise UsageError(f"{num_images} images were asked for; ask for at least 1.")
    return source_of_model(load(path), readable(Path(path).resolve().name), num_images, seed, licence)


def source_of_model(model: Model, name: str, num_images: int, seed: int = 0, licence: str | None = None) -> Source:
    """Return the images of a model at hand as `open_model_source` does.

    Raises `UsageError` for a model that translates pictures.
    """
    if model.translates:
        raise UsageError(
            f"`{name}` turns pictures into others, and draws none of its own. Write translations into a folder by "
            "`ganvas generate MODEL --sources FOLDER --out DIR`, and prepare that."
        )
    numbers = np.arange(num_images) % len(model.classes) if model.conditional else None

    def draw(first: int, num: int) -> Pixels:
        return model.generate(num, None if numbers is None else numbers[first : first + num], seed, first)

    return generated_source(
        name,
        num_images,
        draw,
        channels=model.image_shape.channels,
        origin=name,
        fingerprint=f"{_weights_sha256(model)}:{seed}",
        labels=None if numbers is None else [model.classes[number] for number in numbers],
        licence=licence,
    )


def _weights_sha256(model: Model) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(model.generator.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
