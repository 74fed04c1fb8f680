import math

import pytest
import torch

from ganvas.losses.adversarial import PAIRS, adversarial_pair

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


SIGMOID_REAL, SIGMOID_FAKE = (
    [1 / (1 + math.exp(-x)) for x in (0.5, -1.0)],
    [1 / (1 + math.exp(-x)) for x in (-0.25, 2.0)],
)
SIGMOID_LEAD = [1 / (1 + math.exp(-x)) for x in (0.75, -3.0)]  # of real - fake
SLOPES = {  # (of D's loss by the real score, by the fake score, of G's loss by the fake score)
    "non_saturating": ([p - 1 for p in SIGMOID_REAL], SIGMOID_FAKE, [p - 1 for p in SIGMOID_FAKE]),
    "saturating": ([p - 1 for p in SIGMOID_REAL], SIGMOID_FAKE, [-p for p in SIGMOID_FAKE]),
    "least_squares": ([-0.5, -2], [-0.25, 2], [-1.25, 1]),
    "hinge": ([-1, -1], [1, 1], [-1, -1]),
    "wasserstein": ([-1, -1], [1, 1], [-1, -1]),
    "relativistic": ([p - 1 for p in SIGMOID_LEAD], [1 - p for p in SIGMOID_LEAD], [-p for p in SIGMOID_LEAD]),
}


@pytest.mark.parametrize("name", PAIRS)
def test_slopes_by_hand(name: str) -> None:
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    PAIRS[name].discriminator(real, fake).sum().backward()
    by_real, by_fake, of_generator = SLOPES[name]
    torch.testing.assert_close(real.grad, torch.tensor(by_real, dtype=torch.float32))
    torch.testing.assert_close(fake.grad, torch.tensor(by_fake, dtype=torch.float32))
    fake.grad = None
    PAIRS[name].generator(REAL, fake).sum().backward()
    torch.testing.assert_close(fake.grad, torch.tensor(of_generator, dtype=torch.float32))


@pytest.mark.parametrize("name", PAIRS)
def test_patches_are_judged_apart(name: str) -> None:
    """Scores [N, P] give losses [N, P], each that of its own pair of scores."""
    real, fake = torch.stack([REAL, FAKE], dim=1), torch.stack([FAKE, REAL], dim=1)
    losses = PAIRS[name].discriminator(real, fake)
    assert losses.shape == (2, 2)
    torch.testing.assert_close(losses[:, 0], PAIRS[name].discriminator(REAL, FAKE))


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
