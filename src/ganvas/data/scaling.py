"""How stored bytes become what a network sees, real values in [-1, 1], and generated values bytes again.

Every scaling is affine, computed in float64, handed over in float32 and inverted exactly for all 256 values.
"""

from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from ganvas.catalogue import Entry, find
from ganvas.config import Config, Field
from ganvas.data.scalings.contract import Scaling, ScalingSettings, Shape
from ganvas.data.scalings.coordinatewise import Coordinatewise
from ganvas.data.scalings.moments import Chunks, checked
from ganvas.data.scalings.whitening import MAX_VALUES, Whitening, expect_whitening
from ganvas.errors import ConfigurationError, DamagedError, DataError
from ganvas.storage import json_bytes, read_json, reading, write_file

_HERE = "ganvas.data.scalings"
SETTINGS_FILE = "scaling.json"
ARRAYS_FILE = "scaling.safetensors"
SCALING_FILES = (SETTINGS_FILE, ARRAYS_FILE)
_LARGEST_SETTINGS = 1 << 16  # bytes

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
    there are no images or their shapes differ, and as `expect_scaling` does.
    """
    first = next(checked(chunks()), None)
    if first is None:
        raise DataError("There are no images to fit a scaling to. Give the training images of a dataset.")
    height, width, channels = first.shape[1:]
    expect_scaling(settings, (height, width, channels))
    fit = find(SCALINGS, "scaling", settings.scaling)
    if settings.scaling in ("symmetric", "unit"):
        return fit(settings, (height, width, channels))
    return fit(settings, chunks)


def expect_scaling(settings: ScalingSettings, shape: Shape) -> None:
    """Raise `ConfigurationError` where images of this shape cannot be scaled so: whitening has limits."""
    if settings.scaling in ("pca", "zca"):
        expect_whitening(settings, shape)


def save_scaling(scaling: Scaling | None, folder: Path) -> None:
    """Write `scaling.json` and `scaling.safetensors` (float64) into a folder that is not finished yet.

    Where there is no scaling, those that an interrupted writer left are removed.
    """
    if scaling is None:
        for name in SCALING_FILES:
            (folder / name).unlink(missing_ok=True)
        return
    from safetensors.numpy import save

    saved = _Saved(settings=scaling.settings, shape=scaling.shape)
    write_file(folder / ARRAYS_FILE, save({name: np.ascontiguousarray(a) for name, a in scaling.arrays().items()}))
    write_file(folder / SETTINGS_FILE, json_bytes(saved.plain()))


def load_scaling(folder: Path) -> Scaling:
    """Read the scaling of a folder; raise `DamagedError` where a file is missing or not what it should be."""
    saved = _read_saved(folder / SETTINGS_FILE)
    arrays = _read_arrays(folder / ARRAYS_FILE, saved)
    kind = Whitening if saved.settings.scaling in ("pca", "zca") else Coordinatewise
    try:
        scaling = kind(saved.settings, saved.shape, **arrays)
    except TypeError as error:
        wanted = saved.settings.scaling
        raise DamagedError(f"`{folder / ARRAYS_FILE}` does not hold the constants of {wanted}.") from error
    _check(scaling, folder / ARRAYS_FILE)
    return scaling


def scaling_of(folder: Path, settings: ScalingSettings, shape: Shape) -> Scaling | None:
    """Return the scaling that the description of a folder names; None for `symmetric`, which has no files.

    Raise `DamagedError` where its files are missing, damaged, or of another scaling or shape [H, W, C].
    """
    if settings.is_symmetric:
        return None
    saved = _read_saved(folder / SETTINGS_FILE)
    if (saved.settings, saved.shape) != (settings, shape):
        raise DamagedError(
            f"`{folder / SETTINGS_FILE}` is of {saved.settings.scaling} for images {list(saved.shape)}; its folder "
            f"needs {settings.scaling} for {list(shape)}, settings and all. Restore it from a copy."
        )
    return load_scaling(folder)


def _read_saved(path: Path) -> _Saved:
    with reading(path):
        size = path.stat().st_size
    if size > _LARGEST_SETTINGS:
        raise DamagedError(f"`{path}` has {size:,} bytes, more than any scaling needs. Restore it from a copy.")
    try:
        return _Saved.read(read_json(path), f"`{path}`")
    except ConfigurationError as error:
        raise DamagedError(f"{error} Restore it from a copy.") from error


def _read_arrays(path: Path, saved: _Saved) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    num_values = prod(saved.shape)
    with reading(path):
        size = path.stat().st_size
        if size > 8 * num_values * (min(num_values, MAX_VALUES) + 4) + _LARGEST_SETTINGS:  # float64 directions [D, D]
            raise DamagedError(f"`{path}` has {size:,} bytes, more than images {list(saved.shape)} need.")
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
