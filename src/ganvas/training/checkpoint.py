"""Checkpoints: the whole state of a game as safetensors and JSON in a sealed folder."""

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ganvas.errors import DamagedError, ModelError, NotFiniteError, StorageError
from ganvas.storage import json_bytes, new_folder, read_json, read_manifest, remove_folder, verify_folder, write_file
from ganvas.tensors import load_state, read_tensors, write_tensors
from ganvas.training.engine import Game
from ganvas.training.ranks import Ranks

GENERATOR = "generator.safetensors"
"""The generator to sample from: the averaged one where there is an average."""
DISCRIMINATOR = "discriminator.safetensors"
_TRAINED = "trained-generator.safetensors"
_OPTIMIZERS = "optimizers.safetensors"
_SIGNALS = "signals.safetensors"
_STATE = "state.json"
_NAME = re.compile(r"\d{8,}")


def folder_of(checkpoints: Path, step: int) -> Path:
    """Return the folder of the checkpoint of `step`."""
    return checkpoints / f"{step:08d}"


def save(folder: Path, game: Game, details: dict[str, Any]) -> None:
    """Write the state of the game and `details` (plain JSON), all or nothing."""
    _refuse_not_finite(game)
    with new_folder(folder) as working:
        write_tensors(working / GENERATOR, game.average.generator.state_dict())
        write_tensors(working / DISCRIMINATOR, game.discriminator.state_dict())
        if game.average.separate:
            write_tensors(working / _TRAINED, game.generator.state_dict())
        write_tensors(working / _OPTIMIZERS, _optimizer_tensors(game))
        if game.signals.values:
            write_tensors(working / _SIGNALS, game.signals.values)
        write_file(working / _STATE, json_bytes({"step": game.step, **details}))


def load(folder: Path, game: Game) -> dict[str, Any]:
    """Put a checkpoint's state into a game of the same configuration; return its details.

    Raises `DamagedError` when a file is not what its manifest says.
    """
    verify_folder(folder)
    state = read_state(folder)
    load_state(game.average.generator, read_tensors(folder / GENERATOR), f"`{folder / GENERATOR}`")
    load_state(game.discriminator, read_tensors(folder / DISCRIMINATOR), f"`{folder / DISCRIMINATOR}`")
    if game.average.separate:
        load_state(game.generator, read_tensors(folder / _TRAINED), f"`{folder / _TRAINED}`")
    _load_optimizers(game, read_tensors(folder / _OPTIMIZERS), folder)
    game.signals.load(read_tensors(folder / _SIGNALS) if (folder / _SIGNALS).exists() else {})
    game.step = state["step"]
    return state


def spread(game: Game) -> None:
    """Give all processes of a game the state of the first."""
    ranks = game.ranks
    if ranks.group is None:
        return
    game.step = ranks.told(game.step)
    players = (game.generator, game.discriminator, game.average.generator)
    ranks.copy([tensor for player in players for tensor in player.state_dict().values()])
    _load_optimizers(game, _first_ones(ranks, _optimizer_tensors(game)), Path())
    game.signals.load(_first_ones(ranks, game.signals.values))


def _first_ones(ranks: Ranks, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the first process's tensors by name, on the CPU."""
    kinds = {name: (list(tensor.shape), str(tensor.dtype).removeprefix("torch.")) for name, tensor in tensors.items()}
    given = {name: torch.empty(shape, dtype=getattr(torch, kind)) for name, (shape, kind) in ranks.told(kinds).items()}
    for name, tensor in tensors.items() if ranks.is_first else ():
        given[name].copy_(tensor)
    ranks.copy(list(given.values()))
    return given


def read_state(folder: Path) -> dict[str, Any]:
    """Return the details of a checkpoint, `step` among them.

    Raises `DamagedError` where they do not say which step they are of.
    """
    state = read_json(folder / _STATE)
    if not isinstance(state, dict) or not isinstance(state.get("step"), int):
        raise DamagedError(f"`{folder / _STATE}` does not say which step it is of.")
    return state


def state_digest(folder: Path) -> str:
    """Return one SHA-256 over all state of a checkpoint: that of its manifest."""
    read_manifest(folder)
    return read_json(folder / "manifest.json")["sha256"]


def all_checkpoints(checkpoints: Path) -> list[Path]:
    """Return the finished checkpoints, newest first."""
    if not checkpoints.is_dir():
        return []
    found = (path for path in checkpoints.iterdir() if _NAME.fullmatch(path.name))
    return sorted(found, key=lambda path: int(path.name), reverse=True)


def newest_valid(checkpoints: Path) -> tuple[Path | None, list[StorageError]]:
    """Return the newest checkpoint that fits its manifest, and what is wrong with the newer ones."""
    damage: list[StorageError] = []
    for folder in all_checkpoints(checkpoints):
        try:
            verify_folder(folder)
        except StorageError as error:
            damage.append(error)
        else:
            return folder, damage
    return None, damage


def prune(checkpoints: Path, keep: int, best: Path | None) -> None:
    """Remove all but the `keep` newest checkpoints and the best; with none of those valid, remove nothing."""
    folders = all_checkpoints(checkpoints)
    kept = [folder for number, folder in enumerate(folders) if number < keep or folder == best]
    doomed = [folder for folder in folders if folder not in kept]
    if doomed and any(is_valid(folder) for folder in kept):
        for folder in doomed:
            remove_folder(folder)


def is_valid(folder: Path) -> bool:
    """Return whether a checkpoint fits its manifest."""
    try:
        verify_folder(folder)
    except StorageError:
        return False
    return True


def _players(game: Game) -> list[tuple[str, nn.Module, Optimizer]]:
    return [
        ("generator", game.generator, game.generator_optimizer),
        ("discriminator", game.discriminator, game.discriminator_optimizer),
    ]


def _optimizer_tensors(game: Game) -> dict[str, Tensor]:
    return {
        f"{player}.{name}.{key}": value
        for player, module, optimizer in _players(game)
        for name, weight in module.named_parameters()
        for key, value in optimizer.state[weight].items()
    }


def _load_optimizers(game: Game, tensors: dict[str, Tensor], folder: Path) -> None:
    known = set()
    for player, module, optimizer in _players(game):
        for name, weight in module.named_parameters():
            prefix = f"{player}.{name}."
            found = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
            known |= {prefix + key for key in found}
            # moments keep the memory format of their weight; the step count is a scalar
            optimizer.state[weight] = {
                key: torch.empty_like(weight).copy_(value) if key != "step" else value.to(game.device)
                for key, value in found.items()
            }
    if surplus := sorted(tensors.keys() - known):
        raise ModelError(f"`{folder / _OPTIMIZERS}` holds state of `{surplus[0]}`, which this game does not have.")


def _refuse_not_finite(game: Game) -> None:
    for player in (game.average.generator, game.generator, game.discriminator):
        for name, tensor in player.state_dict().items():
            if not torch.isfinite(tensor).all():
                raise NotFiniteError(
                    f"In step {game.step} the weights `{name}` are no longer finite. Nothing of it was saved. "
                    "Start again with a lower learning rate (a tenth, say)."
                )
