"""Export: a run or a dataset in, something to hand on out."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.catalogue import find
from ganvas.data.attribution import write_attribution
from ganvas.data.store import CARD, Dataset
from ganvas.errors import RunError, UsageError, unknown_name
from ganvas.exporting.datasets import DATASET_EXPORTS
from ganvas.exporting.datasets.dataset_card import dataset_card
from ganvas.exporting.datasets.record import DatasetExport
from ganvas.progress import Lines, Progress
from ganvas.storage import new_folder, on_disk, write_file

if TYPE_CHECKING:
    from ganvas.workflows.model import Model

README = "README.md"


def export(
    source: "Model | Dataset | str | Path", out: str | Path, to: str = "model", progress: Progress | None = None
) -> Path:
    """Write a run or a dataset as `to` into the new folder `out`; return that path.

    A run or a model folder exports to `model`: its best generator, with a card and samples. A dataset folder
    exports to `image-folder`, `parquet`, `webdataset` or `stylegan`: the same pixels and labels, and where each
    image is from. The README.md inside says how to read it back. The same dataset gives the same bytes.

    >>> export("data/photos", "photos-for-the-hub", to="parquet")

    Raises `UsageError` where `to` does not fit the source or `out` is taken (`RunError` for `model`),
    `DamagedError` where a dataset folder is not what its manifest says, `StorageError` for the disk.
    """
    path = Path(out).expanduser()
    if to not in MODEL_EXPORTS and to not in DATASET_EXPORTS:
        raise unknown_name("export format", to, [*MODEL_EXPORTS, *DATASET_EXPORTS])
    if _is_dataset(source) if to in MODEL_EXPORTS else _is_model(source):
        raise _does_not_fit(source, to)
    if to in MODEL_EXPORTS:
        assert not isinstance(source, Dataset)
        MODEL_EXPORTS[to](source, path)
    else:
        dataset = Dataset.open(source) if isinstance(source, str | Path) else source
        assert isinstance(dataset, Dataset)
        _dataset_as(find(DATASET_EXPORTS, "export format", to), dataset, path, progress or Lines())
    return path


def _is_dataset(source: object) -> bool:
    return (Path(source) / CARD).is_file() if isinstance(source, str | Path) else isinstance(source, Dataset)


def _is_model(source: object) -> bool:
    if isinstance(source, Dataset) or _is_dataset(source):
        return False
    if not isinstance(source, str | Path):
        return True
    from ganvas.models.saved import DESCRIPTION  # torch, which an export of a dataset never needs
    from ganvas.workflows.run_folder import is_run_folder

    return (Path(source) / DESCRIPTION).is_file() or is_run_folder(Path(source))


def _does_not_fit(source: object, to: str) -> UsageError:
    kind, table = ("a dataset", DATASET_EXPORTS) if to in MODEL_EXPORTS else ("a run or model", MODEL_EXPORTS)
    name = f"`{source}`" if isinstance(source, str | Path) else "What was given"
    fitting = ", ".join(f"`{fit}`" for fit in table)
    return UsageError(f"{name} is {kind}, which cannot be exported to `{to}`. Choose what fits it: {fitting}.")


def _dataset_as(format: DatasetExport, dataset: Dataset, path: Path, progress: Progress) -> None:
    on_disk(lambda: _expect_free(path, dataset), path)
    progress.begin("Checking the dataset", 1)
    try:
        dataset.verify()
        progress.advance()
    finally:
        progress.end()
    with new_folder(path, seal=False) as working:
        format.write(dataset, working, progress)
        write_file(working / README, dataset_card(dataset, format).encode())
        write_attribution(dataset, working)
        _flush()


def _expect_free(path: Path, dataset: Dataset) -> None:
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise UsageError(f"`{path}` exists and is not an empty folder. Give another place with --out.")
    if path.resolve().is_relative_to(dataset.folder.resolve()):
        raise UsageError(f"`{path}` lies inside the dataset folder `{dataset.folder}`. Give a place outside it.")


def _flush() -> None:
    """Bring everything to the disk at once: flushing 100,000 files one by one would outlast the export."""
    if os.name != "nt":
        os.sync()


def _model_folder(source: "Model | str | Path", path: Path) -> None:
    from ganvas.exporting.model_card import model_card
    from ganvas.models.saved import DESCRIPTION, write_model
    from ganvas.workflows.evaluations import keep
    from ganvas.workflows.generate import draw_classes
    from ganvas.workflows.model import Model, load
    from ganvas.workflows.scores_on_card import evaluation_of, on_card

    model = source if isinstance(source, Model) else load(source)
    if path.exists() and not (path / DESCRIPTION).is_file() and (not path.is_dir() or any(path.iterdir())):
        raise RunError(f"`{path}` exists and is not a model folder. Give another place with --out.")
    scaling = None if model.scaling is None else model.scaling.settings.scaling
    kept = _translations(source) if model.translates else None
    drawn = not model.translates or kept is not None
    drawable = model.classes if model.conditional else ()
    about = (path.name, model.config.family, model.image_shape, drawable, model.origin, scaling)
    found = evaluation_of(source, model)
    card = model_card(*about, translates=model.translates, has_samples=drawn, evaluation=found and on_card(found))
    with new_folder(path, seal=False) as working:
        write_model(working, model.config, model.gan, model.classes, model.origin, model.scaling)
        write_file(working / README, card.encode())
        if found is not None:
            keep(working, [found])
        if kept is not None:
            write_file(working / "samples.png", kept)
        elif drawn:
            draw_classes(model, working / "samples.png")


def _translations(source: "Model | str | Path") -> bytes | None:
    """Return the newest grid of a translator's run, or that of its model folder: alone it has nothing to translate."""
    if not isinstance(source, str | Path):
        return None
    grids = [*sorted((Path(source) / "samples").glob("*.png")), Path(source) / "samples.png"]
    found = [grid for grid in grids if grid.is_file()]
    return found[-1].read_bytes() if found else None


MODEL_EXPORTS: dict[str, Callable[["Model | str | Path", Path], None]] = {"model": _model_folder}
