"""One round of a recipe against a step written out by hand: same weights, same batch, same noise."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganvas.data.feed import Feed
from ganvas.images import ImageShape
from ganvas.models.family import build_gan
from ganvas.players import Generator
from ganvas.recipes.recipe import Recipe, find_recipe
from ganvas.seeds import Stream
from ganvas.training.engine import Game
from ganvas.training.measures import Measures
from ganvas.training.round import Round

SEED, STEP, BATCH = 5, 3, 8
TOLERANCE = {"rtol": 1e-6, "atol": 1e-9, "check_dtype": False}


@pytest.fixture
def images() -> np.ndarray:
    return Stream(0, "test/images").integers(40 * 28 * 28, 256).astype(np.uint8).reshape(40, 28, 28, 1)


def played(recipe: Recipe, images: np.ndarray) -> tuple[Game, nn.Module, nn.Module, Measures, Feed]:
    """Play one round; return the game after it, copies of both players before it, and what was measured."""
    feed = Feed.from_arrays(images, np.arange(40) % 10, recipe.training.batch_size, SEED, recipe.training.shuffle)
    game = Game(build_gan(recipe.model, ImageShape(1, 28, 28), 10, SEED), recipe.training)
    for player in (game.generator, game.discriminator):
        player.double().register_forward_pre_hook(in_float64)
    before = copy.deepcopy(game.generator), copy.deepcopy(game.discriminator)
    measures = Round(game, recipe.training, feed).play(STEP)
    return game, *before, measures, feed


def in_float64(_: nn.Module, inputs: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
    """In float32 a ReLU's input within rounding of zero may fall on either side, and gradients differ by 1e-4."""
    return tuple(x.double() if x is not None and x.is_floating_point() else x for x in inputs)


def latents_of(generator: Generator, purpose: str, num: int) -> Tensor:
    values = Stream(SEED, f"{purpose}/latents", STEP)
    if generator.latent_distribution == "uniform":
        return torch.from_numpy((2 * values.uniform(num, 100) - 1).astype(np.float32)).double()
    return torch.from_numpy(values.normal(num, 100).astype(np.float32)).double()


@torch.no_grad()
def expect_adam(before: nn.Module, after: nn.Module, epsilon: float) -> None:
    """Check the first step of Adam (Kingma and Ba 2015, algorithm 1), where both moments come from one gradient.

    It moves a weight by the learning rate in the direction of its gradient's sign, so gradients within rounding of
    zero are left out; then `before` takes over the weights, and the generator's turn starts from the same ones.
    """
    for ours, theirs in zip(after.parameters(), before.parameters(), strict=True):
        assert theirs.grad is not None
        mean, square = 0.5 * theirs.grad, 0.001 * theirs.grad**2
        expected = theirs - 2e-4 * (mean / 0.5) / ((square / 0.001).sqrt() + epsilon)
        clear = theirs.grad.abs() > 1e-7
        torch.testing.assert_close(ours[clear], expected[clear], **TOLERANCE)
        assert ((ours - theirs).abs() <= 2e-4 * 1.001).all()
    before.load_state_dict(after.state_dict())


def assert_same_gradients(ours: nn.Module, theirs: nn.Module) -> None:
    reference = dict(theirs.named_parameters())
    for name, weight in ours.named_parameters():
        torch.testing.assert_close(weight.grad, reference[name].grad, **TOLERANCE, msg=lambda m, n=name: f"{n}: {m}")


# the ACGAN of "Deep Learning with JavaScript", chapter 10


def book_generator(weights: nn.Module, latents: Tensor, labels: Tensor, training: bool) -> Tensor:
    p = dict(weights.named_parameters())

    def norm(values: Tensor, name: str) -> Tensor:
        if training:
            mean, variance = values.mean((0, 2, 3)), values.var((0, 2, 3), unbiased=False)
        else:
            mean, variance = torch.zeros(values.shape[1]), torch.ones(values.shape[1])  # fresh running statistics
        scaled = (values - mean[:, None, None]) / (variance[:, None, None] + 1e-3).sqrt()
        return scaled * p[f"{name}.weight"][:, None, None] + p[f"{name}.bias"][:, None, None]

    values = latents * p["embedding.weight"][labels]
    values = (values @ p["start.0.weight"].T + p["start.0.bias"]).relu().reshape(-1, 384, 3, 3)
    values = norm(F.conv_transpose2d(values, p["grow.0.weight"], p["grow.0.bias"]).relu(), "grow.2")
    # "same", 5x5, stride 2: of the full 17 (31) rows TensorFlow drops one at the start and two at the end
    values = F.conv_transpose2d(values, p["grow.3.weight"], p["grow.3.bias"], 2)[:, :, 1:15, 1:15]
    values = norm(values.relu(), "grow.5")
    return F.conv_transpose2d(values, p["grow.6.weight"], p["grow.6.bias"], 2)[:, :, 1:29, 1:29].tanh()


def book_discriminator(weights: nn.Module, images: Tensor, purpose: str) -> tuple[Tensor, Tensor]:
    p = dict(weights.named_parameters())
    values = images
    for layer, stride in ((0, 2), (3, 1), (6, 2), (9, 1)):
        edges = (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1)
        name = f"features.{layer}"
        values = F.conv2d(F.pad(values, edges), p[f"{name}.weight"], p[f"{name}.bias"], stride)
        values = torch.where(values > 0, values, 0.2 * values)
        draws = Stream(SEED, f"{purpose}/discriminator/features.{layer + 2}", STEP)
        keep = torch.from_numpy(draws.keep(len(values), values[0].numel(), 0.3)).reshape(values.shape)
        values = values * keep / 0.7
    flat = values.reshape(len(values), -1)
    realness = torch.sigmoid(flat @ p["realness.weight"].T + p["realness.bias"]).squeeze(1)
    return realness, F.softmax(flat @ p["classes.weight"].T + p["classes.bias"], dim=1)


def book_loss(realness: Tensor, classes: Tensor, targets: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean binary cross-entropy of realness and mean sparse categorical cross-entropy, from probabilities."""
    cross_entropy = -classes[torch.arange(len(labels)), labels].log().mean()
    return F.binary_cross_entropy(realness, targets), cross_entropy


def test_acgan_mnist_is_the_books_step(images: np.ndarray) -> None:
    recipe = find_recipe("acgan_mnist").override(
        **{"training.batch_size": BATCH, "training.generator_batch_size": 2 * BATCH, "training.seed": SEED}
    )
    game, generator, discriminator, measures, feed = played(recipe, images)
    pixels, real_labels = feed.batch(STEP)
    assert real_labels is not None
    real = pixels.permute(0, 3, 1, 2).float().div(127.5).sub(1).double()

    latents = latents_of(game.generator, "discriminator/0", BATCH)
    labels = torch.from_numpy(Stream(SEED, "discriminator/0/labels", STEP).integers(BATCH, 10))
    with torch.no_grad():
        fake = book_generator(generator, latents, labels, training=False)
    realness, classes = book_discriminator(discriminator, torch.cat([real, fake]), "discriminator/0")
    targets = torch.cat([torch.full((BATCH,), 0.95, dtype=torch.float64), torch.zeros(BATCH, dtype=torch.float64)])
    loss_real, loss_class = book_loss(realness, classes, targets, torch.cat([real_labels, labels]))
    (loss_real + loss_class).backward()
    torch.testing.assert_close(measures["d/loss"], loss_real + loss_class, **TOLERANCE)
    assert_same_gradients(game.discriminator, discriminator)

    expect_adam(discriminator, game.discriminator, 1e-7)
    discriminator.zero_grad()
    latents = latents_of(game.generator, "generator", 2 * BATCH)
    labels = torch.from_numpy(Stream(SEED, "generator/labels", STEP).integers(2 * BATCH, 10))
    made = book_generator(generator, latents, labels, training=True)
    realness, classes = book_discriminator(discriminator, made, "generator")
    loss_real, loss_class = book_loss(realness, classes, torch.full((2 * BATCH,), 0.95, dtype=torch.float64), labels)
    (loss_real + loss_class).backward()
    torch.testing.assert_close(measures["g/loss"], loss_real + loss_class, **TOLERANCE)
    assert_same_gradients(game.generator, generator)


# the basic GAN


def basic_generator(weights: nn.Module, latents: Tensor) -> Tensor:
    p = dict(weights.named_parameters())
    values = latents
    for linear, norm in ((0, None), (2, 3), (5, 6), (8, 9)):
        values = values @ p[f"layers.{linear}.weight"].T + p[f"layers.{linear}.bias"]
        if norm is not None:
            scaled = (values - values.mean(0)) / (values.var(0, unbiased=False) + 1e-5).sqrt()
            values = scaled * p[f"layers.{norm}.weight"] + p[f"layers.{norm}.bias"]
        values = torch.where(values > 0, values, 0.2 * values)
    return (values @ p["layers.11.weight"].T + p["layers.11.bias"]).tanh()


def basic_discriminator(weights: nn.Module, flat: Tensor) -> Tensor:
    p = dict(weights.named_parameters())
    for linear in (1, 3):
        flat = flat @ p[f"layers.{linear}.weight"].T + p[f"layers.{linear}.bias"]
        flat = torch.where(flat > 0, flat, 0.2 * flat)
    return torch.sigmoid(flat @ p["layers.5.weight"].T + p["layers.5.bias"]).squeeze(1)


def test_mlp_gan_is_the_textbooks_step(images: np.ndarray) -> None:
    recipe = find_recipe("mlp_gan").override(**{"training.batch_size": BATCH, "training.seed": SEED})
    game, generator, discriminator, measures, feed = played(recipe, images)
    pixels, _ = feed.batch(STEP)
    real = pixels.flatten(1).float().div(127.5).sub(1).double()

    with torch.no_grad():
        fake = basic_generator(generator, latents_of(game.generator, "discriminator/0", BATCH))
    one, zero = torch.ones(BATCH, dtype=torch.float64), torch.zeros(BATCH, dtype=torch.float64)
    loss = F.binary_cross_entropy(basic_discriminator(discriminator, real), one)
    loss = loss + F.binary_cross_entropy(basic_discriminator(discriminator, fake), zero)
    loss.backward()
    torch.testing.assert_close(measures["d/loss"], loss, **TOLERANCE)
    assert_same_gradients(game.discriminator, discriminator)

    expect_adam(discriminator, game.discriminator, 1e-8)
    discriminator.zero_grad()
    made = basic_generator(generator, latents_of(game.generator, "generator", BATCH))
    loss = F.binary_cross_entropy(basic_discriminator(discriminator, made), one)
    loss.backward()
    torch.testing.assert_close(measures["g/loss"], loss, **TOLERANCE)
    assert_same_gradients(game.generator, generator)
