"""DCGAN, SNGAN, SAGAN and BigGAN with their recipes: sizes by hand, gradients, spectral norms, exact resume."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ganvas.data.feed import Feed
from ganvas.errors import ConfigurationError, ModelError
from ganvas.images import ImageShape
from ganvas.layers.self_attention import SelfAttention
from ganvas.models.family import build_gan, check, family_config, offers_of
from ganvas.models.residual import attention_level, discriminator_widths, generator_widths
from ganvas.models.resolutions import coarse_size
from ganvas.models.saved import read_model, write_model
from ganvas.players import Gan, Verdict, num_parameters
from ganvas.recipes.recipe import find_recipe
from ganvas.seeds import Stream
from ganvas.training import checkpoint
from ganvas.training.engine import Game
from ganvas.training.objective import check_offers
from ganvas.training.round import Round

NETWORKS = {
    "dcgan": ("dcgan", {}),
    "dcgan-batch": ("dcgan", {"discriminator_norm": "batch"}),
    "sngan": ("sngan", {}),
    "sngan-plain": ("sngan", {"spectral_norm": False}),
    "sagan": ("sagan", {}),
    "biggan": ("biggan", {"latent_size": 8, "shared_size": 4}),
    "reacgan": ("biggan", {"latent_size": 8, "shared_size": 4, "head": "embeddings", "embedding_size": 6}),
}
RECIPES = ("dcgan", "cgan", "lsgan", "wgan", "wgan_gp", "sngan", "sngan_projection", "sagan", "biggan", "reacgan")
UNSEEN_BY_D = {"dcgan", "lsgan", "wgan", "wgan_gp", "sngan"}
SQUARE, COLOUR = ImageShape(1, 16, 16), ImageShape(3, 32, 32)
LABELS = torch.tensor([2, 0, 1, 2])


def made(network: str, shape: ImageShape = SQUARE, num_classes: int = 3, **sizes: object) -> Gan:
    name, settings = NETWORKS[network]
    return build_gan(family_config(name, width=4, **settings, **sizes), shape, num_classes, seed=1)


def played(gan: Gan, labels: Tensor | None = LABELS) -> tuple[Tensor, Verdict]:
    images = gan.generator(gan.generator.draw_latents(Stream(0, "test"), 4), labels)
    return images, gan.discriminator(images, labels)


@pytest.mark.parametrize("shape", [(4, 8, 8), (1, 28, 28), (3, 20, 12), (3, 13, 31), (1, 64, 64), (1, 65, 8)], ids=str)
@pytest.mark.parametrize("network", NETWORKS)
def test_every_size_and_number_of_channels(network: str, shape: tuple[int, int, int]) -> None:
    images, verdict = played(made(network, ImageShape(*shape)))
    assert images.shape == (4, *shape)
    assert images.abs().max() <= 1
    assert verdict.scores.shape == (4,)
    assert torch.isfinite(verdict.scores).all()


@pytest.mark.parametrize("network", NETWORKS)
def test_gradient_penalty_reaches_every_weight_that_bends_the_scores(network: str) -> None:
    discriminator = made(network).discriminator
    images = torch.from_numpy(Stream(0, "images").normal(4, 256)).float().view(4, 1, 16, 16).requires_grad_()
    scores = discriminator(images, LABELS).scores
    (gradient,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
    (scores.mean() + gradient.square().flatten(1).sum(1).mean()).backward()
    weights = {name: weight.grad for name, weight in discriminator.named_parameters() if weight.grad is not None}
    apart = ("embedding", "proxies") if network == "reacgan" else ()
    assert list(weights) == [name for name, _ in discriminator.named_parameters() if not name.startswith(apart)]
    assert all(torch.isfinite(gradient).all() for gradient in weights.values())
    assert any(gradient.abs().max() > 0 for gradient in weights.values())


@pytest.mark.parametrize("network", NETWORKS)
def test_in_evaluation_no_image_depends_on_its_neighbours(network: str) -> None:
    gan = made(network)
    played(gan)  # running averages and spectral norms leave their start
    gan.eval()
    latents = gan.generator.draw_latents(Stream(5, "test"), 4)
    images = gan.generator(latents, LABELS)
    scores = gan.discriminator(images, LABELS).scores
    for row in range(4):
        one = gan.generator(latents[row : row + 1], LABELS[row : row + 1])
        torch.testing.assert_close(one[0], images[row], rtol=1e-4, atol=1e-5)
        score = gan.discriminator(images[row : row + 1], LABELS[row : row + 1]).scores
        torch.testing.assert_close(score[0], scores[row], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("network", [name for name in NETWORKS if name != "reacgan"])
def test_classes_are_used_where_asked_for_and_only_there(network: str) -> None:
    for conditional in (True, False):
        gan = made(network, conditional=conditional).eval()
        with torch.no_grad():
            for name, weight in gan.named_parameters():
                if name.endswith((".scale", ".shift")):  # all classes start alike in a conditional normalisation
                    weight += torch.arange(3.0)[:, None]
        assert gan.generator.num_classes == (3 if conditional else 0)
        (images, verdict), (others, _) = played(gan), played(gan, LABELS.flip(0).roll(1))
        again = gan.discriminator(images, LABELS.flip(0).roll(1)).scores
        assert torch.equal(images, others) != conditional
        assert torch.equal(verdict.scores, again) != conditional
    unlabelled = made(network, num_classes=0)
    assert played(unlabelled, None)[1].scores.shape == (4,)


@pytest.mark.parametrize("network", ["dcgan-batch", "sngan", "biggan"])
def test_a_saved_model_draws_and_judges_the_same(network: str, tmp_path) -> None:
    gan, (name, settings) = made(network), NETWORKS[network]
    played(gan)
    write_model(tmp_path, family_config(name, width=4, **settings), gan, ("a", "b", "c"), {})
    back = read_model(tmp_path)
    assert back.discriminator is not None
    images, verdict = played(gan.eval())
    again, second = played(Gan(back.generator, back.discriminator))
    assert torch.equal(images, again)
    assert torch.equal(verdict.scores, second.scores)


def convolution(before: int, after: int, side: int) -> int:
    return before * after * side * side + after


def down(before: int, after: int, first: bool = False, shortcut: bool = True) -> int:
    hidden = after if first else before
    direct = convolution(before, after, 1) if shortcut else 0
    return convolution(before, hidden, 3) + convolution(hidden, after, 3) + direct


def attention(channels: int) -> int:
    return 2 * channels * (channels // 8) + 2 * channels * (channels // 2) + 1


def test_numbers_of_parameters_by_hand() -> None:
    """Worked out from the published layers of 32 px; SNGAN's G has 768 less than with biases before its norms."""
    up = 2 * 256 + 256 * 256 * 9 + 2 * 256 + convolution(256, 256, 3) + convolution(256, 256, 1)
    sngan_g = 128 * 4096 + 4096 + 3 * up + 2 * 256 + convolution(256, 3, 3)
    sngan_d = down(3, 128, first=True) + down(128, 128) + 2 * down(128, 128, shortcut=False) + 129
    told = 2 * 148 * 384  # z's part of 20 and the class's 128, to 384 scales and shifts
    big_up = 2 * told + 2 * convolution(384, 384, 3) + convolution(384, 384, 1)
    big_g = 10 * 128 + 20 * 6144 + 6144 + 3 * big_up + attention(384) + 2 * 384 + convolution(384, 3, 3)
    big_d = down(3, 192, first=True) + down(192, 192) + 2 * down(192, 192, shortcut=False) + 193 + 1920
    deconvolutions = sum(wide * narrow * 16 + 2 * narrow for wide, narrow in ((512, 256), (256, 128), (128, 64)))
    plain = [(3, 64, 3), (64, 64, 4), (64, 128, 3), (128, 128, 4), (128, 256, 3), (256, 256, 4), (256, 512, 3)]
    expected = {
        ("dcgan", 0): (
            128 * 8192 + 2 * 512 + deconvolutions + convolution(64, 3, 3),
            sum(convolution(*sizes) for sizes in plain) + 512 * 16 + 1,
        ),
        ("sngan", 0): (sngan_g, sngan_d),
        ("sngan", 10): (sngan_g + 6 * 2 * 9 * 256, sngan_d + 1280),
        ("sagan", 0): (sngan_g + attention(256), sngan_d + attention(128)),
        ("biggan", 10): (big_g, big_d + attention(192)),
    }
    assert (sngan_g + 768, sngan_d, big_g) == (4_276_739, 1_053_825, 9_416_196)
    for (name, num_classes), counts in expected.items():
        gan = build_gan(family_config(name), COLOUR, num_classes, 0)
        players = (gan.generator, gan.discriminator)
        assert tuple(num_parameters(player, trainable_only=True) for player in players) == counts, name


def test_widths_and_attention_by_size() -> None:
    sizes = {side: ImageShape(3, side, side) for side in (8, 28, 32, 64, 128)}
    assert generator_widths(64, sizes[32]) == [256] * 4
    assert generator_widths(64, sizes[28]) == [256] * 3
    assert generator_widths(64, sizes[64]) == [1024, 512, 256, 128, 64]
    assert generator_widths(64, sizes[128]) == [1024, 1024, 512, 256, 128, 64]
    assert discriminator_widths(64, sizes[32]) == ([128] * 4, 2)
    assert discriminator_widths(64, sizes[8]) == ([128] * 4, 1)
    assert discriminator_widths(64, sizes[64]) == ([64, 128, 256, 512, 1024], 4)
    assert discriminator_widths(64, sizes[128]) == ([64, 128, 256, 512, 1024, 1024], 5)
    assert [attention_level(sizes[side]) for side in (28, 32, 64, 128)] == [1, 1, 1, 2]
    assert [coarse_size(sizes[side]) for side in (28, 32, 128)] == [(7, 7), (4, 4), (4, 4)]
    assert coarse_size(ImageShape(3, 12, 20)) == (6, 10)


@pytest.mark.parametrize("network", ["sagan", "biggan"])
@pytest.mark.parametrize(("side", "seen"), [(32, 16), (28, 14), (64, 32)])
def test_attention_sees_the_map_it_should(network: str, side: int, seen: int) -> None:
    gan, sides = made(network, ImageShape(1, side, side)), []
    layers = [part for part in gan.modules() if isinstance(part, SelfAttention)]
    for layer in layers:
        layer.register_forward_hook(lambda _, given, __: sides.append(given[0].shape[2:]))
    played(gan)
    assert len(layers) == 2
    assert sides == [(seen, seen)] * 2


def normalised_weights(player: nn.Module) -> dict[str, Tensor]:
    return {name: part.weight for name, part in player.named_modules() if is_parametrized(part, "weight")}


def test_spectral_norms_come_to_one() -> None:
    gan = made("biggan")
    with torch.no_grad():
        for _ in range(60):
            played(gan)
    gan.eval()
    for player in (gan.generator, gan.discriminator):
        for name, weight in normalised_weights(player).items():
            largest = torch.linalg.matrix_norm(weight.flatten(1), ord=2).item()
            assert largest == pytest.approx(1, abs=0.05), name


def test_which_weights_are_spectrally_normalised() -> None:
    weighted = {
        network: [
            sum(isinstance(part, nn.Conv2d | nn.Linear | nn.Embedding) for part in player.modules())
            for player in (made(network).generator, made(network).discriminator)
        ]
        for network in ("sngan", "sngan-plain", "sagan", "biggan")
    }
    normalised = {
        network: [len(normalised_weights(player)) for player in (made(network).generator, made(network).discriminator)]
        for network in weighted
    }
    assert normalised["sngan"] == [0, weighted["sngan"][1]]
    assert normalised["sngan-plain"] == [0, 0]
    assert normalised["sagan"] == weighted["sagan"]
    assert normalised["biggan"] == [weighted["biggan"][0] - 1, weighted["biggan"][1]], "all but the shared embedding"


def test_initial_weights_are_those_of_the_papers() -> None:
    """Radford et al.: N(0, 0.02); Miyato et al.: Glorot uniform; Brock et al.: orthogonal."""
    dcgan = build_gan(family_config("dcgan", width=16), SQUARE, 0, 0)
    deviations = [weight.std().item() for weight in dcgan.parameters() if weight.dim() == 4 and weight.numel() > 5000]
    assert deviations == pytest.approx([0.02] * len(deviations), rel=0.05)
    sngan = build_gan(family_config("sngan", width=16), SQUARE, 0, 0)
    start = sngan.generator.get_parameter("start.0.weight")
    assert start.abs().max().item() == pytest.approx((6 / (128 + 1024)) ** 0.5, rel=0.01)
    biggan = made("biggan")
    for name in ("features.blocks.0.conv2", "features.blocks.2.shortcut"):
        weight = biggan.discriminator.get_parameter(f"{name}.parametrizations.weight.original").flatten(1)
        torch.testing.assert_close(weight @ weight.T, torch.eye(len(weight)), rtol=0, atol=1e-5)


def test_z_is_shared_out_over_start_and_blocks() -> None:
    assert build_gan(family_config("biggan", width=4), COLOUR, 10, 0).generator.parts == [20, 20, 20, 20]
    gan = made("biggan").eval()
    latents = gan.generator.draw_latents(Stream(0, "test"), 4)
    assert gan.generator.parts == [4, 2, 2]
    changed = latents.clone()
    changed[:, 6:] = 0  # the last block's part
    coarse = [gan.generator.start(values[:, :4]) for values in (latents, changed)]
    assert torch.equal(*coarse)
    assert not torch.equal(gan.generator(latents, LABELS), gan.generator(changed, LABELS))


def test_reacgans_vectors_have_length_one_and_need_no_label() -> None:
    gan = made("reacgan")
    _, verdict = played(gan)
    assert verdict.embeddings is not None
    assert verdict.proxies is not None
    assert verdict.embeddings.shape == (4, 6)
    assert verdict.proxies.shape == (3, 6)
    for vectors in (verdict.embeddings, verdict.proxies):
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(vectors)))
    assert offers_of(family_config("biggan", head="embeddings")) == {"embeddings"}
    assert offers_of(family_config("biggan")) == frozenset()


@pytest.mark.parametrize(
    ("name", "sizes", "shape", "num_classes", "words"),
    [
        ("dcgan", {}, ImageShape(3, 256, 256), 0, "from 8 to 128 px"),
        ("sngan", {}, ImageShape(3, 4, 32), 0, "from 8 to 128 px"),
        ("sagan", {}, ImageShape(3, 200, 32), 0, "from 8 to 128 px"),
        ("biggan", {}, ImageShape(3, 7, 7), 10, "from 8 to 128 px"),
        ("biggan", {"latent_size": 3}, COLOUR, 10, "Set `latent_size` above 3"),
        ("biggan", {"head": "embeddings"}, COLOUR, 0, "Use `head=projection`"),
        ("biggan", {"head": "embeddings", "conditional": False}, COLOUR, 10, "Use `head=projection`"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    name: str, sizes: dict, shape: ImageShape, num_classes: int, words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        check(family_config(name, **sizes), shape, num_classes)


def test_reacgans_loss_with_another_head_is_refused() -> None:
    recipe = find_recipe("reacgan").override(**{"model.head": "projection"})
    with pytest.raises(ConfigurationError, match="d2d_ce"):
        check_offers(recipe.training.objective, "biggan", offers_of(recipe.model), 10)


def game_of(name: str, seed: int = 0) -> tuple[Game, Round]:
    recipe = find_recipe(name).override(
        **{
            "training.batch_size": 4,
            "training.discriminator_steps": 2,
            "training.device": "cpu",
            "model.width": 4,
            "model.latent_size": 8,
        }
    )
    pixels = Stream(0, "pixels").integers(32 * 64, 256).astype(np.uint8).reshape(32, 8, 8, 1)
    game = Game(build_gan(recipe.model, ImageShape(1, 8, 8), 3, seed), recipe.training)
    return game, Round(game, recipe.training, Feed.from_arrays(pixels, np.arange(32) % 3, 4))


@pytest.mark.parametrize("name", RECIPES)
def test_each_recipe_goes_on_to_the_bit_after_a_checkpoint(name: str, tmp_path) -> None:
    straight, rounds = game_of(name)
    for step in range(2):
        rounds.play(step)
        straight.step = step + 1
    folder = checkpoint.folder_of(tmp_path, straight.step)
    checkpoint.save(folder, straight, {})
    resumed, others = game_of(name, seed=99)
    checkpoint.load(folder, resumed)
    one, two = rounds.play(2), others.play(2)
    assert all(torch.isfinite(value).all() for value in one.values())
    assert all(torch.equal(one[key], two[key]) for key in one)
    for ours, theirs in ((straight.generator, resumed.generator), (straight.discriminator, resumed.discriminator)):
        state = theirs.state_dict()
        assert all(torch.equal(value, state[key]) for key, value in ours.state_dict().items())
    assert straight.generator.num_classes == (0 if name in UNSEEN_BY_D else 3)


def test_recipes_are_the_published_ones() -> None:
    """Learning rate, betas, D steps, steps: Miyato et al. 2018, Gulrajani et al. 2017 and StudioGAN for CIFAR-10."""
    rows = {
        "dcgan": (2e-4, 0.5, 0.999, 2, 200_000),
        "wgan": (5e-5, 0.0, 0.99, 5, 100_000),
        "wgan_gp": (2e-4, 0.0, 0.9, 5, 100_000),
        "sngan_projection": (2e-4, 0.0, 0.9, 5, 100_000),
        "sagan": (2e-4, 0.5, 0.999, 5, 100_000),
        "biggan": (2e-4, 0.5, 0.999, 5, 100_000),
    }
    for name, row in rows.items():
        training = find_recipe(name).training
        for adam in (training.generator_optimizer, training.discriminator_optimizer):
            found = (adam.learning_rate, adam.beta1, adam.beta2, training.discriminator_steps, training.steps)
            assert found == row, name
    schedule = find_recipe("sngan").training.schedules.learning_rate
    assert [schedule.value(1.0, 64 * step) for step in (0, 50_000, 100_000)] == [1.0, 0.5, 0.0]
    halflife = find_recipe("biggan").training.average.halflife_images
    assert 0.5 ** (64 / halflife) == pytest.approx(0.9999, abs=1e-7)
    assert find_recipe("wgan").training.objective.weight_limit == 0.01
    assert find_recipe("wgan_gp").training.objective.discriminator.gradient_penalty.weight == 10
