"""What makes a step fast changes nothing: the memory order, joint batches and fused Adam against the plain step."""

import pytest
import torch
from noise_rounds import round_of
from small import small_recipe
from torch import nn

from ganvas.layers.spectral_norm import SINGULAR_VECTORS
from ganvas.recipes import RECIPES
from ganvas.training.loop import finite_record
from ganvas.training.round import Round

STILL = {"training.generator_batch_size": 4} | {
    f"training.{player}_optimizer.learning_rate": 1e-12 for player in ("generator", "discriminator")
}
"""Both turns meet the same weights: Adam makes whole steps of gradients that are rounding alone."""

QUICK = {"mlp_gan", "acgan", "compact", "r3gan_small", "sngan", "stylegan2"}
"""The others in the nightly run."""


def counts_passes(player: nn.Module) -> bool:
    """Return whether a second pass is another function: spectral normalisation iterates once a pass."""
    return any(key.endswith(SINGULAR_VECTORS) for key in player.state_dict())


def made_plain(played: Round) -> None:
    """Let Adam take one weight after the other."""
    for optimizer in (played.game.generator_optimizer, played.game.discriminator_optimizer):
        optimizer.param_groups[0].update(fused=False, foreach=False)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in RECIPES]
)
def test_the_fast_step_is_the_plain_step(name: str) -> None:
    """In float32: losses and measures to 1e-5, gradients to 1e-5 of the largest of the player."""
    recipe = small_recipe(name, **STILL, **{"training.memory_order": "channels_last"})
    fast = round_of(recipe)
    recipe = recipe.override(**{"training.memory_order": "channels_first"})
    separate = recipe.override(**{"training.joint_batch": False})
    plain = round_of(recipe if counts_passes(fast.game.discriminator) else separate)
    made_plain(plain)
    ours, theirs = (finite_record(played.play(0), 1) for played in (fast, plain))
    assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-5)
    for player in ("generator", "discriminator"):
        expected = {key: weight.grad for key, weight in getattr(plain.game, player).named_parameters()}
        largest = max(float(gradient.abs().max()) for gradient in expected.values() if gradient is not None)
        for key, weight in getattr(fast.game, player).named_parameters():
            if expected[key] is None:
                assert weight.grad is None
                continue
            near = {"rtol": 0, "atol": 1e-5 * largest, "msg": lambda text, key=key: f"{key}: {text}"}
            torch.testing.assert_close(weight.grad, expected[key], **near)
