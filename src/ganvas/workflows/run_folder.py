"""The run folder: what a training run leaves on disk, and what it can be resumed, judged and sampled from.

config.json            the recipe, the dataset (folder, content hash, shape, classes), the version
scaling.*              how bytes become what the networks see, where the dataset has a scaling
log.jsonl              every step's losses and measures, and the scores of some
samples/<step>.png     grids of the same latents
checkpoints/<step>/    safetensors, JSON and a manifest of SHA-256
latest, best           the name of a checkpoint
evaluation.json        scores, each by the weights and the dataset that they are of
lock, holder.json      one run, one trainer
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from ganvas import __version__
from ganvas.config import Config, Field
from ganvas.data.scaling import SCALING_FILES, save_scaling, scaling_of
from ganvas.data.scalings.contract import Scaling, ScalingSettings
from ganvas.errors import ConfigurationError, DamagedError, RunError
from ganvas.images import ImageShape
from ganvas.recipes.recipe import Recipe
from ganvas.storage import UNFINISHED, on_disk, read_json, reading, remove_unfinished, replace_file, write_json
from ganvas.training import checkpoint
from ganvas.training.scoring import SCORE, Judgement, judgement_of

CONFIG = "config.json"
LOG = "log.jsonl"
LATEST, BEST = "latest", "best"
_BEFORE_CONFIG = {"lock", "holder.json", f"holder.json{UNFINISHED}", f"{CONFIG}{UNFINISHED}", *SCALING_FILES}
"""What a run that was killed before it wrote its configuration leaves."""


class RunConfig(Config):
    """What `config.json` says."""

    format: int = Field(default=1, ge=1, le=1, description="version of this form")
    ganvas: str = Field(default=__version__, description="version that began the run")
    recipe: Recipe = Field(description="the recipe with all settings")
    data: str = Field(description="dataset folder")
    content_hash: str = Field(description="content hash of the dataset")
    image_shape: ImageShape = Field(description="channels, height, width")
    classes: tuple[str, ...] = Field(description="names of the classes; empty without")
    scaling: ScalingSettings = Field(
        default=ScalingSettings(),
        exclude_if=lambda scaling: scaling.is_symmetric,
        description="how bytes become what the networks see",
    )


class RunFolder:
    """A run on disk."""

    def __init__(self, folder: Path, config: RunConfig) -> None:
        self.folder = folder
        self.config = config
        self.stopped_by: int | None = None
        """Number of the signal that ended training early."""
        self.stopped_early = False
        """Whether training ended because its scores no longer improved."""
        self.is_whole = True
        """Whether training went as far as it was to go; false where anything ended it before."""
        self.written_here = True
        """Whether this process wrote the run; of several, the first did."""

    @classmethod
    def create(cls, folder: Path, config: RunConfig, scaling: Scaling | None = None) -> Self:
        """Begin a run in a new or empty folder; a dataset's `scaling` is kept with it."""
        refuse_occupied(folder)
        on_disk(lambda: save_scaling(scaling, folder), folder)
        run = cls(folder, config)
        run.write_config()
        run.tidy()
        return run

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open an existing run.

        Raises `RunError` where the folder is none of a run.
        """
        if not is_run_folder(folder):
            raise RunError(f"`{folder}` is not a run folder: it has no {CONFIG}. Begin one with `ganvas train`.")
        return cls(folder, RunConfig.read(read_json(folder / CONFIG), f"`{folder / CONFIG}`"))

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.folder / "checkpoints"

    @cached_property
    def scaling(self) -> Scaling | None:
        """How bytes become what the networks see, and back; None for the usual x / 127.5 - 1."""
        channels, height, width = self.config.image_shape
        return scaling_of(self.folder, self.config.scaling, (height, width, channels))

    def tidy(self) -> None:
        """Make the folders there must be, and remove what killed writers left."""
        for folder in (self.folder, self.folder / "samples", self.checkpoints):
            on_disk(lambda folder=folder: folder.mkdir(exist_ok=True), folder)
            on_disk(lambda folder=folder: remove_unfinished(folder), folder)

    def write_config(self) -> None:
        """Write `config.json`."""
        write_json(self.folder / CONFIG, self.config.plain())

    def append_log(self, record: dict[str, Any]) -> None:
        """Add one line to the log."""

        def append() -> None:
            with (self.folder / LOG).open("a", encoding="utf-8") as file:
                file.write(json.dumps(record, allow_nan=False) + "\n")

        on_disk(append, self.folder / LOG)

    def sync_log(self) -> None:
        """Flush the log to the disk: after a power cut it must reach as far as the checkpoint saved next."""

        def sync() -> None:
            with (self.folder / LOG).open("ab") as file:
                os.fsync(file.fileno())

        on_disk(sync, self.folder / LOG)

    def read_log(self) -> list[dict[str, Any]]:
        """Return the log's records; a line torn by a kill is left out."""
        path = self.folder / LOG
        lines = path.read_bytes().splitlines() if path.exists() else []
        return [record for line in lines if (record := _record_of(line)) is not None]

    def judgements(self) -> list[Judgement]:
        """Return the first score of each step that was scored: it says what is best."""
        path, mark = self.folder / LOG, f'"{SCORE}'.encode()
        lines = path.read_bytes().splitlines() if path.exists() else []
        records = (record for line in lines if mark in line and (record := _record_of(line)) is not None)
        return [judgement for record in records if (judgement := judgement_of(record))]

    def score_of(self, step: int) -> dict[str, Any] | None:
        """Return protocol and value of the score that judges a step; None where it was not scored."""
        found = {judgement.step: judgement for judgement in self.judgements()}.get(step)
        return None if found is None else {"protocol": found.protocol, "value": found.value}

    def cut_log(self, step: int) -> None:
        """Drop the records after `step`: those steps are about to be played again."""
        kept = [record for record in self.read_log() if record["step"] <= step]
        replace_file(self.folder / LOG, "".join(json.dumps(record) + "\n" for record in kept).encode())

    def point(self, name: str, target: Path) -> None:
        """Let `latest` or `best` name a checkpoint."""
        replace_file(self.folder / name, f"{target.name}\n".encode())

    def checkpoint_to_sample(self) -> Path:
        """Return the best checkpoint if it is whole, else the newest whole one.

        Raises `RunError` where none is usable.
        """
        named = self.folder / BEST
        if named.is_file():
            best = self.checkpoints / Path(named.read_text(errors="replace").strip()).name
            if checkpoint.is_valid(best):
                return best
        newest, damage = checkpoint.newest_valid(self.checkpoints)
        if newest is None:
            reason = f" {damage[0]}" if damage else " It has none yet; train it further."
            raise RunError(f"Run `{self.folder}` has no usable checkpoint.{reason}")
        return newest


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Lock a folder against a second trainer; raise `RunError` naming who holds it."""
    on_disk(lambda: folder.mkdir(parents=True, exist_ok=True), folder)
    lock = FileLock(folder / "lock")
    on_disk(lambda: _acquire(lock, folder), folder)
    try:
        write_json(folder / "holder.json", {"process": os.getpid(), "host": socket.gethostname()})
        yield
    finally:
        lock.release()


def refuse_occupied(folder: Path) -> None:
    """Raise `RunError` when a new run cannot begin in `folder`."""
    if (folder / CONFIG).exists():
        raise RunError(
            f"`{folder}` already holds a run. Go on with it by `ganvas train --resume {folder}`, "
            "or give another folder with --out."
        )
    if folder.exists() and (not folder.is_dir() or {path.name for path in folder.iterdir()} - _BEFORE_CONFIG):
        raise RunError(f"`{folder}` exists and is not an empty folder. Give another one with --out.")


def is_run_folder(folder: Path) -> bool:
    """Return whether a folder looks like a run."""
    with reading(folder):
        return (folder / CONFIG).is_file()


def check_changes(differences: dict[str, tuple[Any, Any]], allowed: set[str]) -> None:
    """Refuse settings that changed since the run began, unless they may or are named as allowed.

    Raises `ConfigurationError` with a line for each such setting.
    """
    refused = {name: change for name, change in differences.items() if name not in allowed}
    if refused:
        lines = "; ".join(f"`{name}` was {old!r}, now {new!r}" for name, (old, new) in refused.items())
        flags = " ".join(refused)
        raise ConfigurationError(
            f"These settings differ from those the run began with: {lines}. Resume without them, begin another run, "
            f"or name them as allowed: --allow {flags}"
        )


def _record_of(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("step"), int) else None


def _acquire(lock: FileLock, folder: Path) -> None:
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RunError(
            f"Run `{folder}` is being trained by {_holder(folder)}. Wait for it, or stop it, or give another --out."
        ) from error


def _holder(folder: Path) -> str:
    try:
        holder = read_json(folder / "holder.json")
        return f"process {holder['process']} on {holder['host']}"
    except (DamagedError, OSError, KeyError, TypeError):
        return "another process"
