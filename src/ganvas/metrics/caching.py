"""Features of a dataset's own images, kept on the disk: computed once for each feature network.

They lie in sealed folders below `features/` of the dataset folder, beside its seal, or in the user's cache where the
dataset folder may not be written. A folder is named by the network, the images and a digest of all that features
depend on: the network with its weights, the resizer, the dataset's content, which of its images and how many. So what
is found is never stale; what is damaged is computed again.
"""

import hashlib
import re
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ganvas.data.published import cache_folder
from ganvas.errors import ModelError, StorageError
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.protocol import ImageSet, View
from ganvas.progress import Progress, Silent
from ganvas.storage import new_folder, verify_folder
from ganvas.tensors import read_tensors, write_tensors

FOLDER, _FILE, _TENSOR = "features", "features.safetensors", "features"
_REVISION = "1"  # another, once a network of the same name gives other features


class FeatureCache:
    """The features kept of the images of one dataset, whose content hash is `content`, below `folder`."""

    def __init__(self, folder: Path, content: str) -> None:
        self.folder = folder
        self.content = content

    def view(self, network: FeatureNetwork, images: ImageSet, key: str, progress: Progress | None = None) -> View:
        """Return what `network` sees of the images that `key` names within the dataset, kept or computed and kept."""
        if not network.expensive:
            return network.view(images, progress)
        name = self._name(network, key, len(images.pixels))
        for place in self._places():
            features = _kept(place / name, len(images.pixels))
            if features is not None:
                (progress or Silent()).advance(len(features), f"{network.name} kept from before")
                return network.view_of(features, images)
        features = network.features(images.pixels, progress)
        self._keep(name, features)
        return network.view_of(features, images)

    def _places(self) -> tuple[Path, Path]:
        return self.folder, cache_folder() / FOLDER

    def _name(self, network: FeatureNetwork, key: str, count: int) -> str:
        parts = (network.name, network.resizer, self.content, key, str(count), _REVISION)
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        return re.sub("[^a-zA-Z0-9.-]", "_", f"{network.name}-{key}") + f"-{digest[:16]}"

    def _keep(self, name: str, features: NDArray[np.float32]) -> None:
        """Write features where that can be done; scores need no cache, so a full disk stops nothing."""
        for place in self._places():
            try:
                with new_folder(place / name) as working:
                    write_tensors(working / _FILE, {_TENSOR: torch.from_numpy(np.array(features))})
            except StorageError:
                continue
            return


def _kept(folder: Path, count: int) -> NDArray[np.float32] | None:
    """Return the features of a sealed folder, None where it is absent or not whole."""
    if not folder.is_dir():
        return None
    try:
        verify_folder(folder)
        features = read_tensors(folder / _FILE)[_TENSOR].numpy()
    except (StorageError, ModelError, KeyError):
        return None
    return features if features.ndim == 2 and len(features) == count else None
