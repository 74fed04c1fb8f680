"""N processes compute what one computes: weights, log, signals, in float64 to 1e-5 relative (acceptance) and closer."""

import pytest
import torch
from noise_rounds import round_of
from ranks import together
from small import small_recipe

from ganvas.recipes import RECIPES
from ganvas.training.loop import finite_record
from ganvas.training.ranks import Ranks

BATCH_SIZES = {"acgan_mnist": 4}
"""Of the recipe whose networks have one size only, and take seconds for an image."""


def played(recipe, ranks, steps):
    """Return the state of both players and the average, the signals, and the records of so many steps."""
    rounds = round_of(recipe, ranks, torch.float64)
    records = [finite_record(rounds.play(step), step) for step in range(steps)]
    game = rounds.game
    players = {"generator": game.generator, "discriminator": game.discriminator, "average": game.average.generator}
    state = {f"{name}.{key}": value for name, player in players.items() for key, value in player.state_dict().items()}
    return state | game.signals.values, records


def expect_one_answer(recipe, steps, size=2):
    """Check that so many processes compute what one computes, and that all of them hold the same to the bit.

    Some weights have no gradient but rounding (biases that a normalisation takes away): they may differ by 1e-7.
    """
    one, log = played(recipe, Ranks(), steps)
    several = together(size, lambda ranks: played(recipe, ranks, steps))
    for state, records in several:
        assert state.keys() == one.keys()
        for name, value in one.items():
            near = {"rtol": 1e-5, "atol": 1e-7, "msg": lambda text, name=name: f"{name}: {text}"}
            torch.testing.assert_close(state[name], value, **near)
        for ours, theirs in zip(records, log, strict=True):
            assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-5)
    for state, records in several[1:]:
        assert records == several[0][1]
        assert all(torch.equal(value, several[0][0][name]) for name, value in state.items())


@pytest.mark.parametrize("name", ["acgan", "mlp_gan"])
def test_two_processes_compute_what_one_computes(name):
    expect_one_answer(small_recipe(name, **{"training.batch_size": 8}), 3)


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", RECIPES)
def test_fifty_steps_of_every_recipe(name):
    expect_one_answer(small_recipe(name, **{"training.batch_size": BATCH_SIZES.get(name, 8)}), 50)
