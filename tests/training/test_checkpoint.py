import os
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from disks import leftovers

from ganvas.data.feed import Feed
from ganvas.errors import DamagedError, ModelError, NotFiniteError, StorageError
from ganvas.images import ImageShape
from ganvas.models.family import build_gan, family_config
from ganvas.seeds import Stream
from ganvas.storage import MANIFEST, new_folder, write_file, write_json
from ganvas.tensors import read_tensors, write_tensors
from ganvas.training import checkpoint
from ganvas.training.engine import Game
from ganvas.training.round import Round
from ganvas.training.settings import AverageConfig, TrainingConfig

SETTINGS = TrainingConfig(batch_size=4, average=AverageConfig(halflife_images=100), device="cpu")
STEP = 64 << 10


def new_game(settings=SETTINGS, seed=0, **sizes):
    config = family_config("mlp_gan", latent_size=8, **({"generator_widths": (16, 16)} | sizes))
    return Game(build_gan(config, ImageShape(1, 8, 8), 0, seed), settings)


def play(game, steps, settings=SETTINGS):
    pixels = Stream(0, "pixels").integers(32 * 64, 256).astype(np.uint8).reshape(32, 8, 8, 1)
    with Feed.from_arrays(pixels, None, settings.batch_size) as feed:
        game_round = Round(game, settings, feed)
        for _ in range(steps):
            game_round.play(game.step)
            game.step += 1
    return game


def saved(checkpoints, game, **details):
    folder = checkpoint.folder_of(checkpoints, game.step)
    checkpoint.save(folder, game, details)
    return folder


@pytest.fixture(scope="module")
def game():
    return play(new_game(), 3)


@pytest.fixture
def three(tmp_path, game):
    """Checkpoints of steps 1, 2 and 3, newest last."""
    folders = []
    for step in (1, 2, 3):
        game.step = step
        folders.append(saved(tmp_path / "checkpoints", game, score=None))
    return folders


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place // 8] ^= 1 << place % 8
    path.write_bytes(content)


def state_of(game):
    """Return every tensor that a game holds, by name."""
    players = {"average": game.average.generator, "g": game.generator, "d": game.discriminator}
    found = {f"{name}.{key}": value for name, player in players.items() for key, value in player.state_dict().items()}
    return found | checkpoint._optimizer_tensors(game)


def test_all_state_comes_back_and_goes_on_as_if_never_left(tmp_path):
    straight = play(new_game(), 9)
    folder = saved(tmp_path, play(new_game(), 4), note={"a": [1, 0.1]})
    again = new_game(seed=99)
    assert checkpoint.load(folder, again) == {"step": 4, "note": {"a": [1, 0.1]}}
    play(again, 5)
    expected = state_of(straight)
    assert len(expected) > 60
    for name, value in state_of(again).items():
        assert torch.equal(value, expected[name]), name
    first, second = saved(tmp_path / "a", straight), saved(tmp_path / "b", again)
    assert checkpoint.state_digest(first) == checkpoint.state_digest(second)


def test_digest_tells_one_bit_of_any_state(tmp_path):
    game = play(new_game(), 2)
    digests = {checkpoint.state_digest(saved(tmp_path / "0", game))}
    for number, value in enumerate(list(state_of(game).values())[::5]):
        value.detach().view(-1)[0] += 1
        digests.add(checkpoint.state_digest(saved(tmp_path / f"{number + 1}", game)))
    assert len(digests) == number + 2


def test_nothing_lasting_is_missing_from_a_checkpoint(tmp_path, game):
    """Whatever is added to a network or an optimiser must be saved too."""
    folder = saved(tmp_path, game)
    files = {path.name: read_tensors(path) for path in folder.glob("*.safetensors")}
    players = {
        checkpoint.GENERATOR: game.average.generator,
        "trained-generator.safetensors": game.generator,
        checkpoint.DISCRIMINATOR: game.discriminator,
    }
    for name, player in players.items():
        everything = {**dict(player.named_parameters()), **dict(player.named_buffers())}
        assert files[name].keys() == everything.keys()
    num_weights = sum(1 for player in (game.generator, game.discriminator) for _ in player.parameters())
    assert len(files["optimizers.safetensors"]) == 3 * num_weights


@pytest.mark.parametrize("flips", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_each_flipped_bit_is_found_and_the_newest_valid_checkpoint_used(three, flips):
    draw, newest = random.Random(7), three[-1]
    files = sorted(newest.iterdir())
    for _ in range(flips):
        path = draw.choice(files)
        place = draw.randrange(path.stat().st_size * 8)
        flip(path, place)
        found, damage = checkpoint.newest_valid(newest.parent)
        assert found == three[-2], (path.name, place)
        assert len(damage) == 1
        assert str(newest) in str(damage[0])
        with pytest.raises(DamagedError):
            checkpoint.load(newest, new_game())
        flip(path, place)
    assert checkpoint.newest_valid(newest.parent) == (newest, [])


@pytest.mark.parametrize("every", [None, pytest.param(4096, marks=pytest.mark.slow)])
def test_each_truncation_is_found(three, every):
    newest, num = three[-1], 0
    for path in sorted(newest.iterdir()):
        whole = path.read_bytes()
        lengths = {0, 1, len(whole) // 2, len(whole) - 1, *range(0, len(whole), every or len(whole))}
        for length in lengths:
            path.write_bytes(whole[:length])
            found, damage = checkpoint.newest_valid(newest.parent)
            assert found == three[-2], (path.name, length)
            assert str(path) in str(damage[0])
            num += 1
        path.unlink()
        assert checkpoint.newest_valid(newest.parent)[0] == three[-2]
        path.write_bytes(whole)
    print(f"{num} truncations found")
    assert num >= 20


def test_all_damaged_is_told_of_each(three):
    for folder in three:
        flip(folder / "state.json", 5)
    found, damage = checkpoint.newest_valid(three[0].parent)
    assert found is None
    assert [str(folder) in str(error) for folder, error in zip(three[::-1], damage, strict=True)] == [True] * 3


def test_pruning_keeps_the_newest_and_the_best(three):
    checkpoint.prune(three[0].parent, keep=1, best=three[0])
    assert checkpoint.all_checkpoints(three[0].parent) == [three[2], three[0]]
    assert leftovers(three[0].parent) == []


@pytest.mark.parametrize("keep", [1, 2])
def test_pruning_never_removes_the_last_valid_checkpoint(three, keep):
    for damaged in three[::-1][:keep]:
        flip(damaged / "optimizers.safetensors", 999)
    checkpoint.prune(three[0].parent, keep, best=three[-1])
    assert checkpoint.all_checkpoints(three[0].parent) == three[::-1]
    assert checkpoint.newest_valid(three[0].parent)[0] == three[-1 - keep]


def test_order_is_that_of_the_steps(tmp_path):
    steps = [1, 99_999_999, 100_000_000, 12]
    for step in steps:
        checkpoint.folder_of(tmp_path, step).mkdir()
    (tmp_path / "00000013.unfinished").mkdir()
    assert [int(path.name) for path in checkpoint.all_checkpoints(tmp_path)] == sorted(steps, reverse=True)
    assert checkpoint.all_checkpoints(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("g.layers.0.weight", float("nan")),
        ("d.layers.1.bias", float("inf")),
        ("average.layers.3.running_var", float("-inf")),
    ],
)
def test_weights_that_are_not_finite_are_never_saved(tmp_path, place, value):
    game = play(new_game(), 2)
    saved(tmp_path, game)
    state_of(game)[place].detach().view(-1)[-1] = value
    game.step = 3
    with pytest.raises(NotFiniteError, match=rf"In step 3 the weights `{place.partition('.')[2]}`"):
        saved(tmp_path, game)
    assert [path.name for path in tmp_path.iterdir()] == ["00000002"]


def resealed(folder, change):
    """Seal a changed checkpoint anew, as an attacker would."""
    contents = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MANIFEST}
    change(contents)
    with new_folder(folder) as working:
        for name, content in contents.items():
            write_file(working / name, content)
    return folder


@pytest.mark.parametrize("content", [b"[]", b"3", b'{"step": "3"}', b'{"step": null}', b"{}", b""])
def test_state_that_is_none(three, content):
    resealed(three[-1], lambda contents: contents.update({"state.json": content}))
    with pytest.raises(DamagedError, match=r"state\.json"):
        checkpoint.load(three[-1], new_game())


def test_checkpoint_of_another_network_is_refused(three):
    with pytest.raises(ModelError, match=r"`layers.0.weight` is torch.float32 \[16, 8\]; its network has .* \[24, 8\]"):
        checkpoint.load(three[-1], new_game(generator_widths=(24, 16)))


def test_optimizer_state_of_nobody_is_refused(three, tmp_path):
    tensors = read_tensors(three[-1] / "optimizers.safetensors") | {"generator.layers.99.exp_avg": torch.ones(2)}
    write_tensors(tmp_path / "more", tensors)
    more = (tmp_path / "more").read_bytes()
    resealed(three[-1], lambda contents: contents.update({"optimizers.safetensors": more}))
    with pytest.raises(ModelError, match=r"`generator\.layers\.99\.exp_avg`, which this game does not have"):
        checkpoint.load(three[-1], new_game())


@pytest.mark.parametrize("every", [12, pytest.param(1, marks=pytest.mark.slow)])
def test_disk_that_ends_anywhere_in_a_checkpoint(disk, every):
    """Ends at every 64 KiB: the checkpoint before stays valid, nothing temporary stays, the message names the disk."""
    game = play(new_game(generator_widths=(256, 512)), 1)
    checkpoints = disk.folder / "checkpoints"
    first = saved(checkpoints, game)
    size = sum(path.stat().st_size for path in first.iterdir())
    game.step, num = 2, 0
    for free in range(0, size, every * STEP):
        disk.leave(free)
        with pytest.raises(StorageError, match=r"00000002`: No space left on device\. The disk is full\. Free some"):
            saved(checkpoints, game)
        assert [path.name for path in checkpoints.iterdir()] == ["00000001"]
        assert checkpoint.newest_valid(checkpoints) == (first, [])
        num += 1
    disk.grow()
    saved(checkpoints, game)
    assert checkpoint.newest_valid(checkpoints) == (checkpoint.folder_of(checkpoints, 2), [])
    print(f"the disk ended at {num} places of {size:,} bytes")
    assert num >= size // STEP // every


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc to read the names of files from")
def test_everything_is_flushed_before_it_gets_its_name(tmp_path, game, monkeypatch):
    calls, sync, rename = [], os.fsync, os.rename

    def recorded_sync(descriptor):
        calls.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        sync(descriptor)

    def recorded_rename(source, target, **places):
        calls.append(f"-> {Path(target).name}")
        rename(source, target, **places)

    monkeypatch.setattr(os, "fsync", recorded_sync)
    monkeypatch.setattr(os, "rename", recorded_rename)
    game.step = 3
    folder = saved(tmp_path / "checkpoints", game)
    contents = {path.name for path in folder.iterdir()} - {MANIFEST}
    assert set(calls[: len(contents)]) == contents
    assert calls[len(contents) :] == [MANIFEST, "00000003.unfinished", "-> 00000003", "checkpoints"]


def test_manifest_rewritten_for_damage_is_still_found_by_the_digest(three):
    """A manifest that lies about itself is damaged too."""
    entries = checkpoint.read_manifest(three[-1])
    entries["state.json"]["size"] += 1
    write_json(three[-1] / MANIFEST, {"files": entries, "sha256": checkpoint.state_digest(three[-1])})
    with pytest.raises(DamagedError, match=MANIFEST):
        checkpoint.read_manifest(three[-1])
