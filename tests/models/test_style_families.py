"""StyleGAN2 and FastGAN: sizes and weights against counts by hand, what their layers draw, and a game that resumes."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ganvas.data.feed import Feed
from ganvas.errors import ModelError, TrainingError
from ganvas.generation.sampling import sample
from ganvas.images import ImageShape
from ganvas.losses.gradients import path_lengths, squared_gradient_norms
from ganvas.models.family import build_gan, family_config
from ganvas.models.fastgan import Quadrant
from ganvas.models.padding import padded
from ganvas.models.resolutions import centre_crop
from ganvas.models.saved import read_model, write_model
from ganvas.models.stylegan2 import Generator as StyleGenerator
from ganvas.models.stylegan2 import Mapping, StyleMixing
from ganvas.players import Gan, give_stream, num_parameters
from ganvas.recipes.recipe import Recipe, find_recipe
from ganvas.seeds import Stream
from ganvas.training import checkpoint
from ganvas.training.engine import Game
from ganvas.training.loop import finite_record
from ganvas.training.round import Round

NARROW = {
    "stylegan2": {"latent_size": 4, "style_size": 4, "channel_base": 64, "channel_max": 4, "label_layers": 1},
    "fastgan": {"latent_size": 4, "generator_width": 4, "discriminator_width": 4},
}
RECIPES = ["stylegan2", "stylegan2_ada", "stylegan2_64", "stylegan2_256", "stylegan2_small", "fastgan"]
SHAPES = [(1, 16, 16), (3, 28, 28), (4, 30, 20), (3, 64, 64), (2, 16, 48)]
STREAM = Stream(0, "test")


def narrow(family: str, shape: ImageShape, num_classes: int = 3, **sizes: object) -> Gan:
    gan = build_gan(family_config(family, **(NARROW[family] | sizes)), shape, num_classes, seed=1)
    give_stream(gan, STREAM)
    return gan


def labels_for(gan: Gan) -> torch.Tensor | None:
    return torch.tensor([0, 2, 1]) if gan.generator.num_classes else None


def style_generator(**sizes: object) -> StyleGenerator:
    generator = narrow("stylegan2", ImageShape(3, 16, 16), **sizes).generator
    assert isinstance(generator, StyleGenerator)
    return generator


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    ("family", "sizes"), [("stylegan2", {}), ("stylegan2", {"conditional": False}), ("fastgan", {})]
)
def test_any_size_and_any_channels(family: str, sizes: dict, shape: tuple[int, int, int]) -> None:
    gan = narrow(family, ImageShape(*shape), **sizes)
    labels, latents = labels_for(gan), gan.generator.draw_latents(STREAM, 3)
    verdict = gan.discriminator(gan.generator(latents, labels), labels)
    assert gan.generator(latents, labels).shape == (3, *shape)
    assert len(verdict.scores) == 3
    assert (labels is None) == (family == "fastgan" or "conditional" in sizes)
    (verdict.scores.sum() + sum((made - image).abs().sum() for made, image in verdict.reconstructions)).backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in gan.parameters())
    assert gan.eval().generator(latents, labels).abs().max() <= 1


def test_weights_of_stylegan2_for_cifar() -> None:
    """Every map of 512 channels; the conditional generator's 20.2 million are what StudioGAN tells of StyleGAN2."""
    linear = 512 * 512 + 512
    styled = linear + 512 * 512 * 9 + 512 + 1  # affine, kernel, bias, strength of the noise
    to_image = linear + 512 * 3 + 3
    generator = 512 * 4 * 4 + 7 * styled + 4 * to_image + 2 * linear
    block = 2 * (512 * 512 * 9 + 512)
    last = 513 * 512 * 9 + 512 + (512 * 16 * 512 + 512)
    discriminator = (3 * 512 + 512) + 3 * block + last + 513
    embedding = 10 * 512 + 512
    classes = (generator + embedding + 512 * 512, discriminator - 513 + linear + embedding + 8 * linear)
    config = find_recipe("stylegan2").model
    with torch.device("meta"):
        for num_classes, expected in ((0, (generator, discriminator)), (10, classes)):
            players = (
                config.generator(ImageShape(3, 32, 32), num_classes),
                config.discriminator(ImageShape(3, 32, 32), num_classes),
            )
            assert tuple(num_parameters(player, trainable_only=True) for player in players) == expected
    assert (generator, discriminator, *classes) == (19_947_539, 20_720_641, 20_215_315, 23_089_664)


def test_weights_of_stylegan2_at_1024_px() -> None:
    """The published configuration F at 1024 px has 30,370,060 and 29,012,513."""
    with torch.device("meta"):
        generator, discriminator = (
            build(ImageShape(3, 1024, 1024), 0)
            for build in (family_config("stylegan2").generator, family_config("stylegan2").discriminator)
        )
    assert num_parameters(generator, trainable_only=True) == 30_370_060
    assert num_parameters(discriminator, trainable_only=True) == 29_012_513


@pytest.mark.parametrize("family", NARROW)
def test_gradients_of_gradients_are_finite(family: str) -> None:
    gan = narrow(family, ImageShape(3, 28, 28))
    images = torch.from_numpy(STREAM.uniform(3, 3 * 28 * 28)).float().view(3, 3, 28, 28).requires_grad_()
    scores = gan.discriminator(images, labels_for(gan)).scores
    (penalty,) = squared_gradient_norms([scores], [images])
    penalty.sum().backward()
    assert (penalty > 0).all()
    found = [weight.grad for weight in gan.discriminator.parameters() if weight.grad is not None]
    assert any(gradient.abs().sum() > 0 for gradient in found)
    assert all(gradient.isfinite().all() for gradient in found)


def test_path_lengths_reach_every_layer_of_synthesis() -> None:
    generator = style_generator()
    styles = generator.styles(generator.draw_latents(STREAM, 2), torch.tensor([0, 1]))
    images = generator.synthesise(styles)
    lengths = path_lengths(images, styles, torch.ones_like(images))
    lengths.square().sum().backward()
    assert (lengths > 0).all()
    for name, weight in generator.named_parameters():
        if name.endswith("convolution.weight") or ("to_images" in name and name.endswith(".weight")):
            assert weight.grad is not None
            assert weight.grad.isfinite().all()
            assert weight.grad.abs().sum() > 0


def test_synthesis_of_styles_is_the_generator() -> None:
    generator = style_generator().eval()
    latents, labels = generator.draw_latents(STREAM, 3), torch.tensor([0, 1, 2])
    styles = generator.styles(latents, labels)
    assert styles.shape == (3, 6, 4)
    assert torch.equal(generator.synthesise(styles), generator(latents, labels))
    assert not torch.allclose(styles[:, 0], generator.styles(latents, torch.tensor([1, 1, 1]))[:, 0])


def test_mapping_by_hand() -> None:
    """w = sqrt(2) lrelu(0.01 V z / (|z| / sqrt 4) / sqrt 4 + 0.01 b): normalised, equalised, slow."""
    torch.manual_seed(0)
    mapping, z = Mapping(4, 0, 3, 1), torch.tensor([[1.0, -2.0, 2.0, 4.0]])
    linear = mapping.layers[0]
    nn.init.constant_(linear.bias, 50.0)
    direction = z[0] / (25 / 4) ** 0.5
    before = 0.01 * linear.weight @ direction / 2 + 0.5
    expected = math.sqrt(2) * torch.where(before > 0, before, 0.2 * before)
    torch.testing.assert_close(mapping(z)[0], expected)


def test_mean_style_moves_in_training_only() -> None:
    generator = style_generator()
    latents, labels = generator.draw_latents(STREAM, 3), torch.tensor([0, 1, 2])
    mean = generator.mapping(latents, labels).mean(0)
    generator.styles(latents, labels)
    generator.styles(latents, labels)
    torch.testing.assert_close(generator.w_avg, (1 - 0.995**2) * mean)
    before = generator.w_avg.clone()
    generator.eval()(latents, labels)
    assert torch.equal(generator.w_avg, before)


def test_style_mixing_crosses_over_at_one_layer_of_the_share_asked_for() -> None:
    mixing = StyleMixing(0.9)
    with pytest.raises(TrainingError, match="give_stream"):
        mixing(torch.zeros(2, 4), 8)
    mixing.stream = STREAM
    others, theirs = mixing(torch.zeros(4000, 4), 8)
    assert theirs.any(1).float().mean().item() == pytest.approx(0.9, abs=0.02)
    assert not theirs[:, 0].any()
    assert (theirs[:, 1:].int().diff(dim=1) >= 0).all()
    starts = (~theirs[theirs.any(1)]).sum(1).bincount(minlength=8)[1:]
    assert (starts / starts.sum() - 1 / 7).abs().max() < 0.03
    assert others.std().item() == pytest.approx(1, abs=0.05)
    mixing.stream = STREAM._replace(first=7)
    assert torch.equal(mixing(torch.zeros(3, 4), 8)[1], theirs[7:10])


def test_mixed_styles_are_those_of_two_latents() -> None:
    generator = style_generator(style_mixing=1.0)
    latents, labels = generator.draw_latents(STREAM, 3), torch.tensor([0, 1, 2])
    others, theirs = generator.mixing(latents, generator.num_layers)
    one, two = generator.mapping(latents, labels), generator.mapping(others, labels)
    styles = generator.styles(latents, labels)
    for image, layer in np.ndindex(*theirs.shape):
        torch.testing.assert_close(styles[image, layer], (two if theirs[image, layer] else one)[image])
    assert torch.equal(generator.eval().styles(latents, labels)[:, -1], one)


@pytest.mark.parametrize("family", NARROW)
def test_an_image_belongs_to_its_number(family: str) -> None:
    gan = narrow(family, ImageShape(3, 28, 28))
    for name, weight in gan.generator.named_parameters():
        if name.endswith("strength"):
            nn.init.constant_(weight, 0.5)
    labels = np.arange(40) % 3
    together = sample(gan.generator, 40, labels, seed=5)
    for first, num in ((0, 3), (7, 2), (13, 20)):
        assert np.array_equal(sample(gan.generator, num, labels[first : first + num], 5, first), together[first:][:num])
    assert not np.array_equal(sample(gan.generator, 1, labels[:1], seed=6)[0], together[0])


def test_noise_is_drawn_in_training_and_when_sampling() -> None:
    generator = style_generator()
    nn.init.constant_(generator.get_parameter("convolutions.0.noise.strength"), 1.0)
    latents, labels = generator.draw_latents(STREAM, 2), torch.tensor([0, 1])
    for mode in (True, False):
        generator.train(mode)
        give_stream(generator, STREAM)
        first, again = generator(latents, labels), generator(latents, labels)
        give_stream(generator, Stream(1, "test"))
        assert torch.equal(first, again)
        assert not torch.allclose(first, generator(latents, labels))


@pytest.mark.parametrize("family", NARROW)
def test_saved_and_read_back(family: str, tmp_path: Path) -> None:
    shape = ImageShape(1, 20, 28)
    gan = narrow(family, shape)
    gan.generator(gan.generator.draw_latents(STREAM, 3), labels_for(gan))
    write_model(tmp_path, family_config(family, **NARROW[family]), gan, ("a", "b", "c"), {})
    saved = read_model(tmp_path)
    for player, again in ((gan.generator, saved.generator), (gan.discriminator, saved.discriminator)):
        assert again is not None
        state, read = player.state_dict(), again.state_dict()
        assert state.keys() == read.keys()
        assert all(torch.equal(state[name], read[name]) for name in state)
    assert np.array_equal(sample(gan.generator, 3), sample(saved.generator, 3))


def small_round(name: str) -> Round:
    shape, sizes = ImageShape(3, 16, 16), {f"model.{field}": value for field, value in NARROW[family_of(name)].items()}
    recipe: Recipe = find_recipe(name).override(
        **sizes, **{"training.batch_size": 4, "training.threads": 1, "training.device": "cpu"}
    )
    game = Game(build_gan(recipe.model, shape, 3, seed=0), recipe.training)
    pixels = STREAM.integers(24 * 16 * 16 * 3, 256).astype(np.uint8).reshape(24, 16, 16, 3)
    return Round(game, recipe.training, Feed.from_arrays(pixels, np.arange(24) % 3, 4))


def family_of(recipe: str) -> str:
    return recipe.split("_")[0]


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_play_and_resume_to_the_bit(name: str, tmp_path: Path) -> None:
    straight, stopped, resumed = small_round(name), small_round(name), small_round(name)
    record = finite_record(straight.play(0), 1)
    straight.play(1)
    assert ("d/reconstruction" in record) == (name == "fastgan")
    assert ("d/r1" in record) == (name != "fastgan")
    assert ("g/path_length" in record) == (name in ("stylegan2_64", "stylegan2_256"))
    stopped.play(0)
    stopped.game.step = 1
    checkpoint.save(tmp_path / "00000001", stopped.game, {})
    checkpoint.load(tmp_path / "00000001", resumed.game)
    resumed.play(1)
    for ours, theirs in (
        (straight.game.generator, resumed.game.generator),
        (straight.game.discriminator, resumed.game.discriminator),
        (straight.game.average.generator, resumed.game.average.generator),
    ):
        other = theirs.state_dict()
        assert all(torch.equal(value, other[key]) for key, value in ours.state_dict().items())


def test_rules_of_thumb() -> None:
    """gamma = 0.0002 side^2 / batch; half-life 10 batch / 32 thousand images; FastGAN keeps 0.999 a step."""
    training = find_recipe("stylegan2_256").training
    assert training.objective.discriminator.r1.weight == pytest.approx(0.8192)
    assert training.average.halflife_images == 5000
    few = find_recipe("fastgan").training
    assert 0.5 ** (few.batch_size / few.average.halflife_images) == pytest.approx(0.999)


def test_fastgan_decodes_while_it_learns() -> None:
    gan = narrow("fastgan", ImageShape(3, 64, 64))
    images = torch.from_numpy(STREAM.uniform(3, 3 * 64 * 64)).float().view(3, 3, 64, 64)
    verdict = gan.discriminator(images)
    assert verdict.scores.shape == (3, 2 * 5 * 5)
    (whole, halved), (small, also_halved), (part, quadrant) = verdict.reconstructions
    assert whole.shape == small.shape == part.shape == (3, 3, 32, 32)
    expected = images.view(3, 3, 32, 2, 32, 2).mean((3, 5))
    torch.testing.assert_close(halved, expected)
    torch.testing.assert_close(also_halved, expected)
    corners = [images[:, :, top : top + 32, left : left + 32] for top in (0, 32) for left in (0, 32)]
    for image in range(3):
        assert sum(torch.equal(quadrant[image], corner[image]) for corner in corners) == 1
    frozen = gan.discriminator.requires_grad_(False)(images)
    assert frozen.reconstructions == ()


def test_quadrants_are_drawn_for_each_sample() -> None:
    layer = Quadrant()
    with pytest.raises(TrainingError, match="give_stream"):
        layer(torch.zeros(1, 1, 2, 2))
    layer.stream = STREAM
    numbers = torch.tensor([[0.0, 1.0], [2.0, 3.0]]).expand(400, 1, 2, 2)
    large = numbers.repeat_interleave(3, 2).repeat_interleave(3, 3)
    chosen, same = layer(numbers, large)
    assert torch.equal(chosen.expand(-1, -1, 3, 3), same)
    assert (chosen.flatten().long().bincount(minlength=4) - 100).abs().max() < 40
    layer.stream = STREAM._replace(first=9)
    assert torch.equal(layer(numbers[:5])[0], chosen[9:14])


def test_both_players_of_fastgan_are_spectrally_normalised() -> None:
    gan = narrow("fastgan", ImageShape(3, 32, 32))
    weighted = [layer for layer in gan.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    assert len(weighted) == 28
    for layer in weighted:
        matrix = layer.weight.transpose(0, 1) if isinstance(layer, nn.ConvTranspose2d) else layer.weight
        assert torch.linalg.matrix_norm(matrix.flatten(1), 2).item() == pytest.approx(1, abs=0.15)


def test_padding_is_undone_by_the_crop() -> None:
    shape = ImageShape(2, 30, 45)
    images = torch.randn(1, *shape)
    assert padded(images, shape).shape == (1, 2, 32, 48)
    assert torch.equal(centre_crop(padded(images, shape), shape), images)


@pytest.mark.parametrize(
    ("family", "shape", "words"),
    [
        ("stylegan2", (3, 4, 32), "from 8 to 1024 px"),
        ("stylegan2", (3, 2048, 2048), "from 8 to 1024 px"),
        ("fastgan", (3, 8, 8), "from 16 to 1024 px"),
    ],
)
def test_sizes_that_cannot_be_are_refused(family: str, shape: tuple[int, int, int], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        narrow(family, ImageShape(*shape))
