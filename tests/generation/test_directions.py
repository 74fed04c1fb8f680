"""Directions: of a generator whose answer is known, of real families, and kept in a folder."""

import numpy as np
import pytest
import torch
from small import FAMILIES
from torch import Tensor, nn

from ganvas.errors import DamagedError, ModelError, UsageError
from ganvas.generation.directions import Directions, read_directions, save_directions
from ganvas.generation.finding import find_directions
from ganvas.images import ImageShape
from ganvas.models.family import build_gan, family_config
from ganvas.players import Generator

MODEL, OTHER = "a" * 64, "b" * 64


class Known(Generator):
    """Weights diag(1, 3, 2, 0.5): the directions are the axes, in the order 1, 2, 0, 3."""

    def __init__(self) -> None:
        super().__init__(ImageShape(1, 2, 2), 0, 4)
        self.first = nn.Linear(4, 4)
        self.activation = nn.LeakyReLU(1.0)
        with torch.no_grad():
            self.first.weight.copy_(torch.diag(torch.tensor([1.0, -3.0, 2.0, 0.5])))

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.activation(self.first(latents)).view(-1, 1, 2, 2).tanh()


@pytest.mark.parametrize("method", ["pca", "weights"])
def test_both_ways_find_the_known_axes(method) -> None:
    found = find_directions(Known(), method, 4)
    assert found.names == tuple(f"{method}{rank}" for rank in range(1, 5))
    axes = torch.eye(4)[[1, 2, 0, 3]]
    torch.testing.assert_close(found.vectors, axes, atol=0.1 if method == "pca" else 1e-5, rtol=0)
    shares = np.array([9, 4, 1, 0.25]) / 14.25
    np.testing.assert_allclose(found.shares, shares, atol=0.02)


@pytest.mark.parametrize("family", ["compact", "biggan", "sngan", "mlp_gan", "stylegan2", "r3gan"])
def test_directions_are_unit_vectors_and_always_the_same(family: str) -> None:
    config = family_config(family, **FAMILIES.get(family, {}))
    generator = build_gan(config, ImageShape(1, 16, 16), 2, 0).generator
    for method in ("pca", "weights"):
        found, again = (find_directions(generator, method, 3) for _ in range(2))
        torch.testing.assert_close(found.vectors.norm(dim=1), torch.ones(len(found.names)))
        assert torch.equal(found.vectors, again.vectors)
        assert found.space == ("styles" if family == "stylegan2" else "latents")
        assert torch.isfinite(found.scales).all()


def known() -> Directions:
    names = ("pca1", "pca2")
    return Directions(names, torch.eye(2, 3), torch.tensor([1.0, 2.0]), "latents", names, (0.7, 0.2))


def test_directions_are_kept_and_belong_to_their_weights(tmp_path) -> None:
    assert read_directions(tmp_path, MODEL).names == ()
    save_directions(tmp_path, known().renamed({"pca2": "slant"}), MODEL)
    found = read_directions(tmp_path, MODEL)
    assert (found.names, found.found) == (("pca1", "slant"), ("pca1", "pca2"))
    assert found.step("slant").tolist() == [0, 2, 0]
    with pytest.raises(ModelError, match="other weights"):
        read_directions(tmp_path, OTHER)
    (tmp_path / "directions.safetensors").write_bytes(b"no")
    with pytest.raises(DamagedError):
        read_directions(tmp_path, MODEL)


def test_names_are_words_and_belong_to_one_direction() -> None:
    for names, words in (
        ({"pca9": "x"}, "no direction `pca9`"),
        ({"pca1": "a b"}, "no name"),
        ({"pca1": "../x"}, "no name"),
        ({"pca1": "pca2"}, "one name"),
    ):
        with pytest.raises(UsageError, match=words):
            known().renamed(names)
    with pytest.raises(UsageError, match="ganvas explore"):
        Directions.none().step("pca1")
