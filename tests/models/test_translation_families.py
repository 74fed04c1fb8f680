"""Families that translate pictures: their views, their patches, their directions, and what they refuse."""

import numpy as np
import pytest
import torch
from PIL import Image
from small import FAMILIES
from torch import nn
from two_kinds import picture

from ganvas.errors import ModelError, UsageError
from ganvas.images import ImageShape
from ganvas.models import cyclegan, pix2pix
from ganvas.models.family import build_gan, family_config, offers_of
from ganvas.models.patches import PatchScores
from ganvas.models.views import VIEWS, edges, grey, night
from ganvas.players import Gan, from_pixels, give_stream, to_pixels
from ganvas.seeds import Stream

SHAPE = ImageShape(3, 16, 16)


def pictures(num=6, size=16):
    """Return pictures uint8 [num, size, size, 3], discs and squares."""
    draw = np.random.default_rng(3)
    return np.stack([picture(("disc", "square")[index % 2], size, draw) for index in range(num)])


def images(num=6, size=16):
    return from_pixels(torch.from_numpy(pictures(num, size)))


def gan_of(family, shape=SHAPE, **sizes) -> Gan:
    gan = build_gan(family_config(family, **FAMILIES[family], **sizes), shape, 2, seed=0)
    give_stream(gan, Stream(0, "test"))
    return gan


# views


def test_grey_is_pillows_luma():
    found = to_pixels(grey(images()))[..., 0].astype(int)
    wanted = np.stack([np.asarray(Image.fromarray(one).convert("L")) for one in pictures()]).astype(int)
    assert np.abs(found - wanted).max() <= 1, "Pillow rounds its weights to 1/65536 and cuts"


def test_edges_by_numpy():
    luma = np.asarray(pictures() @ np.array([0.299, 0.587, 0.114]) / 255)
    around = np.pad(luma, ((0, 0), (1, 1), (1, 1)), mode="edge")
    right, left, low, high = around[:, :, 2:], around[:, :, :-2], around[:, 2:], around[:, :-2]
    across = (right[:, :-2] + 2 * right[:, 1:-1] + right[:, 2:] - left[:, :-2] - 2 * left[:, 1:-1] - left[:, 2:]) / 4
    down = (low[:, :, :-2] + 2 * low[:, :, 1:-1] + low[:, :, 2:]) / 4
    down = down - (high[:, :, :-2] + 2 * high[:, :, 1:-1] + high[:, :, 2:]) / 4
    wanted = 1 - 2 * np.minimum(1, 2 * np.hypot(across, down))
    np.testing.assert_allclose(edges(images())[:, 0].numpy(), wanted, atol=1e-5)


def test_edges_of_a_step_are_a_black_line_two_pixels_wide_on_white():
    step = torch.ones(1, 1, 6, 8)
    step[..., :4] = -1
    line = edges(step)
    assert torch.equal(line, torch.tensor([1.0, 1, 1, -1, -1, 1, 1, 1]).expand(1, 1, 6, 8))


def test_night_by_hand():
    white, red = torch.ones(1, 3, 1, 1), torch.tensor([1.0, -1, -1]).view(1, 3, 1, 1)
    torch.testing.assert_close((night(white).flatten() + 1) / 2, torch.tensor([0.15, 0.25, 0.45]))
    pale = torch.tensor([0.299 + 0.5 * 0.701, 0.299 * 0.5, 0.299 * 0.5])  # half way from red to its grey, 0.299
    torch.testing.assert_close((night(red).flatten() + 1) / 2, pale * torch.tensor([0.15, 0.25, 0.45]))
    moon = 0.299 * 0.15 + 0.587 * 0.25 + 0.114 * 0.45
    assert (night(torch.ones(1, 1, 1, 1)).item() + 1) / 2 == pytest.approx(moon, abs=1e-6)


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("channels", [1, 3])
def test_views_tell_their_channels_and_stay_in_range(name, channels):
    view = VIEWS[name]
    seen = view.of(images()[:, :channels])
    assert seen.shape == (6, view.num_channels(channels), 16, 16)
    assert seen.abs().max() <= 1
    torch.testing.assert_close(view.of(images()[2:3, :channels]), seen[2:3])


def test_the_settings_name_every_view():
    assert set(pix2pix.Config.model_fields["view"].annotation.__args__) == VIEWS.keys()


# patches


@pytest.mark.parametrize(("halvings", "size", "num"), [(1, 32, 14 * 14), (2, 32, 6 * 6), (3, 256, 30 * 30)])
def test_patches_are_as_many_as_the_paper_says(halvings, size, num):
    assert PatchScores(3, 4, halvings)(torch.zeros(2, 3, size, size)).shape == (2, num)


@pytest.mark.parametrize(("halvings", "reach"), [(1, 16), (2, 34), (3, 70)])
def test_a_patch_reaches_as_far_as_the_paper_says(halvings, reach):
    judge = PatchScores(1, 4, halvings)
    judge.layers = nn.Sequential(*(nn.Identity() if isinstance(x, nn.GroupNorm) else x for x in judge.layers))
    seen = torch.zeros(1, 1, 160, 160, requires_grad=True)
    scores = judge(seen)
    side = int(scores.shape[1] ** 0.5)
    scores[0, side // 2 * side + side // 2].backward()
    assert seen.grad is not None
    assert tuple(int(seen.grad[0, 0].abs().sum(axis).gt(0).sum()) for axis in (0, 1)) == (reach, reach)


# pix2pix


def test_the_discriminator_sees_image_and_source_joined():
    gan = gan_of("pix2pix", view="edges")
    real = images()
    sources = gan.generator.view(real)
    shown = gan.generator.shown(real, sources)
    assert torch.equal(shown, torch.cat([real, edges(real)], 1))
    scores = gan.discriminator(shown).scores
    assert scores.shape == (6, 4)
    assert not torch.allclose(scores, gan.discriminator(gan.generator.shown(real, sources.roll(1, 0))).scores)


@pytest.mark.parametrize(("shape", "coarsest"), [((32, 32), (2, 2)), ((28, 28), (7, 7)), ((20, 36), (5, 9))])
def test_the_u_net_goes_down_as_far_as_the_sides_can_be_halved(shape, coarsest):
    generator = gan_of("pix2pix", ImageShape(3, *shape), dropout=0.0).generator
    x = torch.rand(2, 1, *shape)
    assert generator.translate(x).shape == (2, 3, *shape)
    for layer in generator.down:
        x = layer(x)
    assert tuple(x.shape[2:]) == coarsest


def test_dropout_is_the_noise_of_training_only():
    generator = gan_of("pix2pix", dropout=0.5).generator
    source = generator.view(images())
    once = generator.translate(source)
    assert torch.equal(once, generator.translate(source)), "a function of the stream"
    give_stream(generator, Stream(1, "test"))
    assert not torch.equal(once, generator.translate(source))
    generator.eval()
    torch.testing.assert_close(generator.translate(source)[2:3], generator.translate(source[2:3]))


# CycleGAN


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_each_class_has_a_network_of_its_own(player):
    gan, given = gan_of("cyclegan"), images()
    labels = torch.tensor([0, 1, 1, 0, 1, 0])
    players = {
        "generator": (gan.generator.towards, gan.generator.translate),
        "discriminator": (gan.discriminator.judges, lambda *given: gan.discriminator(*given).scores),
    }
    networks, play = players[player]
    wanted = torch.stack([networks[label](given[index : index + 1])[0] for index, label in enumerate(labels)])
    for training in (True, False):
        gan.train(training)
        torch.testing.assert_close(play(given, labels), wanted, rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(play(given, torch.ones(6, dtype=torch.long)), networks[1](given))


def test_the_other_class_is_wanted_and_only_the_image_is_shown():
    generator = gan_of("cyclegan").generator
    assert generator.wanted(torch.tensor([0, 1, 1])).tolist() == [1, 0, 0]
    assert torch.equal(generator.view(images()), images())
    assert torch.equal(generator.shown(images(), images() * 0), images())


def test_at_rest_an_image_does_not_depend_on_the_labels_of_others_to_the_bit():
    generator = gan_of("cyclegan").generator.eval()
    mixed = generator.translate(images(), torch.tensor([0, 1, 0, 1, 0, 1]))
    zeros = generator.translate(images(), torch.zeros(6, dtype=torch.long))
    assert torch.equal(mixed[::2], zeros[::2])
    assert not torch.equal(mixed[1::2], zeros[1::2])


# refusals and offers


@pytest.mark.parametrize(
    ("config", "shape", "classes", "words"),
    [
        (cyclegan.Config(), SHAPE, 0, "this dataset has none.*into two folders"),
        (cyclegan.Config(), SHAPE, 3, "this dataset has 3.*into two folders"),
        (cyclegan.Config(), ImageShape(3, 18, 16), 2, "multiples of 4"),
        (pix2pix.Config(), ImageShape(3, 8, 8), 0, "from 16 to 512 px"),
        (pix2pix.Config(), ImageShape(4, 16, 16), 0, "1 or 3 channels"),
        (pix2pix.Config(patch_halvings=3), SHAPE, 0, r"smaller `model\.patch_halvings`"),
        (pix2pix.Config(view="grey"), ImageShape(1, 16, 16), 0, "leaves out colours, and these have none"),
    ],
)
def test_what_they_cannot_do_is_refused_with_what_to_do(config, shape, classes, words):
    with pytest.raises(ModelError, match=words):
        build_gan(config, shape, classes, seed=0)


def test_without_sources_they_say_what_they_need():
    for family in ("pix2pix", "cyclegan"):
        with pytest.raises(UsageError, match="--sources FOLDER"):
            gan_of(family).generator(torch.zeros(2, 0), torch.zeros(2, dtype=torch.long))


def test_what_they_offer():
    assert offers_of(pix2pix.Config()) == {"pairs"}
    assert offers_of(cyclegan.Config()) == {"domains"}
