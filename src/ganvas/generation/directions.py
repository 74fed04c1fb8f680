"""Directions in the latent space along which images change in one way; found without labels, and kept with a model.

`pca`: principal components of styles, or of the first features, led back to latents by least squares (Haerkoenen et al.
2020, "GANSpace", sections 2.1 and 2.2). `weights`: A of the first layer that sees the latent, or of all layers that see
the style; the unit vectors n that change A n most are the eigenvectors of A^T A (Shen and Zhou 2021, "Closed-Form
Factorization of Latent Semantics in GANs", equation 5).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import torch
from torch import Tensor

from ganvas.config import Config, Field
from ganvas.errors import DamagedError, ModelError, UsageError, unknown_name
from ganvas.storage import read_json, replace_file, sha256_of_file, write_json
from ganvas.tensors import read_tensors, tensor_bytes

Space = Literal["latents", "styles"]
Method = Literal["pca", "weights"]
DESCRIPTION, VECTORS = "directions.json", "directions.safetensors"
_NAME = re.compile(r"[^\W\d][\w.-]{0,59}")


class DirectionsFile(Config):
    """What `directions.json` says."""

    format: int = Field(default=1, ge=1, le=1, description="version of this form")
    model: str = Field(description="SHA-256 of the generator's weights that they were found in")
    space: Space = Field(description="what they are added to")
    names: tuple[str, ...] = Field(max_length=4096, description="name of each")
    found: tuple[str, ...] = Field(max_length=4096, description="how each was found: its method and rank")
    shares: tuple[float, ...] = Field(max_length=4096, description="share of the variance that each explains")
    sha256: str = Field(description="SHA-256 of directions.safetensors")


@dataclass(frozen=True)
class Directions:
    """Unit `vectors` [D, Z] of latents, or [D, W] of styles, and `scales` [D]: the standard deviation along each."""

    names: tuple[str, ...]
    vectors: Tensor
    scales: Tensor
    space: Space = "latents"
    found: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()

    @classmethod
    def none(cls) -> Self:
        """Return no directions."""
        return cls((), torch.zeros(0, 0), torch.zeros(0))

    def step(self, name: str) -> Tensor:
        """Return one standard deviation along direction `name`, [Z] or [W]."""
        if name not in self.names:
            raise self._unknown(name)
        place = self.names.index(name)
        return self.scales[place] * self.vectors[place]

    def steps(self, strengths: Mapping[str, float]) -> dict[str, tuple[Tensor, float]]:
        """Return the directions [Z] asked for as a `Request` takes them: each with how many deviations to go."""
        return {name: (self.step(name), strength) for name, strength in strengths.items()}

    def renamed(self, names: Mapping[str, str]) -> "Directions":
        """Return the same directions with some of other names; raise `UsageError` where two would share one."""
        for old, new in names.items():
            if old not in self.names:
                raise self._unknown(old)
            if not _NAME.fullmatch(new):
                raise UsageError(
                    f"`{new}` is no name for a direction: give one word that begins with a letter, 60 letters, digits, "
                    "dots and dashes at most."
                )
        changed = tuple(names.get(name, name) for name in self.names)
        if len(set(changed)) < len(changed):
            raise UsageError(f"Two directions would have one name: {', '.join(changed)}.")
        return Directions(changed, self.vectors, self.scales, self.space, self.found, self.shares)

    def _unknown(self, name: str) -> UsageError:
        if not self.names:
            return UsageError(
                f"No directions are known, `{name}` neither. Find some: `ganvas explore MODEL --out DIR`."
            )
        return unknown_name("direction", name, self.names)


def joined(parts: Sequence[Directions]) -> Directions:
    """Return the directions of several findings in one space as one."""
    return Directions(
        tuple(name for part in parts for name in part.names),
        torch.cat([part.vectors for part in parts]),
        torch.cat([part.scales for part in parts]),
        parts[0].space,
        tuple(found for part in parts for found in part.found),
        tuple(share for part in parts for share in part.shares),
    )


def save_directions(folder: Path, directions: Directions, model: str) -> None:
    """Keep directions in a run or model folder; `model` is the SHA-256 of the generator's weights."""
    replace_file(folder / VECTORS, tensor_bytes({"vectors": directions.vectors, "scales": directions.scales}))
    description = DirectionsFile(
        model=model,
        space=directions.space,
        names=directions.names,
        found=directions.found,
        shares=directions.shares,
        sha256=sha256_of_file(folder / VECTORS),
    )
    write_json(folder / DESCRIPTION, description.plain())


def read_directions(folder: Path, model: str) -> Directions:
    """Return the directions kept in a folder, none where there are none.

    Raises `ModelError` where they were found in other weights, `DamagedError` where the files do not belong together.
    """
    path = folder / DESCRIPTION
    if not path.is_file():
        return Directions.none()
    told = DirectionsFile.read(read_json(path), f"`{path}`")
    if told.model != model:
        raise ModelError(
            f"The directions in `{folder}` were found in other weights than the model has now: it was trained further, "
            "say. Find them again: `ganvas explore MODEL --out DIR`."
        )
    tensors = read_tensors(folder / VECTORS)
    if sha256_of_file(folder / VECTORS) != told.sha256:
        raise DamagedError(f"`{folder / VECTORS}` is not the file that {DESCRIPTION} was written with.")
    found = _whole(told, tensors)
    if found is None:
        raise DamagedError(f"`{folder / VECTORS}` does not hold a finite vector and scale for each name.")
    return found


def _whole(told: DirectionsFile, tensors: Mapping[str, Any]) -> Directions | None:
    vectors, scales, num = tensors.get("vectors"), tensors.get("scales"), len(told.names)
    if vectors is None or scales is None or vectors.dim() != 2 or len(vectors) != num or scales.shape != (num,):
        return None
    if len(told.found) != num or len(told.shares) != num or not all(torch.isfinite(x).all() for x in (vectors, scales)):
        return None
    return Directions(told.names, vectors, scales, told.space, told.found, told.shares)
