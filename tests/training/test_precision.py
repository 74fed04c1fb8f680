"""Players that compute in bfloat16: the same game but for 8 bits, with all that is kept in float32."""

import pytest
import torch
from noise_rounds import round_of
from ranks import together
from small import small_recipe

from ganvas.recipes import RECIPES
from ganvas.training.loop import finite_record
from ganvas.training.ranks import Ranks
from ganvas.training.round import Round

QUICK = {"acgan", "biggan", "compact", "r3gan_small", "stylegan2", "wgan_gp"}
"""The others in the nightly run."""


def played(name: str, precision: str, ranks: Ranks | None = None) -> tuple[Round, dict[str, float]]:
    still = {f"training.{player}_optimizer.learning_rate": 1e-12 for player in ("generator", "discriminator")}
    batch = {"training.batch_size": 8, "training.generator_batch_size": 8}
    ours = round_of(small_recipe(name, **{"training.precision": precision, **batch, **still}), ranks)
    return ours, finite_record(ours.play(0), 1)


def gradient(player: torch.nn.Module) -> torch.Tensor:
    return torch.cat([weight.grad.flatten() for weight in player.parameters() if weight.grad is not None])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in RECIPES]
)
def test_a_round_in_bfloat16_is_nearly_that_in_float32(name: str) -> None:
    (exact, wanted), (rough, found) = played(name, "float32"), played(name, "bfloat16")
    assert found != wanted
    assert found["d/loss"] == pytest.approx(wanted["d/loss"], rel=0.05, abs=0.02)
    assert found["g/loss"] == pytest.approx(wanted["g/loss"], rel=0.05, abs=0.02)
    for player in ("generator", "discriminator"):
        ours, theirs = (gradient(getattr(one.game, player)) for one in (rough, exact))
        assert torch.cosine_similarity(ours, theirs, dim=0) > 0.8  # 0.88 with a gradient penalty, else 0.97 and more
    for state in (rough.game.generator.state_dict(), rough.game.average.generator.state_dict()):
        assert {value.dtype for value in state.values() if value.is_floating_point()} == {torch.float32}


def test_batch_statistics_of_two_processes_stay_float32() -> None:
    _, alone = played("dcgan", "bfloat16")
    both = together(2, lambda ranks: played("dcgan", "bfloat16", ranks))
    for ours, record in both:
        assert record == pytest.approx(alone, rel=0.05, abs=0.02)
        means = [value for key, value in ours.game.generator.state_dict().items() if key.endswith("running_mean")]
        assert {value.dtype for value in means} == {torch.float32}
