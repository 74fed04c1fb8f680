"""How stored bytes become what a network sees, real values in [-1, 1], and generated values bytes again.

Every scaling is affine, computed in float64, handed over in float32 and inverted exactly for all 256 values.
"""

from pathlib import Path
from typing import Any

import numpy as np

from ganvas.catalogue import Entry, find
from ganvas.config import Config, Field
from ganvas.data.scalings.contract import Scaling, ScalingSettings, Shape
from ganvas.data.scalings.coordinatewise import Coordinatewise
from ganvas.data.scalings.moments import Chunks, checked
from ganvas.data.scalings.whitening import Whitening
from ganvas.errors import DamagedError, DataError
from ganvas.storage import json_bytes, read_json, reading, write_file

_HERE = "ganvas.data.scalings"
SETTINGS_FILE = "scaling.json"
ARRAYS_FILE = "scaling.safetensors"

SCALINGS: dict[str, Entry] = {
    "symmetric": Entry(f"{_HERE}.coordinatewise:fixed", "x / 127.5 - 1: [-1, 1], nothing fitted; the default"),
    "unit": Entry(f"{_HERE}.coordinatewise:fixed", "x / 255: [0, 1], nothing fitted"),
    "min_max": Entry(f"{_HERE}.coordinatewise:fit_min_max", "lowest and highest value become -1 and 1"),
    "standard": Entry(
        f"{_HERE}.coordinatewise:fit_standard", "mean 0 and equal deviations, globally, by channel or place"
    ),
    "centre": Entry(f"{_HERE}.coordinatewise:fit_centre", "the mean image subtracted"),
    "pca": Entry(f"{_HERE}.whitening:fit_whitening", "principal components of equal variance"),
    "zca": Entry(f"{_HERE}.whitening:fit_whitening", "decorrelated, yet nearest to the images"),
}


class _Saved(Config):
    """What `scaling.json` holds."""

    settings: ScalingSettings = Field(description="As fitted.")
    shape: Shape = Field(description="Height, width and channels.")


def fit_scaling(settings: ScalingSettings, chunks: Chunks) -> Scaling:
    """Return the scaling fitted to training images; `chunks` starts a pass over them, uint8 [n, H, W, C].

    `symmetric` and `unit` read the shape alone; the others make one pass, whitening three. Raise `DataError` where
    there are no images or their shapes differ, `ConfigurationError` where they are too large to whiten.
    """
    first = next(checked(chunks()), None)
    if first is None:
        raise DataError("There are no images to fit a scaling to. Give the training images of a dataset.")
    fit = find(SCALINGS, "scaling", settings.scaling)
    if settings.scaling in ("symmetric", "unit"):
        return fit(settings, first.shape[1:])
    return fit(settings, chunks)


def save_scaling(scaling: Scaling, folder: Path) -> None:
    """Write `scaling.json` and `scaling.safetensors` (float64) into a folder; for use inside `new_folder`."""
    from safetensors.numpy import save

    saved = _Saved(settings=scaling.settings, shape=scaling.shape)
    write_file(folder / ARRAYS_FILE, save({name: np.ascontiguousarray(a) for name, a in scaling.arrays().items()}))
    write_file(folder / SETTINGS_FILE, json_bytes(saved.plain()))


def load_scaling(folder: Path) -> Scaling:
    """Read the scaling of a folder; raise `DamagedError` where a file is missing or not what it should be."""
    saved = _Saved.read(read_json(folder / SETTINGS_FILE), f"`{folder / SETTINGS_FILE}`")
    arrays = _read_arrays(folder / ARRAYS_FILE)
    kind = Whitening if saved.settings.scaling in ("pca", "zca") else Coordinatewise
    try:
        scaling = kind(saved.settings, saved.shape, **arrays)
    except TypeError as error:
        raise DamagedError(f"`{folder / ARRAYS_FILE}` does not hold the constants of {saved.settings.scaling}.") from error
    _check(scaling, folder / ARRAYS_FILE)
    return scaling


def _read_arrays(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    with reading(path):
        content = path.read_bytes()
    try:
        arrays = load(content)
    except (SafetensorError, ValueError, KeyError, TypeError, MemoryError, OverflowError) as error:
        raise DamagedError(f"`{path}` is not a valid safetensors file ({error}).") from error
    return arrays


def _check(scaling: Scaling, path: Path) -> None:
    """Raise `DamagedError` where constants are not float64, not finite, or do not fit the images' shape."""
    arrays = scaling.arrays()
    sound = all(array.dtype == np.float64 and np.isfinite(array).all() for array in arrays.values())
    if not (sound and scaling.fits()):
        raise DamagedError(f"`{path}` is damaged: its constants do not fit images {list(scaling.shape)}.")
