"""Running numbers of the game: by hand, in checkpoints, and that a game resumed with them goes on exactly."""

import pytest
import torch
from telling_players import play, round_of, settings

from ganvas.tensors import read_tensors
from ganvas.training import checkpoint
from ganvas.training.signals import Signals

CPU = torch.device("cpu")
STEERED = settings(
    **{
        "objective.discriminator.lecam.weight": 0.5,
        "objective.discriminator.gradient_penalty.weight": 1.0,
        "objective.generator.path_length": {"weight": 2.0, "every": 2},
        "average.halflife_images": 50.0,
    }
)


def test_a_signal_has_its_default_until_it_is_set() -> None:
    signals = Signals(CPU)
    assert signals.get("p", 0.25) == 0.25
    assert signals.values == {}
    signals.put("p", torch.tensor(0.5, dtype=torch.float64, requires_grad=True))
    assert signals.get("p", 0.25) == 0.5
    assert not signals.values["p"].requires_grad
    assert signals.values["p"].dtype == torch.float32


def test_average_by_hand() -> None:
    signals = Signals(CPU)
    assert signals.average("a", torch.tensor(4.0), decay=0.75) == 4
    assert signals.average("a", torch.tensor(8.0), decay=0.75) == 0.75 * 4 + 0.25 * 8
    assert signals.average("a", torch.tensor(1.0), decay=0.75) == 0.75 * 5 + 0.25 * 1
    assert signals.get("a") == 4


def test_a_checkpoint_holds_all_signals_and_none_where_there_are_none(tmp_path) -> None:
    played = play(round_of(STEERED), 3)
    checkpoint.save(tmp_path / "00000003", played.game, {})
    saved = read_tensors(tmp_path / "00000003" / "signals.safetensors")
    assert saved.keys() == played.game.signals.values.keys() == {"lecam/real", "lecam/fake", "path_length"}
    assert all(torch.equal(saved[name], value) for name, value in played.game.signals.values.items())
    plain = play(round_of(settings()), 1)
    checkpoint.save(tmp_path / "00000001", plain.game, {})
    assert not (tmp_path / "00000001" / "signals.safetensors").exists()
    plain.game.signals.put("left over", torch.tensor(1.0))
    checkpoint.load(tmp_path / "00000001", plain.game)
    assert plain.game.signals.values == {}


@pytest.mark.parametrize("num_first", [1, 4])
def test_a_resumed_game_goes_on_exactly(tmp_path, num_first: int) -> None:
    straight = play(round_of(STEERED), 9)
    checkpoint.save(tmp_path / "half", play(round_of(STEERED), num_first).game, {})
    again = round_of(STEERED, seed=77)
    checkpoint.load(tmp_path / "half", again.game)
    play(again, 9 - num_first)
    assert again.game.signals.values == straight.game.signals.values
    for name in ("generator", "discriminator"):
        ours, theirs = getattr(again.game, name).state_dict(), getattr(straight.game, name).state_dict()
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs), name
    digests = []
    for number, game in enumerate((straight.game, again.game)):
        checkpoint.save(tmp_path / str(number), game, {})
        digests.append(checkpoint.state_digest(tmp_path / str(number)))
    assert digests[0] == digests[1]


def test_without_its_signals_a_game_goes_another_way(tmp_path) -> None:
    """So they are state, and belong into a checkpoint."""
    straight = play(round_of(STEERED), 6)
    forgetful = play(round_of(STEERED), 3)
    forgetful.game.signals.load({})
    play(forgetful, 3)
    assert forgetful.game.signals.values != straight.game.signals.values
    ours, theirs = forgetful.game.discriminator.state_dict(), straight.game.discriminator.state_dict()
    assert any(not torch.equal(ours[key], theirs[key]) for key in theirs)
