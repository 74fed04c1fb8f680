"""The families that see an image as a sequence: of rows (recurrent), of patches (transformers)."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ganvas.data.feed import Feed
from ganvas.errors import ConfigurationError, ModelError
from ganvas.images import ImageShape
from ganvas.models.family import FamilyConfig, build_gan, family_config
from ganvas.models.sequence_gan import Config as SequenceConfig
from ganvas.models.transgan import Config as TransganConfig
from ganvas.models.transgan import Grids, Growth
from ganvas.players import Gan, num_parameters
from ganvas.recipes.recipe import Recipe, find_recipe
from ganvas.seeds import Stream
from ganvas.training import checkpoint
from ganvas.training.engine import Game
from ganvas.training.loop import finite_record
from ganvas.training.round import Round

Sizes = dict[str, Any]
SMALL: dict[str, Sizes] = {
    "sequence_gan": {"generator_width": 8, "discriminator_width": 4, "latent_size": 6, "embedding_size": 3},
    "transgan": {"generator_width": 8, "smallest_width": 4, "discriminator_width": 4, "latent_size": 6},
}
NAMES = tuple(SMALL)
COMPARING_NOBODY: dict[str, Sizes] = {"sequence_gan": {"deviation_group": 1}}
VARIANTS: list[tuple[str, Sizes]] = [
    ("sequence_gan", {}),
    ("sequence_gan", {"cell": "lstm", "generator_depth": 2, "discriminator_depth": 2}),
    ("transgan", {}),
    ("transgan", {"colour_patch": 1, "grid_size": 8, "patch_size": 5, "expansion": 1}),
]
SHAPES = [ImageShape(1, 16, 16), ImageShape(3, 28, 28), ImageShape(4, 17, 40), ImageShape(2, 64, 16)]


def small(name: str, **sizes: Any) -> FamilyConfig:
    return family_config(name, **{**SMALL[name], **sizes})


def gan_of(name: str, shape: ImageShape = SHAPES[0], num_classes: int = 3, **sizes: Any) -> Gan:
    return build_gan(small(name, **sizes), shape, num_classes, seed=2)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("num_classes", [0, 3])
@pytest.mark.parametrize(("name", "sizes"), VARIANTS, ids=str)
def test_shapes(name: str, sizes: Sizes, shape: ImageShape, num_classes: int) -> None:
    gan = gan_of(name, shape, num_classes, **sizes)
    labels = torch.tensor([0, 2]) if num_classes else None
    images = gan.generator(gan.generator.draw_latents(Stream(0, "test"), 2), labels)
    assert images.shape == (2, *shape)
    assert 0 < images.abs().max() <= 1
    assert (images[0] != images[1]).any()
    verdict = gan.discriminator(images, labels)
    assert verdict.scores.shape == (2,)
    verdict.scores.sum().backward()
    assert all(weight.grad is not None for weight in gan.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_classes_are_left_out_where_not_wanted(name: str) -> None:
    gan = gan_of(name, conditional=False)
    assert gan.generator.num_classes == 0
    assert not any("embedding" in key for key in gan.state_dict())
    wanted = gan_of(name)
    latents, images = torch.zeros(2, 6), torch.zeros(2, 1, 16, 16)
    first, second = torch.tensor([0, 0]), torch.tensor([0, 1])
    drawn, drawn_otherwise = (wanted.generator(latents, labels) for labels in (first, second))
    assert (drawn == drawn_otherwise).all((1, 2, 3)).tolist() == [True, False]
    scores, scores_otherwise = (wanted.discriminator(images, labels).scores for labels in (first, second))
    assert (scores == scores_otherwise).tolist() == [True, False]


@pytest.mark.parametrize(("name", "sizes"), VARIANTS, ids=str)
def test_discriminator_is_differentiated_twice(name: str, sizes: Sizes) -> None:
    """The gradient of R1 by a weight, against its difference quotient."""
    discriminator = gan_of(name, num_classes=0, **sizes).discriminator.double()
    images = torch.from_numpy(Stream(0, "images").normal(2, 256).reshape(2, 1, 16, 16)).requires_grad_()

    def penalty() -> torch.Tensor:
        (gradient,) = torch.autograd.grad(discriminator(images).scores.sum(), images, create_graph=True)
        return gradient.square().sum()

    weights = dict(discriminator.named_parameters())
    penalty().backward()
    for key in (
        ("rows.weight_ih_l0", "rows.weight_hh_l0") if name == "sequence_gan" else ("patches.weight", "positions")
    ):
        weight, gradient, step = weights[key].detach().view(-1), weights[key].grad, 1e-5
        assert gradient is not None
        index = int(gradient.abs().argmax())
        found = gradient.view(-1)[index].item()
        weight[index] += step
        above = penalty().item()
        weight[index] -= 2 * step
        quotient = (above - penalty().item()) / (2 * step)
        weight[index] += step
        assert found == pytest.approx(quotient, rel=1e-5)
        assert found != 0


@pytest.mark.parametrize(("name", "sizes"), VARIANTS, ids=str)
def test_an_image_does_not_depend_on_the_others(name: str, sizes: Sizes) -> None:
    gan = gan_of(name, SHAPES[1], **sizes, **COMPARING_NOBODY.get(name, {})).eval()
    latents, labels = gan.generator.draw_latents(Stream(0, "test"), 5), torch.tensor([0, 1, 2, 0, 1])
    with torch.no_grad():
        images = gan.generator(latents, labels)
        torch.testing.assert_close(gan.generator(latents[3:], labels[3:]), images[3:])
        scores = gan.discriminator(images, labels).scores
        torch.testing.assert_close(gan.discriminator(images[3:], labels[3:]).scores, scores[3:])


@pytest.mark.parametrize(("name", "sizes"), VARIANTS, ids=str)
def test_state_is_complete(name: str, sizes: Sizes) -> None:
    config = small(name, **sizes)
    with torch.device("meta"):
        sketch = (config.generator(SHAPES[0], 3), config.discriminator(SHAPES[0], 3))
    gan = gan_of(name, **sizes)
    for drawn, player in zip(sketch, (gan.generator, gan.discriminator), strict=True):
        described = {key: value.shape for key, value in drawn.state_dict().items()}
        assert described == {key: value.shape for key, value in player.state_dict().items()}
    other = build_gan(config, SHAPES[0], 3, seed=9)
    other.load_state_dict(copy.deepcopy(gan).state_dict())
    latents, labels = gan.generator.draw_latents(Stream(0, "test"), 2), torch.tensor([1, 2])
    assert torch.equal(other.generator(latents, labels), gan.generator(latents, labels))
    assert torch.equal(other(latents, labels).scores, gan(latents, labels).scores)


def tiny_recipe(name: str) -> Recipe:
    sizes = {f"model.{key}": value for key, value in SMALL[name].items()}
    return find_recipe(name).override(**{"training.batch_size": 4, "training.device": "cpu", **sizes})


def played(recipe: Recipe, rounds: int, folder: Path, resume_at: int = 0) -> str:
    """Return the digest of all state after some rounds, with a new start from a checkpoint in between."""
    pixels = Stream(0, "pixels").integers(8 * 256, 256).astype(np.uint8).reshape(8, 16, 16, 1)
    game = Game(build_gan(recipe.model, SHAPES[0], 3, recipe.training.seed), recipe.training)
    with Feed.from_arrays(pixels, np.arange(8) % 3, recipe.training.batch_size) as feed:
        for step in range(rounds):
            if resume_at and step == resume_at:
                checkpoint.save(folder / "between", game, {})
                game = Game(build_gan(recipe.model, SHAPES[0], 3, seed=77), recipe.training)
                checkpoint.load(folder / "between", game)
            record = finite_record(Round(game, recipe.training, feed).play(step), 1)
            assert record["d/r1"] >= 0 if step % 4 == 0 else "d/r1" not in record
            game.step = step + 1
    checkpoint.save(folder / "end", game, {})
    return checkpoint.state_digest(folder / "end")


@pytest.mark.parametrize("name", NAMES)
def test_recipe_resumes_to_the_bit(name: str, tmp_path: Path) -> None:
    recipe = tiny_recipe(name)
    straight = played(recipe, 4, tmp_path / "straight")
    assert played(recipe, 4, tmp_path / "resumed", resume_at=2) == straight


@pytest.mark.parametrize(
    ("name", "shape", "words"),
    [
        ("sequence_gan", ImageShape(1, 128, 64), "row by row, of heights and widths from 4 to 64 px"),
        ("sequence_gan", ImageShape(5, 16, 16), "1 to 4 channels"),
        ("transgan", ImageShape(3, 8, 32), "`--size 16` to `--size 64`"),
        ("transgan", ImageShape(5, 16, 16), "1 to 4 channels"),
    ],
)
def test_refusals(name: str, shape: ImageShape, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        gan_of(name, shape)


def test_heads_that_do_not_divide_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"`num_heads` \(3\) must divide `generator_width`, `smallest_width`"):
        TransganConfig.read({"num_heads": 3, "discriminator_width": 48}, "The settings")


@pytest.mark.parametrize(("cell", "gates"), [("gru", 3), ("lstm", 4)])
def test_parameters_of_the_recurrent_gan_by_hand(cell: str, gates: int) -> None:
    """A cell of w units given v values: a matrix of each, and two biases, for each of its gates."""
    gan = build_gan(small("sequence_gan", cell=cell, discriminator_depth=2), ImageShape(3, 5, 7), 10, seed=0)
    rows = gates * (8 * 8 + 8 * 8 + 2 * 8)
    assert num_parameters(gan.generator) == 10 * 3 + (6 + 3 + 1) * 8 + 5 * 8 + rows + (8 + 1) * 7 * 3
    first, second = gates * (21 * 4 + 4 * 4 + 2 * 4), gates * (8 * 4 + 4 * 4 + 2 * 4)
    assert num_parameters(gan.discriminator) == 2 * first + 2 * second + (9 + 1) * 8 + (8 + 1) + 10 * 8


def block_parameters(size: int, expansion: int) -> int:
    """Attention: three projections and one out; perceptron: there and back; two normalisations."""
    return 4 * (size * size + size) + 2 * expansion * size * size + expansion * size + size + 2 * 2 * size


def test_parameters_of_the_transgan_by_hand() -> None:
    """24 px by patches of 2: 12x12 tokens, grown once from 6x6; 16 values -> 8 (not 4, by the floor)."""
    config = TransganConfig(generator_width=16, smallest_width=8, discriminator_width=12, latent_size=5, patch_size=6)
    gan = build_gan(config, ImageShape(3, 24, 24), 10, seed=0)
    coarse = 36 * 16 + 2 * block_parameters(16, 2)
    growth = 16 * 32 + 32
    fine = 144 * 8 + 2 * block_parameters(8, 2)
    start, colour = (5 + 32 + 1) * 36 * 16, 2 * 8 + (8 + 1) * 3 * 4
    assert num_parameters(gan.generator) == 10 * 32 + start + coarse + growth + fine + colour
    tokens = (3 * 36 + 1) * 12 + 12 + (1 + 16) * 12
    assert num_parameters(gan.discriminator) == tokens + 3 * block_parameters(12, 2) + 2 * 12 + (12 + 1) + 10 * 12


def test_transgan_as_published_quarters_its_width() -> None:
    """1024 values at 8x8, 256 at 16x16, 64 at 32x32 (Jiang et al. 2021)."""
    config = TransganConfig(generator_width=1024, colour_patch=1, num_heads=4)
    assert config.widths(2) == [1024, 256, 64]
    assert TransganConfig(generator_width=32, smallest_width=16).widths(2) == [32, 16, 16]
    assert TransganConfig(generator_width=8).widths(1) == [8, 8], "never more than before"


def test_growth_lays_a_token_out_as_four() -> None:
    """Pixel shuffle: out[D', 2 y + i, 2 x + j] = in[4 D' + 2 i + j, y, x] (Shi et al. 2016, eq. 4)."""
    tokens = torch.arange(2 * 6 * 8.0).view(2, 6, 8)
    grown = Growth(8, 2, (2, 3))(tokens).view(2, 4, 6, 2)
    for place in np.ndindex(2, 4, 6, 2):
        sample, y, x, value = place
        assert grown[place] == tokens[sample, y // 2 * 3 + x // 2, 4 * value + y % 2 * 2 + x % 2]


def test_grids_attend_within_themselves() -> None:
    """A token of a 16x8 map in grids of 8x8 changes its own half, and nothing of the other."""
    grids = Grids(TransganConfig(grid_size=8), 4, (16, 8))
    tokens = torch.from_numpy(Stream(0, "tokens").normal(1, 512).astype(np.float32)).view(1, 128, 4)
    changed = tokens.clone()
    changed[0, 9] += torch.tensor([1.0, -2.0, 0.5, 0.0])
    moved = (grids(changed) != grids(tokens)).any(2).view(16, 8)
    assert moved[:8].all()
    assert not moved[8:].any()


def test_rows_are_read_both_ways() -> None:
    """The first row and the last weigh the score, whatever the class; rows are the image's, with all channels."""
    discriminator = SequenceConfig(discriminator_width=4).discriminator(ImageShape(2, 5, 3), 0)
    images = torch.zeros(1, 2, 5, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(discriminator(images).scores.sum(), images)
    assert (gradient != 0).all()


def test_each_row_is_one_step_of_the_cell() -> None:
    """What the generator writes, from its own weights, by the formulas of the GRU (Cho et al. 2014)."""
    generator = SequenceConfig(generator_width=3, latent_size=2).generator(ImageShape(2, 4, 5), 0)
    latents = torch.tensor([[0.5, -1.0]])
    weights = {key: value.double() for key, value in generator.state_dict().items()}
    state, lines = torch.zeros(3, dtype=torch.double), []
    for step in range(4):
        given = weights["start.weight"] @ latents[0].double() + weights["start.bias"] + weights["steps"][step]
        of_input = (weights["rows.weight_ih_l0"] @ given + weights["rows.bias_ih_l0"]).split(3)
        of_state = (weights["rows.weight_hh_l0"] @ state + weights["rows.bias_hh_l0"]).split(3)
        reset, update = (torch.sigmoid(of_input[gate] + of_state[gate]) for gate in (0, 1))
        state = (1 - update) * torch.tanh(of_input[2] + reset * of_state[2]) + update * state
        lines.append(torch.tanh(weights["write.weight"] @ state + weights["write.bias"]).view(2, 5))
    expected = torch.stack(lines, dim=1).float()  # [C, H, W]
    torch.testing.assert_close(generator(latents)[0], expected)
