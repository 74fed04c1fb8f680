import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from ganvas.losses.contrastive import NEGATIVE_MARGIN, POSITIVE_MARGIN, TEMPERATURE, data_to_data_cross_entropy


def by_loops(embeddings: Tensor, proxies: Tensor, labels: list[int]) -> list[float]:
    """Kang et al. 2021, eq. 6, one sample and one pair at a time."""
    losses = []
    for f, y in zip(embeddings, labels, strict=True):
        near = math.exp(min(torch.dot(f, proxies[y]).item() - POSITIVE_MARGIN, 0) / TEMPERATURE)
        others = [g for g, other in zip(embeddings, labels, strict=True) if other != y]
        far = sum(math.exp(max(torch.dot(f, g).item() - NEGATIVE_MARGIN, 0) / TEMPERATURE) for g in others)
        losses.append(-math.log(near / (near + far)))
    return losses


@pytest.fixture
def embeddings() -> Tensor:
    return normalize(torch.randn(6, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))


@pytest.fixture
def proxies() -> Tensor:
    return normalize(torch.randn(3, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1)))


@pytest.mark.parametrize("labels", [[0, 1, 2, 0, 1, 2], [0, 0, 0, 0, 0, 1]])
def test_values_are_those_of_the_formula(embeddings: Tensor, proxies: Tensor, labels: list[int]) -> None:
    losses = data_to_data_cross_entropy(embeddings, proxies, torch.tensor(labels))
    torch.testing.assert_close(losses, torch.tensor(by_loops(embeddings, proxies, labels), dtype=torch.float64))


def test_one_class_alone_costs_nothing(embeddings: Tensor, proxies: Tensor) -> None:
    """Without samples of other classes the quotient is 1."""
    assert (data_to_data_cross_entropy(embeddings, proxies, torch.ones(6, dtype=torch.long)) == 0).all()


def test_by_hand_at_the_margins() -> None:
    """At its proxy, at a right angle to the only other class: both margins hold, so -log(1 / 2), and no gradient."""
    vectors = torch.eye(2, dtype=torch.float64).requires_grad_()
    losses = data_to_data_cross_entropy(vectors, torch.eye(2, dtype=torch.float64), torch.tensor([0, 1]))
    torch.testing.assert_close(losses, torch.full((2,), math.log(2), dtype=torch.float64))
    losses.sum().backward()
    assert vectors.grad is not None
    assert (vectors.grad == 0).all()


def test_gradients_by_finite_differences(embeddings: Tensor, proxies: Tensor) -> None:
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    inputs = (embeddings.requires_grad_(), proxies.requires_grad_())
    assert torch.autograd.gradcheck(lambda f, v: data_to_data_cross_entropy(f, v, labels), inputs)
