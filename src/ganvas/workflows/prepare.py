"""From sources to a dataset folder: in = kept + refused, always."""

from collections.abc import Sequence
from pathlib import Path

from ganvas.data.inspection import inspect
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.source import Source
from ganvas.data.splitting import Splitting
from ganvas.data.store import Dataset
from ganvas.data.writing import DatasetWriter, expect_free, new_dataset
from ganvas.errors import DataError, UsageError
from ganvas.progress import Lines, Progress
from ganvas.storage import on_disk

MIN_IMAGES = 8


def prepare(
    *sources: str | Path,
    out: str | Path,
    size: int,
    channels: int | None = None,
    test_fraction: float = 0.2,
    seed: int = 0,
    data_dir: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Dataset:
    """Make the dataset folder `out` of all images of `sources`, each uint8 [size, size, channels].

    A source is a name (`digits`, `mnist`) or the path of a folder of images or of IDX files; several merge, their
    classes united by name. `channels` is 1 or 3; by default 3 when any source is of colour images. Images whose
    source declares no split are held out for tests by a seeded `test_fraction` of each class. `data_dir` is where
    public sets lie already. An unreadable file never stops the run: it is a row of the ledger, with its reason.

    >>> prepare("digits", out="data/digits", size=16)

    Raises `UsageError` for names, paths and places that cannot be used, `DataError` when fewer than 8 images are
    usable, `StorageError` for the disk; nothing half-written stays.
    """
    progress = progress or Lines()
    place = Path(out).expanduser().resolve()
    splitting = Splitting.read({"test_fraction": test_fraction, "seed": seed}, "What `prepare` was given")
    _expect_different(sources)
    on_disk(lambda: expect_free(place, overwrite), place)
    local = Path(data_dir).expanduser() if data_dir else None
    opened = [open_source(source, local, progress) for source in sources]
    _expect_outside(place, opened)
    usual = max(source.channels for source in opened)
    wanted = {"size": size, "channels": usual if channels is None else channels}
    preprocessing = Preprocessing.read(wanted, "What `prepare` was given")
    with new_dataset(place, overwrite) as folder, DatasetWriter(folder, preprocessing) as writer:
        for source in opened:
            _add_all(source, writer, progress)
        _expect_enough(opened, writer)
        _tell_of_labels(writer, progress)
        writer.finish(opened, splitting)
    return Dataset.open(out)


def _add_all(source: Source, writer: DatasetWriter, progress: Progress) -> None:
    if source.note:
        progress.say(source.note)
    before = writer.num_files
    progress.begin(f"Reading {source.name}", source.total)
    try:
        for item in source.items():
            writer.add(source, item, inspect(item, writer.preprocessing))
            progress.advance()
    finally:
        progress.end()
    assert writer.num_files == before + source.total, "in = kept + refused"


def _expect_different(sources: Sequence[str | Path]) -> None:
    if not sources:
        raise UsageError("Nothing to prepare: give a source, such as `digits` or the path of a folder of images.")
    places = [Path(source).expanduser().resolve() for source in sources]
    if twice := next(
        (str(source) for source, place in zip(sources, places, strict=True) if places.count(place) > 1), ""
    ):
        raise UsageError(f"The source `{twice}` is given twice. Give each once.")


def _expect_outside(place: Path, sources: Sequence[Source]) -> None:
    for source in sources:
        if source.tree and place.is_relative_to(source.tree):
            raise UsageError(f"`{place}` lies inside the source `{source.name}`. Choose a place outside it with --out.")


def _expect_enough(sources: Sequence[Source], writer: DatasetWriter) -> None:
    if writer.num_kept >= MIN_IMAGES:
        return
    names = " and ".join(f"`{source.name}`" for source in sources)
    found = f"Readable images in {names}: {writer.num_kept}. Training needs at least {MIN_IMAGES}."
    refused = writer.refused_by_kind
    if not refused:
        raise DataError(f"{found} Add images, or give another source.")
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(refused.items()))
    examples = " ".join(f"`{row.path}`: {row.reason}" for row in writer.first_refusals)
    raise DataError(f"{found} {refused.total()} files were refused ({kinds}), these first: {examples}")


def _tell_of_labels(writer: DatasetWriter, progress: Progress) -> None:
    unlabelled = writer.labels.count(None)
    if 0 < unlabelled < writer.num_kept:
        progress.say(f"{unlabelled} of {writer.num_kept} images have no class, so the dataset has no classes.")
