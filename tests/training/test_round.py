"""The game's rules: who learns from what, and that a round is a function of the state, the seed and its number."""

import copy
import math

import numpy as np
import pytest
import torch
from small import small_recipe

from ganvas.data.feed import Feed
from ganvas.errors import ConfigurationError
from ganvas.images import ImageShape
from ganvas.models.family import build_gan
from ganvas.players import from_pixels
from ganvas.recipes import RECIPES
from ganvas.recipes.recipe import Recipe, find_recipe
from ganvas.seeds import Stream
from ganvas.training.average import MovingAverage
from ganvas.training.engine import Game, choose_device
from ganvas.training.loop import finite_record
from ganvas.training.measures import generator_measures, verdict_measures
from ganvas.training.monitor import Monitor, MonitorConfig
from ganvas.training.objective import DiscriminatorPenalties, GeneratorPenalties, needs_of
from ganvas.training.penalties import DISCRIMINATOR_PENALTIES, GENERATOR_PENALTIES
from ganvas.training.round import Round
from ganvas.training.settings import AverageConfig, TrainingConfig
from ganvas.training.signals import Signals
from ganvas.training.turns import DiscriminatorTurn, GeneratorTurn, Verdict

PIXELS = Stream(0, "test").integers(64 * 28 * 28, 256).astype(np.uint8).reshape(64, 28, 28, 1)
LABELS = np.arange(64) % 10
IMAGES = [(ImageShape(1, size, size), 10) for size in (28, 32, 64)] + [(ImageShape(3, 16, 16), 2)]
DRAWS = (Stream(0, "test"), Signals(torch.device("cpu")))


def small(name: str, **settings: object) -> Recipe:
    return small_recipe(name, **{"training.generator_batch_size": 4, **settings})


def round_of(recipe: Recipe) -> Round:
    shape, classes = next(images for images in IMAGES if recipe.model.refuse(*images) is None)
    game = Game(build_gan(recipe.model, shape, classes, 0), recipe.training)
    pixels = np.resize(PIXELS, (64, *shape[1:], shape.channels))
    feed = Feed.from_arrays(pixels, LABELS % classes, recipe.training.batch_size, 0, shuffle=recipe.training.shuffle)
    return Round(game, recipe.training, feed)


@pytest.mark.parametrize("name", RECIPES)
def test_both_players_learn_and_all_parts_are_told(name: str) -> None:
    played = round_of(small(name))
    before = {key: value.clone() for key, value in played.game.generator.state_dict().items()}
    record = finite_record(played.play(0), 1)
    assert {"d/loss", "g/loss", "d/adversarial", "g/adversarial", "d/gradient_norm", "g/gradient_norm"} <= record.keys()
    assert {"accuracy/real", "accuracy/fake", "real_beats_fake", "diversity"} <= record.keys()
    objective = played.config.objective
    assert {f"d/{term}" for term in objective.discriminator.due(0)} <= record.keys()
    assert {f"g/{term}" for term in objective.generator.due(0)} <= record.keys()
    after = played.game.generator.state_dict()
    assert any(not torch.equal(before[key], after[key]) for key in before)
    assert all(weight.requires_grad for weight in played.game.discriminator.parameters())


def test_joint_and_separate_passes_are_the_same_game() -> None:
    """Dropout masks belong to samples, so one batch of both kinds or two passes give the same step."""
    joint, separate = (round_of(small("acgan_mnist", **{"training.joint_batch": joint})) for joint in (True, False))
    one, two = joint.play(0), separate.play(0)
    torch.testing.assert_close(one["d/loss"], two["d/loss"])
    torch.testing.assert_close(one["g/loss"], two["g/loss"], rtol=1e-4, atol=1e-4)


def test_a_round_is_a_function_of_state_seed_and_number() -> None:
    first, second = round_of(small("acgan")), round_of(small("acgan"))
    first.play(0)
    second.play(0)
    torch.manual_seed(99)  # torch's own generator has no say
    one, two = first.play(1), second.play(1)
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_lazy_penalty_keeps_its_mean_strength() -> None:
    recipe = small("acgan", **{"training.objective.discriminator.r1.weight": 0.3})
    due = [recipe.training.objective.discriminator.due(step) for step in range(16)]
    assert [step for step in range(16) if "r1" in due[step]] == [0, 8]
    assert due[0]["r1"] == pytest.approx(0.3 * 8)


def test_settings_and_tables_name_the_same_penalties() -> None:
    assert DiscriminatorPenalties.model_fields.keys() == DISCRIMINATOR_PENALTIES.keys()
    assert GeneratorPenalties.model_fields.keys() == GENERATOR_PENALTIES.keys()


def test_class_loss_without_classes_says_what_to_do() -> None:
    recipe = small("mlp_gan", **{"training.objective.discriminator.class_of_real.weight": 1.0})
    with pytest.raises(ConfigurationError, match="choose an ACGAN recipe"):
        round_of(recipe).play(0)


def test_terms_that_need_classes_are_known() -> None:
    needs = {"discriminator.class_of_real": {"classes"}, "generator.class_asked": {"classes"}}
    assert needs_of(find_recipe("acgan").training.objective) == needs
    assert needs_of(find_recipe("mlp_gan").training.objective) == {}


def test_relativistic_pair_and_r2_play() -> None:
    recipe = small("acgan", **{"training.objective.adversarial": "relativistic"}).override(
        **{"training.objective.discriminator.r2.weight": 0.1}
    )
    record = finite_record(round_of(recipe).play(0), 1)
    assert record["d/r2"] >= 0


def test_average_follows_its_half_life() -> None:
    source = build_gan(small("mlp_gan").model, ImageShape(1, 28, 28), 0, 0).generator
    average = MovingAverage(source, AverageConfig(halflife_images=100, ramp=0))
    start = copy.deepcopy(source.state_dict())
    with torch.no_grad():
        for weight in source.parameters():
            weight += 1
    for _ in range(10):
        average.update(10, 0)
    for key, weight in average.generator.named_parameters():
        torch.testing.assert_close(weight, start[key] + 0.5)


def test_no_average_means_the_generator_itself() -> None:
    source = build_gan(small("mlp_gan").model, ImageShape(1, 28, 28), 0, 0).generator
    assert MovingAverage(source, AverageConfig(halflife_images=0)).generator is source


def test_measures_by_hand() -> None:
    verdict = Verdict(torch.tensor([1.0, 2.0]), torch.tensor([[2.0, 0.0], [2.0, 0.0]]))
    fake = Verdict(torch.tensor([-1.0, 1.5]), torch.tensor([[2.0, 0.0], [0.0, 2.0]]))
    labels, images = torch.tensor([0, 1]), torch.zeros(2, 1, 2, 2)
    turn = DiscriminatorTurn(images, labels, verdict, images, labels, fake, lambda *_: verdict, *DRAWS)
    measured = verdict_measures(turn)
    assert measured["accuracy/real"] == 1
    assert measured["accuracy/fake"] == 0.5
    assert measured["real_beats_fake"] == 0.75
    assert measured["class_accuracy/real"] == 0.5
    assert measured["class_accuracy/fake"] == 1


def test_diversity_is_one_for_real_images_and_falls_with_collapse_within_a_class() -> None:
    real, labels = from_pixels(torch.from_numpy(PIXELS)), torch.from_numpy(LABELS)
    scores = Verdict(torch.zeros(64))

    def diversity(images: torch.Tensor) -> float:
        turn = GeneratorTurn(images, labels, scores, scores.scores, None, *DRAWS)
        return generator_measures(turn, real, labels)["diversity"].item()

    assert diversity(real) == pytest.approx(1)
    one_a_class = real[:10][labels]
    assert diversity(one_a_class) == pytest.approx(0, abs=1e-3)


def test_monitor_speaks_once_when_a_finding_has_lasted() -> None:
    monitor = Monitor(MonitorConfig(smoothing=0.5, patience=5))
    spoken = [monitor.watch({"real_beats_fake": 1.0, "diversity": 0.01}) for _ in range(20)]
    assert [[finding.name for finding in found] for found in spoken if found] == [
        ["discriminator_wins", "generator_collapsed"]
    ]
    assert monitor.equilibrium == 0
    calm = Monitor(MonitorConfig())
    assert not any(calm.watch({"real_beats_fake": 0.6, "diversity": 0.9}) for _ in range(300))
    assert calm.equilibrium == pytest.approx(0.8)
    other = Monitor(MonitorConfig())
    assert math.isnan(other.real_beats_fake)
    other.load_state(calm.state())
    assert other.state() == calm.state()


def test_unknown_device_is_told() -> None:
    with pytest.raises(ConfigurationError, match="There is no device `tpu9`"):
        choose_device("tpu9")


def test_objective_refuses_what_has_no_meaning() -> None:
    with pytest.raises(ConfigurationError, match="no adversarial pair `bce`"):
        TrainingConfig().override(**{"objective.adversarial": "bce"})
    with pytest.raises(ConfigurationError, match="no meaning for `hinge`"):
        TrainingConfig().override(**{"objective.adversarial": "hinge", "objective.real_target": 0.9})
