"""From sources to a dataset folder: every file is in it, or in the ledger with the reason why not."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ganvas import __version__
from ganvas.catalogue import find
from ganvas.data.attribution import write_attribution
from ganvas.data.choices import Choices
from ganvas.data.engines import ENGINES
from ganvas.data.engines.engine import Engine
from ganvas.data.mixing import Part, parts_of
from ganvas.data.place import REPORT, new_dataset
from ganvas.data.preprocessing import MAX_SIDE, Preprocessing
from ganvas.data.report.page import write_report
from ganvas.data.scaling import expect_scaling
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.source import Source
from ganvas.data.store import Dataset
from ganvas.data.writing import DatasetWriter
from ganvas.errors import ConfigurationError, DataError, UsageError
from ganvas.progress import Lines, Progress

MIN_IMAGES = 8


def prepare(
    *sources: str | Path | Part | dict[str, Any],
    out: str | Path,
    size: int | str | tuple[int, int],
    channels: int | None = None,
    data_dir: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    **choices: Any,  # noqa: ANN401
) -> Dataset:
    """Make the dataset folder `out` of all images of `sources`, each uint8 [height, width, channels].

    A source is a name (`digits`, `mnist`, ...), the path of a folder, archive or file of images, a mix file (.toml),
    or a dictionary with `path`, `weight`, `licence` and `labels`; several merge, their classes united by name. `size`
    is the side of a square, "WIDTHxHEIGHT", or (height, width). `channels` is 1, 3 or 4 (alpha kept); by default as
    the sources are. `data_dir` is where public sets lie already. `choices` are the fields of
    `ganvas.data.choices.Choices` by their own names: `fit`, `operations`, `near_duplicates`, `test_fraction`,
    `workers` and so on. An unreadable file never stops the run: it is a row of the ledger, with its reason. An
    interrupted run goes on where it was when it is started again in the same way.

    >>> prepare("photos", out="data/photos", size=64, near_duplicates="drop", fit="pad")

    Raises `UsageError` for names, paths and places that cannot be used, `DataError` when fewer than 8 images are
    usable, `StorageError` for the disk; nothing half-written stays.
    """
    progress = progress or Lines()
    chosen = Choices.of(choices)
    return prepare_mix(open_mix(sources, data_dir, progress), out, size, channels, chosen, overwrite, progress)


class Mix(NamedTuple):
    """The opened sources, and what the user said about each."""

    parts: list[Part]
    sources: list[Source]

    def preprocessing(self, size: int | str | tuple[int, int], channels: int | None, choices: Choices) -> Preprocessing:
        """Return what is done to every image; raise `UsageError` or `ConfigurationError` where it cannot be done."""
        height, width = _height_and_width(size)
        usual = max(source.channels for source in self.sources)
        values = choices.editing.plain() | {"height": height, "width": width, "channels": channels or usual}
        preprocessing = Preprocessing.read(values, "What `prepare` was given")
        for operation in preprocessing.operations:
            if reason := operation.refuse(preprocessing.channels):
                raise UsageError(reason)
        expect_scaling(choices.scaling, preprocessing.shape)
        return preprocessing

    def request(self, preprocessing: Preprocessing) -> dict[str, Any]:
        """Return what must be the same for an interrupted preparation to go on."""
        sources = [
            {"part": part.plain(), "reader": source.reader, "total": source.total, "fingerprint": source.fingerprint}
            for part, source in zip(self.parts, self.sources, strict=True)
        ]
        return {"ganvas": __version__, "preprocessing": preprocessing.plain(), "sources": sources}

    def expect_outside(self, place: Path) -> None:
        """Raise `UsageError` where the dataset would be written into one of its own sources."""
        for source in self.sources:
            if source.tree and place.is_relative_to(source.tree):
                raise UsageError(
                    f"`{place}` lies inside the source `{source.name}`. Choose a place outside it with --out."
                )

    def expect_chosen(self, choices: Choices) -> None:
        """Raise `UsageError` where a trained model is a source, yet what models made is to be left out."""
        for source in self.sources:
            if source.reader == "generated" and choices.policies.synthetic != "keep":
                raise UsageError(
                    f"`{source.name}` is a trained model: its images are synthetic, and those are left out unless "
                    'you say otherwise (--synthetic keep, `synthetic="keep"`).'
                )


def prepare_mix(
    mix: Mix,
    out: str | Path,
    size: int | str | tuple[int, int],
    channels: int | None,
    chosen: Choices,
    overwrite: bool,
    progress: Progress,
) -> Dataset:
    """Make the dataset folder `out` of opened sources, as `prepare` does."""
    place = Path(out).expanduser().resolve()
    mix.expect_outside(place)
    mix.expect_chosen(chosen)
    preprocessing = mix.preprocessing(size, channels, chosen)
    request = mix.request(preprocessing)
    with new_dataset(place, overwrite) as folder, DatasetWriter(folder, preprocessing, request) as writer:
        read_all(mix, writer, chosen, progress)
        expect_enough(mix, writer)
        _tell_of_labels(writer, progress)
        writer.finish(mix.sources, chosen, [part.weight for part in mix.parts])
        dataset = Dataset.open(folder)
        write_attribution(dataset, folder)
        write_report(folder / REPORT, dataset, writer.pixels, place.name)
        writer.clean()
    return Dataset.open(out)


def open_mix(
    sources: Sequence[str | Path | Part | dict[str, Any]], data_dir: str | Path | None, progress: Progress
) -> Mix:
    """Open every source, and tell what their owner should know."""
    parts = parts_of(sources)
    _expect_different(parts)
    local = Path(data_dir).expanduser() if data_dir else None
    opened = [_licensed(_open(part, local, progress), part) for part in parts]
    for source in opened:
        if source.note:
            progress.say(source.note)
    return Mix(parts, opened)


def read_all(mix: Mix, writer: DatasetWriter, choices: Choices, progress: Progress) -> None:
    """Read what the writer does not have yet, and decide what becomes of each image: in = kept + all others."""
    before = 0
    if writer.has_begun_afresh:
        progress.say("An interrupted run had read other sources, or read them otherwise: beginning afresh.")
    if writer.num_files:
        progress.say(f"Going on after the {writer.num_files:,} files that an interrupted run has read.")
    for part, source in zip(mix.parts, mix.sources, strict=True):
        done = min(max(writer.num_files - before, 0), source.total)
        with _telling(progress, f"Reading {source.name}", source.total, done):
            _read(part, source, writer, choices, progress, done)
        before += source.total
        assert writer.num_files >= before, "in = kept + refused"
    assert writer.num_files == before, "in = kept + refused"
    with _telling(progress, "Looking for duplicates and unusual images", 1):
        writer.judge(choices)
        progress.advance()


def expect_enough(mix: Mix, writer: DatasetWriter) -> None:
    """Raise `DataError` where too few images stay to train on."""
    num_kept = writer.num_kept()
    if num_kept >= MIN_IMAGES:
        return
    names = " and ".join(f"`{source.name}`" for source in mix.sources)
    found = f"Usable images in {names}: {num_kept}. Training needs at least {MIN_IMAGES}."
    left_out = [(kind, count) for outcome, kind, count in writer.counts("kind") if outcome != "kept"]
    if not left_out:
        raise DataError(f"{found} Add images, or give another source.")
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(left_out))
    examples = " ".join(f"`{path}`: {reason}" for path, reason in writer.first_left_out(3))
    total = sum(count for _, count in left_out)
    raise DataError(f"{found} {total} files were left out ({kinds}), these first: {examples}")


def _read(part: Part, source: Source, writer: DatasetWriter, choices: Choices, progress: Progress, done: int) -> None:
    engine: Engine = find(ENGINES, "engine", choices.limits.engine)
    refused = 0
    for item, finding in engine(islice(part.items(source), done, None), writer.preprocessing, choices.limits):
        writer.add(source, item, finding, part.weight)
        refused += finding.refusal is not None
        progress.advance(note=f"{refused} refused" if refused else "")


@contextmanager
def _telling(progress: Progress, task: str, total: int, done: int = 0) -> Iterator[None]:
    progress.begin(task, total, done)
    try:
        yield
    finally:
        progress.end()


def _open(part: Part, data_dir: Path | None, progress: Progress) -> Source:
    folder = Path(part.path).expanduser()
    if not any((folder / name).exists() for name in ("model.json", "checkpoints")):
        return open_source(part.path, data_dir, progress)
    from ganvas.workflows.synthetic import open_model_source  # which imports torch

    return open_model_source(folder, part.num_images, part.seed, part.licence)


def _licensed(source: Source, part: Part) -> Source:
    return replace(source, licence=part.licence) if part.licence else source


def _expect_different(parts: Sequence[Part]) -> None:
    if not parts:
        raise UsageError("Nothing to prepare: give a source, such as `digits` or the path of a folder of images.")
    places = [Path(part.path).expanduser().resolve() for part in parts]
    if twice := next((part.path for part, place in zip(parts, places, strict=True) if places.count(place) > 1), ""):
        raise UsageError(f"The source `{twice}` is given twice. Give each once.")


def _height_and_width(size: int | str | tuple[int, int]) -> tuple[int, int]:
    if isinstance(size, str):
        width, cross, height = size.lower().partition("x")
        if not width.isdigit() or (cross and not height.isdigit()):
            raise UsageError(f"The size `{size}` is neither a number of pixels nor WIDTHxHEIGHT, such as 64 or 96x64.")
        sides = int(height or width), int(width)
    else:
        sides = size if isinstance(size, tuple) else (size, size)
    if not 1 <= min(sides) <= max(sides) <= MAX_SIDE:
        raise ConfigurationError(f"`size` is {size}: a side has from 1 to {MAX_SIDE:,} pixels. Give such a size.")
    return sides


def _tell_of_labels(writer: DatasetWriter, progress: Progress) -> None:
    num_kept = writer.num_kept()
    unlabelled = num_kept - writer.num_kept(labelled=True)
    if 0 < unlabelled < num_kept:
        progress.say(f"{unlabelled} of {num_kept} images have no class, so the dataset has no classes.")
