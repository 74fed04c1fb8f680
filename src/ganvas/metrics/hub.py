"""Feature networks that other libraries build, from weights in Hugging Face's cache on this machine.

Nothing is downloaded, only safetensors are read, and no code comes with a model: libraries are named here, classes in
the files of the networks. The first library that is installed and has its files at hand is used.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from ganvas.errors import ModelError
from ganvas.extras import pip_install
from ganvas.images import Pixels
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.inference import in_float32
from ganvas.metrics.resizing import clean_resized
from ganvas.metrics.weights import places
from ganvas.storage import sha256_of_file

Built = tuple[nn.Module, Callable[[Tensor], Tensor]]
"""A network, and the function of it from images [N, 3, S, S], normalised, to features [N, d]."""


class Way(NamedTuple):
    """One library's way to a network: its files on the hub, the weights last, and what builds it of them."""

    library: str
    package: str
    repository: str
    files: tuple[str, ...]
    build: Callable[[Path], Built]


class HubNetwork(NamedTuple):
    """A feature network with the ways to it, the size of its images, and the mean and deviation of their channels."""

    features: str
    model: str
    title: str
    tells: str
    size: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    ways: tuple[Way, ...]


def hub_features(network: HubNetwork, folder: Path | None = None) -> FeatureNetwork:
    """Return a feature network with the weights found in `folder`, or where `weights.py` looks, or in the hub's cache.

    Raises `ModelError` naming each way to it, and what that lacks.
    """
    way, weights = _way_to(network, folder)
    try:
        built, features = way.build(weights)
    except (OSError, RuntimeError, ValueError, KeyError, ImportError, AttributeError) as error:
        raise ModelError(
            f"`{way.library}` could not build {network.title} from `{weights}` ({error}). Get the file again with "
            f"`{_download(way)}`, or install another version of {way.package}."
        ) from error
    run = in_float32(features, built.eval().requires_grad_(False))
    mean, deviation = (np.array(part, np.float32)[:, None, None] for part in (network.mean, network.deviation))

    def extract(pixels: Pixels) -> NDArray[np.float32]:
        return run((clean_resized(pixels, network.size) / np.float32(255) - mean) / deviation)

    return FeatureNetwork(
        f"{network.features}-{network.model}-{sha256_of_file(weights)[:8]}",
        f"Features of {network.title}, built by {way.library} from {way.repository}. {network.tells}",
        extract,
        resizer=f"clean{network.size}",
        batch_size=25,
    )


def _way_to(network: HubNetwork, folder: Path | None) -> tuple[Way, Path]:
    """Return the first way that lacks nothing, and its file of weights; raise `ModelError` where each lacks some."""
    lacking = []
    for way in network.ways:
        installed, weights = find_spec(way.library) is not None, _files_of(way, network.features, folder)
        if installed and weights:
            return way, weights
        lacks = [] if installed else [f"the library (`{pip_install(way.package)}`)"]
        lacks += [] if weights else [f"its weights (`{_download(way)}`)"]
        lacking.append(f"  by {way.library}: {' and '.join(lacks)}")
    raise ModelError(
        f"The features `{network.features}` are those of {network.title}, and nothing here can give them. It lacks\n"
        + "\n".join(lacking)
        + f"\nThe files may also lie in a folder `{network.features}` of the folder that GANVAS_WEIGHTS names. Ganvas "
        "downloads none of them, and puts nothing else in their place."
    )


def _files_of(way: Way, features: str, folder: Path | None) -> Path | None:
    """Return the file of weights of a way where it and those beside it are on this machine."""
    given = [] if folder is None else [folder]
    for candidate in [*given, *(place / features for place in places())]:
        if all((candidate / name).is_file() for name in way.files):
            return candidate / way.files[-1]
    return _cached(way) if find_spec("huggingface_hub") else None


def _cached(way: Way) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = [try_to_load_from_cache(way.repository, name) for name in way.files]
    return Path(found[-1]) if all(isinstance(path, str) for path in found) else None  # type: ignore[arg-type]


def _download(way: Way) -> str:
    return f"hf download {way.repository} {' '.join(way.files)}"
