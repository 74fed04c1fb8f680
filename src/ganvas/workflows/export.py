"""Export: a run or a dataset in, something to hand on out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.catalogue import find
from ganvas.data.attribution import write_attribution
from ganvas.data.store import CARD, Dataset
from ganvas.errors import UsageError, unknown_name
from ganvas.exporting.datasets import DATASET_EXPORTS
from ganvas.exporting.datasets.dataset_card import dataset_card
from ganvas.exporting.datasets.record import DatasetExport
from ganvas.exporting.models import MODEL_EXPORTS
from ganvas.progress import Lines, Progress
from ganvas.storage import new_folder, on_disk, sync_disks, write_file

if TYPE_CHECKING:
    from ganvas.workflows.model import Model

README = "README.md"


def export(
    source: "Model | Dataset | str | Path",
    out: str | Path,
    to: str = "model",
    progress: Progress | None = None,
    licence: str = "",
    push: str = "",
    title: str = "",
) -> Path:
    """Write a run or a dataset as `to` into the new folder or file `out`; return that path.

    A run or a model folder exports its best generator: to `model`, a folder with a card and samples; to one file,
    `onnx` or `web`; to a folder for a model `hub` or a `container`. `licence` is the name under which the model is
    given on, such as `apache-2.0`. A dataset folder exports to `image-folder`, `parquet`, `webdataset` or `stylegan`:
    the same pixels and labels, and where each image is from. The README.md inside says how to read it back. The same
    dataset gives the same bytes. `push` is the `USER/NAME` under which a `hub` repository is uploaded as well, `title`
    the heading of a `web` page, where the file's name should not be it.

    >>> export("data/photos", "photos-for-the-hub", to="parquet")
    >>> export("runs/digits", "digits.html", to="web")

    Raises `UsageError` where `to` does not fit the source, `out` is taken (`RunError` for models) or a package of an
    extra is missing, `ModelError` where a generator cannot be exported so, `DamagedError` where a dataset folder is not
    what its manifest says, `StorageError` for the disk.
    """
    path = Path(out).expanduser()
    if to not in MODEL_EXPORTS and to not in DATASET_EXPORTS:
        raise unknown_name("export format", to, [*MODEL_EXPORTS, *DATASET_EXPORTS])
    if push and to != "hub":
        raise UsageError("Only a repository for the hub is uploaded: `push` goes with `to` hub.")
    if title and to != "web":
        raise UsageError("Only a page has a title: `title` goes with `to` web.")
    if licence and to not in MODEL_EXPORTS:
        raise UsageError("The images of a dataset carry the licences that they came with: leave `licence` out.")
    if _is_dataset(source) if to in MODEL_EXPORTS else _is_model(source):
        raise _does_not_fit(source, to)
    if to in MODEL_EXPORTS:
        assert not isinstance(source, Dataset)
        from ganvas.workflows.export_model import export_model  # torch, which an export of a dataset never needs

        export_model(source, path, to, licence, push, progress or Lines(), title)
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
    from ganvas.models.saved import DESCRIPTION  # torch, likewise
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
        sync_disks()


def _expect_free(path: Path, dataset: Dataset) -> None:
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise UsageError(f"`{path}` exists and is not an empty folder. Give another place with --out.")
    if path.resolve().is_relative_to(dataset.folder.resolve()):
        raise UsageError(f"`{path}` lies inside the dataset folder `{dataset.folder}`. Give a place outside it.")
