"""Penalties on gradients against formulas worked out by hand and against finite differences, in float64."""

import pytest
import torch
from torch import Tensor, nn

from ganvas.losses.gradients import between, one_centred, path_lengths, squared_gradient_norms


@pytest.fixture
def images() -> Tensor:
    return torch.randn(3, 2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)


def scores_of(images: Tensor) -> Tensor:
    return (images**3).sum((1, 2, 3))


def test_squared_norms_of_a_known_function(images: Tensor) -> None:
    (norms,) = squared_gradient_norms([scores_of(images)], [images])
    torch.testing.assert_close(norms, (9 * images**4).sum((1, 2, 3)))
    (gradient,) = torch.autograd.grad(norms.sum(), images)
    torch.testing.assert_close(gradient, 36 * images**3)


def test_patches_count_by_their_mean(images: Tensor) -> None:
    """The score of two patches D and 3 D is 2 D, whose squared norm is 4 times that of D."""
    one = scores_of(images)
    (of_patches,) = squared_gradient_norms([torch.stack([one, 3 * one], dim=1)], [images])
    (of_one,) = squared_gradient_norms([one], [images])
    torch.testing.assert_close(of_patches, 4 * of_one)


def test_two_batches_in_one_pass_are_two_passes(images: Tensor) -> None:
    other = (2 * images.detach() + 1).requires_grad_()
    both = squared_gradient_norms([scores_of(images), scores_of(other)], [images, other])
    for batch, norms in zip((images, other), both, strict=True):
        torch.testing.assert_close(norms, squared_gradient_norms([scores_of(batch)], [batch])[0], rtol=1e-12, atol=0)


def test_one_centred_by_hand() -> None:
    torch.testing.assert_close(one_centred(torch.tensor([0.0, 1.0, 9.0])), torch.tensor([1.0, 0.0, 4.0]))


def test_a_gradient_of_zero_has_a_finite_slope() -> None:
    """Where no unit of D is active, ||grad|| is 0, and sqrt has no slope there."""
    squared = torch.zeros(2, requires_grad=True)
    one_centred(squared).sum().backward()
    assert squared.grad is not None
    assert squared.grad.isfinite().all()


def test_between_takes_a_share_of_each_image() -> None:
    real, fake = torch.ones(3, 1, 2, 2), torch.full((3, 1, 2, 2), 5.0)
    mixed = between(real, fake, torch.tensor([0.0, 1.0, 0.25]))
    torch.testing.assert_close(mixed[:, 0, 0, 0], torch.tensor([5.0, 1.0, 4.0]))
    assert (mixed == mixed[:, :, :1, :1]).all()


def test_path_lengths_of_a_linear_generator() -> None:
    """An image W w has the Jacobian W, so the length is ||W^T y|| / sqrt(H W)."""
    generator = torch.Generator().manual_seed(1)
    weights = torch.randn(2 * 3 * 4, 5, dtype=torch.float64, generator=generator)
    noise = torch.randn(3, 2, 3, 4, dtype=torch.float64, generator=generator)
    styles = torch.randn(3, 1, 5, dtype=torch.float64, generator=generator).requires_grad_()
    images = (styles[:, 0] @ weights.T).view(3, 2, 3, 4)
    expected = (noise.flatten(1) @ weights).norm(dim=1) / 12**0.5
    torch.testing.assert_close(path_lengths(images, styles, noise), expected)


def test_path_lengths_do_not_grow_with_the_number_of_layers() -> None:
    """Four layers that each move the image as one did have squared lengths whose mean is the same."""
    noise = torch.randn(2, 1, 4, 4, generator=torch.Generator().manual_seed(2))
    lengths = []
    for num_layers in (1, 4):
        styles = torch.ones(2, num_layers, 16, requires_grad=True)
        lengths.append(path_lengths(styles.sum(1).view(2, 1, 4, 4), styles, noise))
    torch.testing.assert_close(lengths[0], lengths[1])


class Smooth(nn.Module):
    """A small network of which every derivative exists."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(before, 6), nn.Tanh(), nn.Linear(6, after)).double()
        generator = torch.Generator().manual_seed(3)
        for weight in self.parameters():
            weight.data = 0.3 * torch.randn(weight.shape, dtype=torch.float64, generator=generator)  # tanh is not flat

    def forward(self, values: Tensor) -> Tensor:
        return self.layers(values.flatten(1))


def numerical_squared_norms(network: nn.Module, images: Tensor, step: float = 1e-5) -> Tensor:
    """Return ||d D(x) / d x||^2 [N] by central differences, without autograd."""
    flat, total = images.detach().flatten(1), torch.zeros(len(images), dtype=images.dtype)
    with torch.no_grad():
        for place in range(flat.shape[1]):
            moved = torch.zeros_like(flat)
            moved[:, place] = step
            total += ((network(flat + moved) - network(flat - moved))[:, 0] / (2 * step)).square()
    return total


@pytest.mark.parametrize("kind", ["zero_centred", "one_centred"])
def test_value_and_gradient_by_the_weights_by_finite_differences(kind: str, images: Tensor) -> None:
    """The value against differences of D, its slope by a weight against differences of that value."""
    network = Smooth(32, 1)

    def from_autograd() -> Tensor:
        (norms,) = squared_gradient_norms([network(images)[:, 0]], [images])
        return (norms / 2 if kind == "zero_centred" else one_centred(norms)).mean()

    def from_differences() -> Tensor:
        norms = numerical_squared_norms(network, images)
        return (norms / 2 if kind == "zero_centred" else (norms.sqrt() - 1).square()).mean()

    loss = from_autograd()
    torch.testing.assert_close(loss, from_differences(), rtol=1e-8, atol=0)
    loss.backward()
    weight, step = network.layers[0].weight, 1e-4
    for row, column in ((0, 0), (3, 17), (5, 31)):
        with torch.no_grad():
            weight[row, column] += step
            above = from_differences()
            weight[row, column] -= 2 * step
            below = from_differences()
            weight[row, column] += step
        assert weight.grad[row, column].item() == pytest.approx(((above - below) / (2 * step)).item(), rel=1e-4)


def test_path_length_by_finite_differences() -> None:
    """J^T y is the slope of y . G(w) / sqrt(H W) by w, taken here without autograd; and so is its slope by a weight."""
    network, generator = Smooth(4, 2 * 3 * 3), torch.Generator().manual_seed(4)
    styles = torch.randn(3, 2, 2, dtype=torch.float64, generator=generator).requires_grad_()
    noise = torch.randn(3, 2, 3, 3, dtype=torch.float64, generator=generator)

    def numerical(step: float = 1e-5) -> Tensor:
        slopes = torch.zeros(3, 2, 2, dtype=torch.float64)
        with torch.no_grad():
            for layer, place in ((0, 0), (0, 1), (1, 0), (1, 1)):
                moved = torch.zeros_like(slopes)
                moved[:, layer, place] = step
                change = (network(styles + moved) - network(styles - moved)) / (2 * step)
                slopes[:, layer, place] = (change * noise.flatten(1)).sum(1) / 3
        return slopes.square().sum(2).mean(1).sqrt()

    lengths = path_lengths(network(styles).view(3, 2, 3, 3), styles, noise)
    torch.testing.assert_close(lengths, numerical(), rtol=1e-8, atol=0)
    lengths.square().mean().backward()
    weight, step = network.layers[2].weight, 1e-4
    with torch.no_grad():
        weight[7, 2] += step
        above = numerical().square().mean()
        weight[7, 2] -= 2 * step
        below = numerical().square().mean()
    assert weight.grad[7, 2].item() == pytest.approx(((above - below) / (2 * step)).item(), rel=1e-4)
