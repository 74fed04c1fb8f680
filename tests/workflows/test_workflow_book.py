"""The textbook's names do the textbook's steps (S1.1 - S1.5)."""

import numpy as np
import pytest
import torch

import ganvas
from ganvas.errors import ConfigurationError, DataError, ModelError, UsageError
from ganvas.seeds import Stream

PIXELS = Stream(0, "test").integers(96 * 8 * 8, 256).astype(np.uint8).reshape(96, 8, 8, 1)
LABELS = np.arange(96) % 3


def basic_gan() -> ganvas.Gan:
    shape = (1, 8, 8)
    generator = ganvas.build_generator("mlp_gan", image_shape=shape, latent_size=16, generator_widths=(32, 64))
    return ganvas.Gan(generator, ganvas.build_discriminator("mlp_gan", image_shape=shape, discriminator_widths=(32,)))


def test_players_by_name() -> None:
    generator = ganvas.build_generator("acgan_mnist")
    discriminator = ganvas.build_discriminator("acgan_mnist").eval()
    images = generator(torch.rand(4, 100) * 2 - 1, torch.tensor([1, 2, 3, 4]))
    verdict = discriminator(images)
    assert images.shape == (4, 1, 28, 28)
    assert verdict.class_logits.shape == (4, 10)
    assert ((verdict.scores.sigmoid() > 0) & (verdict.scores.sigmoid() < 1)).all()


def test_wrong_names_and_sizes_are_told() -> None:
    with pytest.raises(UsageError, match="Did you mean `mlp_gan`"):
        ganvas.build_generator("mlpgan")
    with pytest.raises(ConfigurationError, match="widths"):
        ganvas.build_generator("mlp_gan", widths=3)
    with pytest.raises(ModelError, match="28x28 greyscale only"):
        ganvas.build_discriminator("acgan_mnist", image_shape=(3, 32, 32))


def test_train_gan_reports_both_losses_at_every_iteration(capsys: pytest.CaptureFixture[str]) -> None:
    gan = basic_gan()
    before = [weight.clone() for weight in gan.parameters()]
    history = ganvas.train_gan(gan, (PIXELS, None), epochs=2, **{"training.batch_size": 32})
    lines = capsys.readouterr().out.splitlines()
    assert len(history) == len(lines) == 6, "two passes over 96 images in batches of 32"
    assert [record["epoch"] for record in history] == [1, 1, 1, 2, 2, 2]
    assert all("discriminator loss" in line and "generator loss" in line for line in lines)
    assert any(not torch.equal(old, new) for old, new in zip(before, gan.parameters(), strict=True))


def test_train_gan_learns_two_grey_levels() -> None:
    """Images of two constant levels: after training, generated ones lie near them."""
    levels = np.repeat(np.array([40, 215], np.uint8), 64)
    pixels = np.broadcast_to(levels[:, None, None, None], (128, 8, 8, 1)).copy()
    gan = basic_gan()
    faster = {f"training.{player}_optimizer.learning_rate": 1e-3 for player in ("generator", "discriminator")}
    history = ganvas.train_gan(gan, (pixels, None), 200, report=lambda _: None, **faster, **{"training.threads": 1})
    assert len(history) == 400
    gan.generator.eval()
    drawn = gan.generator(gan.generator.draw_latents(Stream(0, "test"), 200)).detach()
    means = (drawn.mean((1, 2, 3)) + 1) * 127.5
    assert ((means - 40).abs().minimum((means - 215).abs()) < 40).float().mean() > 0.8
    assert 0.1 < (means < 128).float().mean() < 0.9, "both levels are drawn"


def test_train_gan_with_classes_takes_the_recipe_of_its_family() -> None:
    shape, sizes = (1, 8, 8), {"generator_width": 4, "discriminator_width": 4}
    gan = ganvas.Gan(
        ganvas.build_generator("acgan", shape, 3, **sizes), ganvas.build_discriminator("acgan", shape, 3, **sizes)
    )
    history = ganvas.train_gan(gan, (PIXELS, LABELS), epochs=1, report=lambda _: None)
    assert "d/class_of_real" in history[0]
    with pytest.raises(DataError, match="labels are none"):
        ganvas.train_gan(gan, (PIXELS, None), epochs=1)
    with pytest.raises(DataError, match="Prepare it at the players' size"):
        ganvas.train_gan(gan, (PIXELS[:, :4], LABELS), epochs=1)
