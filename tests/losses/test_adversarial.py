import math

import pytest
import torch

from ganvas.losses.adversarial import PAIRS, adversarial_pair
from ganvas.losses.gradients import zero_centred

REAL, FAKE = torch.tensor([0.5, -1.0]), torch.tensor([-0.25, 2.0])


def log1pexp(x: float) -> float:
    return math.log(1 + math.exp(x))


HAND = {  # (discriminator, generator) for the pairs (0.5, -0.25) and (-1, 2)
    "non_saturating": (
        [log1pexp(-0.5) + log1pexp(-0.25), log1pexp(1) + log1pexp(2)],
        [log1pexp(0.25), log1pexp(-2)],
    ),
    "saturating": (
        [log1pexp(-0.5) + log1pexp(-0.25), log1pexp(1) + log1pexp(2)],
        [-log1pexp(-0.25), -log1pexp(2)],
    ),
    "least_squares": ([0.5 * (0.25 + 0.0625), 0.5 * (4 + 4)], [0.5 * 1.5625, 0.5]),
    "hinge": ([0.5 + 0.75, 2 + 3], [0.25, -2]),
    "wasserstein": ([-0.75, 3], [0.25, -2]),
    "relativistic": ([log1pexp(-0.75), log1pexp(3)], [log1pexp(0.75), log1pexp(-3)]),
}


@pytest.mark.parametrize("name", PAIRS)
def test_values_by_hand(name: str) -> None:
    discriminator, generator = HAND[name]
    torch.testing.assert_close(PAIRS[name].discriminator(REAL, FAKE), torch.tensor(discriminator))
    torch.testing.assert_close(PAIRS[name].generator(REAL, FAKE), torch.tensor(generator))


@pytest.mark.parametrize("name", PAIRS)
def test_gradients_by_finite_differences(name: str) -> None:
    real, fake = REAL.double().requires_grad_(), FAKE.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda r, f: PAIRS[name].discriminator(r, f), (real, fake))
    assert torch.autograd.gradcheck(lambda f: PAIRS[name].generator(real.detach(), f), fake)


def test_soft_label_is_the_cross_entropy_to_that_target() -> None:
    pair = adversarial_pair("non_saturating", 0.95)
    targets = torch.tensor([0.95, 0.95])
    expected = torch.nn.functional.binary_cross_entropy(REAL.sigmoid(), targets, reduction="none")
    fakes = torch.nn.functional.binary_cross_entropy(FAKE.sigmoid(), torch.zeros(2), reduction="none")
    torch.testing.assert_close(pair.discriminator(REAL, FAKE), expected + fakes)


def test_large_scores_stay_finite() -> None:
    huge = torch.tensor([1e4, -1e4])
    for name, pair in PAIRS.items():
        assert pair.discriminator(huge, -huge).isfinite().all(), name


def test_r1_of_a_known_function() -> None:
    images = torch.randn(3, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    scores = (images**3).sum((1, 2, 3))
    penalty = zero_centred(scores, images)
    torch.testing.assert_close(penalty, 0.5 * (3 * images**2).square().sum((1, 2, 3)))
    (gradient,) = torch.autograd.grad(penalty.sum(), images)
    torch.testing.assert_close(gradient, 18 * images**3)
