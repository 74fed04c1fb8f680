"""What is timed: our engine, and another interpreter that runs Keras. `textbook.py` has the third."""

import json
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ganvas.data.feed import Feed
from ganvas.images import ImageShape, Pixels
from ganvas.models.family import build_gan
from ganvas.progress import Silent
from ganvas.recipes.recipe import Recipe
from ganvas.training.engine import Game
from ganvas.training.interrupt import StopRequest
from ganvas.training.loop import train
from ganvas.training.monitor import Monitor, Record
from ganvas.training.round import Round
from ganvas.workflows.run_folder import RunConfig, RunFolder


class Contestant(Protocol):
    """Something that trains."""

    def run(self, steps: int) -> float:
        """Take some steps; return the seconds they took."""
        ...


class Ours:
    """The training loop of `ganvas train` with all it does each step, the line in the run's log included.

    Left out is what happens every 200 steps only: sample grids and checkpoints.
    """

    def __init__(self, recipe: Recipe, pixels: Pixels, labels: NDArray[np.int64], folder: Path) -> None:
        self.recipe = recipe
        height, width, channels = pixels.shape[1:]
        config = RunConfig(
            recipe=recipe,
            data="",
            content_hash="",
            image_shape=ImageShape(channels, height, width),
            classes=tuple("0123456789"),
        )
        folder.mkdir()
        self.folder = RunFolder(folder, config)
        settings = self.recipe.training
        gan = build_gan(self.recipe.model, config.image_shape, len(config.classes), settings.seed)
        feed = Feed.from_arrays(pixels, labels, settings.batch_size, settings.seed, settings.shuffle)
        self.round = Round(Game(gan, settings), settings, feed)
        self.monitor = Monitor(settings.monitor)

    def run(self, steps: int) -> float:
        settings = self.recipe.override(**{"training.steps": self.round.game.step + steps}).training
        begun = time.perf_counter()
        train(self.round, self.monitor, settings, self, StopRequest(), Silent())
        return time.perf_counter() - begun

    def record(self, record: Record) -> None:
        self.folder.append_log(record)

    def score(self, game: Game, seconds: float) -> Record:
        return {}

    def snapshot(self, game: Game) -> None:
        pass

    def save(self, game: Game, monitor: Monitor) -> None:
        pass


class KerasProcess:
    """An interpreter that has TensorFlow, running `keras_gans.py`."""

    def __init__(self, python: Path, pixels: Pixels, labels: NDArray[np.int64], threads: int) -> None:
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            data = Path(folder, "digits.npz")
            np.savez(data, allow_pickle=False, images=pixels, labels=labels)
            script = Path(__file__).with_name("keras_gans.py")
            self.process = subprocess.Popen(
                [python, script, data, "--threads", str(threads)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            stack.callback(self.close)
            self.versions = self._answer()
            stack.pop_all().callback(lambda: None)

    def run(self, model: str, steps: int) -> float:
        """Let Keras take some steps with one of its models; return the seconds they took."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"model": model, "steps": steps}) + "\n")
        self.process.stdin.flush()
        return self._answer()["seconds"]

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"Keras ended with exit code {self.process.wait()}: run keras_gans.py by hand.")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)
