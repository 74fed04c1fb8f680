"""The game of translators: sources of the turn's real images, losses by hand, resumption to the bit."""

import numpy as np
import pytest
import torch
from small import small_recipe
from two_kinds import picture

from ganvas.data.feed import Feed
from ganvas.errors import ConfigurationError
from ganvas.images import ImageShape
from ganvas.models.family import build_gan
from ganvas.models.views import edges
from ganvas.players import Translator, from_pixels, give_stream
from ganvas.seeds import Stream
from ganvas.training import checkpoint, penalties
from ganvas.training.engine import Game
from ganvas.training.loop import finite_record
from ganvas.training.objective import check_offers
from ganvas.training.round import Round
from ganvas.training.turns import GeneratorTurn, Translation, Verdict

DRAW = np.random.default_rng(0)
PIXELS = np.stack([picture(("disc", "square")[index % 2], 16, DRAW) for index in range(24)])
LABELS = np.arange(24) % 2
NAMES = ("pix2pix_edges", "pix2pix_colour", "pix2pix_night", "cyclegan")


def round_of(name, labels=LABELS, **settings) -> Round:
    recipe = small_recipe(name, **settings)
    game = Game(build_gan(recipe.model, ImageShape(3, 16, 16), 2, 0), recipe.training)
    return Round(game, recipe.training, Feed.from_arrays(PIXELS, labels, recipe.training.batch_size, 0))


def play(played, num):
    for _ in range(num):
        played.play(played.game.step)
        played.game.step += 1
    return played


def turn_of(fake, translation):
    scores, nothing = Verdict(torch.zeros(len(fake))), Stream(0, "test")
    return GeneratorTurn(fake, None, scores, scores.scores, None, nothing, None, translation)  # pyright: ignore


# losses by hand


def test_l1_is_the_mean_distance_to_the_real_image():
    real, fake = torch.zeros(2, 1, 2, 2), torch.tensor([[0.5, -0.5, 1.0, 0.0], [0.0] * 4]).view(2, 1, 2, 2)
    turn = turn_of(fake, Translation(real, None, real, lambda *_: fake))
    torch.testing.assert_close(penalties.l1(turn), torch.tensor([0.5, 0.0]))


def test_cycle_and_identity_translate_to_the_pictures_own_class():
    """G(x, label) = x + 1 where 1 is wanted, x / 2 where 0 is."""
    real, labels = torch.tensor([2.0, 4.0]).view(2, 1, 1, 1), torch.tensor([0, 1])

    def translate(sources, wanted, _):
        return torch.where(wanted.view(-1, 1, 1, 1) == 1, sources + 1, sources / 2)

    fake = translate(real, 1 - labels, "")  # 3, 2
    turn = turn_of(fake, Translation(real, labels, real, translate))
    torch.testing.assert_close(penalties.cycle(turn), torch.tensor([abs(3 / 2 - 2), abs(2 + 1 - 4)]))
    torch.testing.assert_close(penalties.identity(turn), torch.tensor([abs(2 / 2 - 2), abs(4 + 1.0 - 4)]))


def test_terms_of_translators_say_what_they_need():
    turn = turn_of(torch.zeros(2, 1, 2, 2), None)
    for term in (penalties.l1, penalties.cycle, penalties.identity):
        with pytest.raises(ConfigurationError, match="a generator that translates pictures"):
            term(turn)
    pix2pix, cyclegan = (small_recipe(name) for name in ("pix2pix_edges", "cyclegan"))
    with pytest.raises(ConfigurationError, match=r"`generator\.l1` .* known targets, .*choose a pix2pix recipe"):
        check_offers(pix2pix.training.objective, "cyclegan", frozenset({"domains"}), 2)
    with pytest.raises(ConfigurationError, match=r"`generator\.cycle` .* two classes, .*choose a CycleGAN recipe"):
        check_offers(cyclegan.training.objective, "pix2pix", frozenset({"pairs"}), 2)


# the game


@pytest.mark.parametrize("name", NAMES)
def test_told_losses_are_those_of_the_turns_own_pictures(name):
    played, again = round_of(name), round_of(name)
    generator = again.game.generator
    assert isinstance(generator, Translator)
    told = finite_record(played.play(0), 1)
    real = again._real(0)
    assert len(real.images) == 4
    draws = Stream(0, "generator", 0)
    give_stream(generator, draws.child("generator"))
    made = generator.translate(generator.view(real.images), generator.wanted(real.labels))
    if name != "cyclegan":
        assert told["g/l1"] == pytest.approx((made - real.images).abs().mean().item(), rel=1e-4)
        return
    assert real.labels is not None
    back = generator.translate(made, real.labels)
    same = generator.translate(real.images, real.labels)
    assert told["g/cycle"] == pytest.approx((back - real.images).abs().mean().item(), rel=1e-4)
    assert told["g/identity"] == pytest.approx((same - real.images).abs().mean().item(), rel=1e-4)


def test_d_is_shown_real_and_made_images_with_the_same_sources():
    played, shown = round_of("pix2pix_edges"), []
    played.game.discriminator.register_forward_pre_hook(lambda _, given: shown.append(given[0].detach()))
    played.play(0)
    both = shown[0]
    real = from_pixels(played.batches.batch(0)[0])
    torch.testing.assert_close(both[:4], torch.cat([real, edges(real)], 1))
    assert torch.equal(both[:4, 3], both[4:, 3])
    assert not torch.equal(both[:4, :3], both[4:, :3])


def test_each_direction_learns_from_its_own_class_alone():
    played = round_of("cyclegan", labels=np.zeros(24, np.int64))
    before = {name: value.clone() for name, value in played.game.discriminator.state_dict().items()}
    shown = []
    played.game.discriminator.register_forward_pre_hook(lambda _, given: shown.append(given[1].clone()))
    played.play(0)
    assert shown[0].tolist() == [0] * 4 + [1] * 4, "real pictures are of class 0, and are turned into class 1"
    assert shown[1].tolist() == [1] * 4
    after = played.game.discriminator.state_dict()
    assert any(not torch.equal(before[name], after[name]) for name in before if name.startswith("judges.0"))


@pytest.mark.parametrize("kind", ["ada", "diffaugment"])
@pytest.mark.parametrize("name", ["pix2pix_edges", "pix2pix_colour", "pix2pix_night", "cyclegan"])
def test_augmentation_moves_image_and_source_alike(name, kind):
    played = round_of(name, **{"training.augment.kind": kind, "training.augment.probability": 1.0})
    images = from_pixels(torch.from_numpy(PIXELS[:4]))
    joined = torch.cat([images, images], 1)
    first, second = played.augment(joined, Stream(0, "test")).split(3, 1)
    assert torch.equal(first, second)
    assert not torch.equal(first, images)
    finite_record(played.play(0), 1)


def test_penalties_take_gradients_by_what_d_is_shown():
    terms = {f"training.objective.discriminator.{name}.weight": 1.0 for name in ("r1", "r2", "gradient_penalty")}
    for name in ("pix2pix_edges", "cyclegan"):
        record = finite_record(round_of(name, **terms).play(0), 1)
        assert all(record[f"d/{term}"] > 0 for term in ("r1", "r2", "gradient_penalty"))


@pytest.mark.parametrize("name", NAMES)
def test_resumed_is_as_never_stopped_to_the_bit(name, tmp_path):
    settings = {"training.average.halflife_images": 50.0}
    whole, begun = (round_of(name, **settings) for _ in range(2))
    play(whole, 4)
    checkpoint.save(tmp_path / "two", play(begun, 2).game, {})
    resumed = round_of(name, **settings)
    checkpoint.load(tmp_path / "two", resumed.game)
    torch.manual_seed(7)  # torch's own generator has no say
    play(resumed, 2)
    for player in ("generator", "discriminator"):
        ours, theirs = (getattr(each.game, player).state_dict() for each in (resumed, whole))
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    ours, theirs = (each.game.average.generator.state_dict() for each in (resumed, whole))
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_one_picture_of_each_is_the_rule():
    with pytest.raises(ConfigurationError, match="makes one image of each real one"):
        round_of("pix2pix_edges", **{"training.generator_batch_size": 8})
