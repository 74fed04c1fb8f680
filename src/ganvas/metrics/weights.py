"""Published weights of feature networks: found on this machine and checked, downloaded only when asked for.

They are looked for in a folder that is given, in the folder that GANVAS_WEIGHTS names, and in `ganvas/weights` of
XDG_CACHE_HOME or `~/.cache`; the first that has the file decides, right or wrong: nothing is replaced silently.

Some circulate only as a file of torch, a pickle. Of such a file not a byte is looked at before its SHA-256 is that of
the one published file, and then torch reads tensors from it alone (`weights_only`): no other pickle is ever read.
"""

import hashlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ganvas.data.download import RemoteFile, download
from ganvas.data.published import cache_folder
from ganvas.errors import DamagedError, ModelError, unknown_name
from ganvas.progress import Progress
from ganvas.storage import reading, sha256_of_file

if TYPE_CHECKING:
    from torch import Tensor

FOLDER_VARIABLE = "GANVAS_WEIGHTS"


class PublishedWeights(NamedTuple):
    """A file of weights as published: where it is, and what it is under what terms."""

    file: RemoteFile
    mirrors: tuple[str, ...]
    about: str


WEIGHTS: dict[str, PublishedWeights] = {
    "inception": PublishedWeights(
        RemoteFile(
            "pt_inception-2015-12-05-6726825d.pth",
            95_628_359,
            "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        ),
        ("https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights",),
        "the Inception of 2015-12-05, which FID is defined by (Apache 2.0)",
    ),
}
"""By row of FEATURES."""


def places(folder: Path | None = None) -> list[Path]:
    """Return the folders that are looked in, in order; `folder` is one given by hand."""
    named = os.environ.get(FOLDER_VARIABLE)
    return [place for place in (folder, Path(named).expanduser() if named else None, downloads()) if place is not None]


def downloads() -> Path:
    """Return the folder that weights are downloaded to."""
    return cache_folder() / "weights"


def find_weights(features: str, folder: Path | None = None) -> Path | None:
    """Return the first file of that name where weights are looked for, unchecked; None where there is none."""
    return next((path for place in places(folder) if (path := place / WEIGHTS[features].file.name).is_file()), None)


def fetch_weights(features: str, progress: Progress) -> Path:
    """Return the checked file of a row of WEIGHTS, downloaded where this machine has none.

    Raises `UsageError` where there is no such row.
    """
    if features not in WEIGHTS:
        raise unknown_name("download for the features", features, WEIGHTS)
    published, found = WEIGHTS[features], find_weights(features)
    if found is None:
        elsewhere = f"the folder that the environment variable {FOLDER_VARIABLE} names"
        download(published.about, [published.file], published.mirrors, downloads(), progress, elsewhere=elsewhere)
        return downloads() / published.file.name
    if (digest := sha256_of_file(found)) != published.file.sha256:
        raise _another_file(found, digest, features)
    return found


def load_published(features: str, folder: Path | None = None) -> dict[str, "Tensor"]:
    """Return the tensors of a row of WEIGHTS by name.

    Raises `ModelError` saying how to get it where it is absent, `DamagedError` where what is found is another.
    """
    import torch  # here: a list of what there is needs none of it

    path = find_weights(features, folder)
    if path is None:
        raise ModelError(_absent(features, folder))
    with reading(path):
        content = path.read_bytes()
    if (digest := hashlib.sha256(content).hexdigest()) != WEIGHTS[features].file.sha256:
        raise _another_file(path, digest, features)
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _absent(features: str, folder: Path | None) -> str:
    file, mirrors, _ = WEIGHTS[features]
    looked = ", ".join(f"`{place}`" for place in places(folder))
    return (
        f"The features `{features}` need the file {file.name} ({file.num_bytes:,} bytes, SHA-256 {file.sha256}), and "
        f"it is not on this machine (looked in {looked}). `ganvas weights {features}` downloads it from "
        f"{mirrors[0]}/{file.name}; or copy it into a folder that {FOLDER_VARIABLE} names. Nothing else is put in its "
        "place."
    )


def _another_file(path: Path, digest: str, features: str) -> DamagedError:
    file, _, about = WEIGHTS[features]
    return DamagedError(
        f"`{path}` is not {about}: its SHA-256 is {digest}, not {file.sha256}. Remove it, and get the published file "
        f"with `ganvas weights {features}`."
    )
