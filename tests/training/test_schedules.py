import math

import pytest
import torch
from pydantic import ValidationError
from telling_players import play, round_of, settings

from ganvas.errors import ConfigurationError
from ganvas.training import checkpoint
from ganvas.training.schedules import Schedule

MOVING = {
    "schedules.learning_rate": Schedule(kind="linear", end=0.1, over_images=60),
    "schedules.beta1": Schedule(kind="linear", end=0.9, over_images=60),
    "schedules.beta2": Schedule(kind="cosine", end=0.5, over_images=60),
    "schedules.gamma": Schedule(kind="linear", end=3.0, over_images=60),
    "schedules.average": Schedule(kind="linear", end=900.0, over_images=60),
    "schedules.augment": Schedule(kind="linear", end=0.5, over_images=60),
    "average.halflife_images": 100.0,
    "average.ramp": 0.0,
    "augment.probability": 0.0,
}
"""Ten rounds of six images; at round 5 all are halfway."""


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("constant", [2, 2, 2, 2, 2]),
        ("linear", [2, 3, 4, 6, 6]),
        ("cosine", [2, 2 + 4 * (1 - math.sqrt(0.5)) / 2, 4, 6, 6]),
    ],
)
def test_values_at_the_start_a_quarter_the_middle_the_end_and_beyond(kind: str, values: list[float]) -> None:
    schedule = Schedule.read({"kind": kind, "end": 6.0, "over_images": 1000}, "The test")
    found = [schedule.value(2.0, images) for images in (0, 250, 500, 1000, 99_999)]
    assert found == pytest.approx(values)


def test_a_setting_can_fall_to_zero() -> None:
    schedule = Schedule(kind="cosine", end=0.0, over_images=10)
    assert [schedule.value(4.0, images) for images in (0, 5, 10)] == pytest.approx([4, 2, 0])


def test_what_cannot_be_a_schedule_is_refused() -> None:
    with pytest.raises(ValidationError):
        Schedule(kind="linear", end=-1.0)
    with pytest.raises(ConfigurationError, match="over_images"):
        Schedule.read({"over_images": 0}, "The test")


@pytest.mark.parametrize(("step", "passed"), [(0, 0.0), (5, 0.5), (10, 1.0), (40, 1.0)])
def test_every_setting_reaches_what_it_steers(step: int, passed: float) -> None:
    played = round_of(settings(**MOVING))
    played.play(step)
    for optimizer in (played.game.generator_optimizer, played.game.discriminator_optimizer):
        group = optimizer.param_groups[0]
        assert group["lr"] == pytest.approx(2e-4 * (1 - 0.9 * passed))
        assert group["betas"] == pytest.approx((0.5 + 0.4 * passed, 0.999 - 0.499 * passed))
    assert played.gamma == pytest.approx(1 + 2 * passed)
    assert played.augment.probability == pytest.approx(0.5 * passed)


def test_the_learning_rate_is_the_length_of_adams_first_step() -> None:
    """Adam's first step moves each weight by the learning rate, whatever the size of its gradient."""
    for step, rate in ((0, 2e-4), (10, 2e-5)):
        played = round_of(settings(**MOVING, **{"generator_optimizer.epsilon": 1e-20}))
        before = [weight.detach().clone() for weight in played.game.discriminator.score.parameters()]
        played.play(step)
        for old, new in zip(before, played.game.discriminator.score.parameters(), strict=True):
            torch.testing.assert_close((new - old).abs(), torch.full_like(old, rate), rtol=1e-2, atol=1e-8)


def test_the_moving_average_follows_its_half_life() -> None:
    """At round 5 the half-life is (100 + 900) / 2 = 500 images, and a batch has 6."""
    played = round_of(settings(**MOVING))
    old = played.game.average.generator.image.weight.clone()
    played.play(5)
    now, source = played.game.average.generator.image.weight, played.game.generator.image.weight
    torch.testing.assert_close(now, source + (old - source) * 0.5 ** (6 / 500))


def test_gamma_moves_r1_and_r2_alone() -> None:
    terms = {f"objective.discriminator.{name}.weight": 0.5 for name in ("r1", "r2", "gradient_penalty", "lecam")}
    played = round_of(settings(**MOVING, **terms))
    told = played.play(5)  # gamma is halfway from 1 to 3
    expected = told["d/adversarial"] + 0.5 * (2 * (told["d/r1"] + told["d/r2"]))
    expected = expected + 0.5 * (told["d/gradient_penalty"] + told["d/lecam"])
    torch.testing.assert_close(told["d/loss"], expected)


def test_a_resumed_game_goes_on_with_the_settings_of_its_step(tmp_path) -> None:
    config = settings(**MOVING)
    straight = play(round_of(config), 8)
    half = play(round_of(config), 4)
    checkpoint.save(tmp_path / "00000004", half.game, {})
    again = round_of(config, seed=9)
    checkpoint.load(tmp_path / "00000004", again.game)
    play(again, 4)
    for ours, theirs in (
        (again.game.generator_optimizer, straight.game.generator_optimizer),
        (again.game.discriminator_optimizer, straight.game.discriminator_optimizer),
    ):
        assert ours.param_groups[0]["lr"] == theirs.param_groups[0]["lr"] != 2e-4
        assert ours.param_groups[0]["betas"] == theirs.param_groups[0]["betas"] != (0.5, 0.999)
    for name, value in again.game.average.generator.state_dict().items():
        assert torch.equal(value, straight.game.average.generator.state_dict()[name]), name
