"""The workspace: one folder that holds all that the studio shows and makes.

data/       dataset folders
runs/       run folders
models/     model folders
exports/    what was made for others: ONNX files, web pages, films, pictures
uploads/    what was dropped into the browser, as it came
jobs/       a folder for each job
notes/      what pages remember: half-filled forms, favourites
"""

import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from PIL import Image

from ganvas.data.card import CARD
from ganvas.data.store import Dataset
from ganvas.errors import GanvasError, UsageError
from ganvas.storage import UNFINISHED, on_disk, read_json, write_json
from ganvas.studio.drawing import Drawing
from ganvas.studio.jobs import Jobs

FOLDERS = ("data", "runs", "models", "exports", "uploads", "jobs", "notes")
_TAIL = 1 << 14  # bytes; the last line of a log is within
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.IGNORECASE)
T = TypeVar("T")


class DatasetItem(NamedTuple):
    """A dataset folder of the workspace."""

    name: str
    path: Path
    dataset: Dataset | None
    """None where it cannot be opened."""
    problem: str


class RunItem(NamedTuple):
    """A run folder of the workspace, as its `config.json` and the end of its log say."""

    name: str
    path: Path
    recipe: str
    data: str
    image_shape: tuple[int, int, int]
    classes: tuple[str, ...]
    step: int
    steps: int
    has_checkpoint: bool
    last: dict[str, Any]
    """The last record of its log: losses, equilibrium, speed."""
    problem: str


class ModelItem(NamedTuple):
    """A model folder of the workspace, as its `model.json` says."""

    name: str
    path: Path
    family: str
    image_shape: tuple[int, int, int]
    classes: tuple[str, ...]
    problem: str


class Workspace:
    """The folder of a studio: datasets, runs, models and jobs by name, the newest first."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).expanduser().resolve()
        for name in FOLDERS:
            path = self.folder / name
            on_disk(lambda path=path: path.mkdir(parents=True, exist_ok=True), path)
        self._noting = threading.Lock()
        self.jobs = Jobs(self.folder / "jobs", self.folder)

    @cached_property
    def drawing(self) -> Drawing:
        """The models kept loaded for its pages, and the thread that draws with them."""
        return Drawing()

    def datasets(self) -> list[DatasetItem]:
        """Return the dataset folders."""
        return [_dataset(path) for path in self._holding("data", CARD)]

    def runs(self) -> list[RunItem]:
        """Return the run folders."""
        return [read_run(path) for path in self._holding("runs", "config.json")]

    def models(self) -> list[ModelItem]:
        """Return the model folders."""
        return [_model(path) for path in self._holding("models", "model.json")]

    def uploads(self) -> list[tuple[str, str]]:
        """Return what was dropped, the newest first: its name, and the source that `prepare` takes."""
        folders = [path for path in (self.folder / "uploads").iterdir() if path.is_dir()]
        return [(path.name, self.source_of(path)) for path in sorted(folders, key=_changed, reverse=True)]

    def source_of(self, upload: Path) -> str:
        """Return the source within an upload: the one file or folder that it holds, else the whole of it."""
        inner = list(islice(upload.iterdir(), 2)) if upload.is_dir() else []
        return self.relative(inner[0] if len(inner) == 1 and not _is_picture(inner[0]) else upload)

    def dataset(self, name: str) -> DatasetItem:
        """Return the dataset folder called `name`; raise `UsageError` where there is none."""
        return _named(name, self.datasets(), "dataset")

    def run(self, name: str) -> RunItem:
        """Return the run folder called `name`; raise `UsageError` where there is none."""
        return _named(name, self.runs(), "run")

    def model(self, name: str) -> ModelItem:
        """Return the model folder called `name`; raise `UsageError` where there is none."""
        return _named(name, self.models(), "model")

    def place(self, kind: str, name: str) -> Path:
        """Return the path of a new thing of a kind ("data", "runs", ...) from a name that somebody typed.

        Raises `UsageError` unless the name is made of letters, digits, dots, dashes and underscores, and free.
        """
        if not _NAME.fullmatch(name) or name.endswith(UNFINISHED):
            raise UsageError(f"`{name}` cannot be a name: use letters, digits, dots and dashes, up to 64 of them.")
        path = self.folder / kind / name
        if path.exists():
            raise UsageError(f"There is a `{kind}/{name}` already. Choose another name.")
        return path

    def free_name(self, kind: str, wish: str) -> str:
        """Return a name for a new thing of a kind: the wish, made plain, with a number where it is taken."""
        plain = self.plain_name(wish)
        names = (plain if number == 1 else f"{plain}-{number}" for number in range(1, 10_000))
        return next(name for name in names if not (self.folder / kind / name).exists())

    @staticmethod
    def plain_name(wish: str) -> str:
        """Return a wish as a name of lower-case letters, digits, dots and dashes."""
        return re.sub(r"[^a-z0-9._-]+", "-", wish.lower()).strip("-._")[:48].strip("-._") or "new"

    def relative(self, path: Path) -> str:
        """Return a path as commands of this workspace write it: short where it lies within."""
        return str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path)

    def notes(self, page: str) -> dict[str, Any]:
        """Return what a page has noted, {} where it has not."""
        with suppress(GanvasError):
            found = read_json(self.folder / "notes" / f"{page}.json")
            return found if isinstance(found, dict) else {}
        return {}

    def note(self, page: str, **values: Any) -> None:  # noqa: ANN401
        """Let a page remember plain JSON values, beside those it has noted before; None is forgotten."""
        with self._noting:
            noted = {name: value for name, value in (self.notes(page) | values).items() if value is not None}
            write_json(self.folder / "notes" / f"{page}.json", noted)

    def _holding(self, kind: str, file: str) -> Iterator[Path]:
        """Yield the folders of a kind that hold a file, the one whose file changed last first."""
        found = [path for path in (self.folder / kind).glob(f"*/{file}") if not path.parent.name.endswith(UNFINISHED)]
        yield from (path.parent for path in sorted(found, key=_changed, reverse=True))


def last_record(run: Path) -> dict[str, Any]:
    """Return the last whole record of a run's log, {} without one."""
    with suppress(OSError, ValueError), (run / "log.jsonl").open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        for line in reversed(file.read().splitlines()):
            with suppress(ValueError):
                record = json.loads(line)
                if isinstance(record, dict) and "step" in record:
                    return record
    return {}


def _is_picture(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in Image.registered_extensions()


def _dataset(path: Path) -> DatasetItem:
    try:
        return DatasetItem(path.name, path, Dataset.open(path), "")
    except GanvasError as error:
        return DatasetItem(path.name, path, None, str(error))


def read_run(path: Path) -> RunItem:
    """Return what a run folder says of itself."""
    last, problem, config = last_record(path), "", {}
    recipe, training = {}, {}
    try:
        config = read_json(path / "config.json")
        recipe, training = config["recipe"], config["recipe"]["training"]
        shape, classes = tuple(config["image_shape"]), tuple(config["classes"])
    except (GanvasError, KeyError, TypeError) as error:
        shape, classes, problem = (0, 0, 0), (), f"`{path / 'config.json'}` cannot be read: {error}"
    return RunItem(
        path.name,
        path,
        str(recipe.get("recipe", "")),
        str(config.get("data", "")) if isinstance(config, dict) else "",
        shape,
        classes,
        int(last.get("step", 0)),
        int(training.get("steps", 0)),
        (path / "latest").is_file(),
        last,
        problem,
    )


def _model(path: Path) -> ModelItem:
    try:
        found = read_json(path / "model.json")
        return ModelItem(
            path.name, path, str(found["model"]["family"]), tuple(found["image_shape"]), tuple(found["classes"]), ""
        )
    except (GanvasError, KeyError, TypeError) as error:
        return ModelItem(path.name, path, "", (0, 0, 0), (), f"`{path / 'model.json'}` cannot be read: {error}")


def _changed(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _named(name: str, items: list[Any], kind: str) -> Any:  # noqa: ANN401
    for item in items:
        if item.name == name:
            return item
    raise UsageError(f"There is no {kind} `{name}` in this workspace.")
