"""Export of a model: a run or a model folder in, one of the forms of `MODEL_EXPORTS` out."""

import tempfile
from pathlib import Path

from ganvas import __version__
from ganvas.catalogue import find
from ganvas.errors import ConfigurationError, DamagedError, ModelError, RunError, UsageError
from ganvas.exporting.model_card import SAMPLES
from ganvas.exporting.models import MODEL_EXPORTS
from ganvas.exporting.models.hub import check_name, upload
from ganvas.exporting.models.trained import Controls, ModelExport, Trained
from ganvas.generation.directions import Directions, save_directions
from ganvas.generation.truncation import mean_style
from ganvas.models.saved import write_model
from ganvas.players import StyledGenerator
from ganvas.progress import Progress
from ganvas.storage import new_folder, on_disk, replace_file, write_file
from ganvas.workflows.evaluations import Evaluation, keep
from ganvas.workflows.generate import draw_classes
from ganvas.workflows.model import Model, load
from ganvas.workflows.scores_on_card import evaluation_of, on_card


def export_model(
    source: Model | str | Path, path: Path, to: str, licence: str, push: str, progress: Progress, title: str = ""
) -> None:
    """Write a run or model in one form at `path`, replacing an earlier export of that form and nothing else.

    `push` is the `USER/NAME` under which a repository is uploaded as well, `title` what it is called, if not by `path`.
    """
    form: ModelExport = find(MODEL_EXPORTS, "export format", to)
    if push:
        check_name(push)
    _expect_free(path, to, form)
    model = source if isinstance(source, Model) else load(source)
    trained = _trained(model, title or (path.stem if form.suffix else path.name), licence, progress)
    if not form.suffix:
        with new_folder(path, seal=False) as working:
            form.write(trained, working, progress)
        if push:
            progress.say(f"Uploaded: {upload(path, push)}")
        return
    on_disk(lambda: path.parent.mkdir(parents=True, exist_ok=True), path)
    with tempfile.TemporaryDirectory() as working:
        form.write(trained, Path(working), progress)
        replace_file(path, (Path(working) / f"model{form.suffix}").read_bytes())


def _expect_free(path: Path, to: str, form: ModelExport) -> None:
    if form.suffix:
        if path.suffix != form.suffix:
            raise UsageError(f"`{to}` writes one file: give --out a name that ends in `{form.suffix}`, not `{path}`.")
        if path.exists() and not path.is_file():
            raise RunError(f"`{path}` exists and is not a file. Give another place with --out.")
    elif path.exists() and not (path / form.mark).is_file() and (not path.is_dir() or any(path.iterdir())):
        kind = "a model folder" if to == "model" else f"an earlier export to `{to}`"
        raise RunError(f"`{path}` exists and is not {kind}. Give another place with --out.")


def _trained(model: Model, name: str, licence: str, progress: Progress) -> Trained:
    generator = model.generator
    found, directions = evaluation_of(model, progress), _directions(model, progress)
    return Trained(
        name=name,
        family=model.config.family,
        generator=generator,
        classes=model.classes if model.conditional else (),
        origin=model.origin,
        scaling=model.scaling,
        sha256=model.sha256,
        software=f"ganvas {__version__}",
        licence=licence,
        write_folder=lambda folder: _write_folder(model, folder, found, directions),
        mean_style=mean_style(generator) if isinstance(generator, StyledGenerator) else None,
        controls=directions and Controls(directions.names, directions.vectors, directions.scales),
        evaluation=found and on_card(found),
    )


def _write_folder(model: Model, folder: Path, found: Evaluation | None, directions: Directions | None) -> None:
    kept = _translations(model) if model.translates else None
    drawn = not model.translates or kept is not None
    write_model(folder, model.config, model.gan, model.classes, model.origin, model.scaling)
    if directions is not None:
        save_directions(folder, directions, model.sha256)
    if found is not None:
        keep(folder, [found])
    if kept is not None:
        write_file(folder / SAMPLES, kept)
    elif drawn:
        draw_classes(model, folder / SAMPLES)


def _translations(model: Model) -> bytes | None:
    """Return the newest grid of a translator's run, or that of its model folder: alone it has nothing to translate."""
    if model.folder is None:
        return None
    grids = [*sorted((model.folder / "samples").glob("*.png")), model.folder / SAMPLES]
    found = [grid for grid in grids if grid.is_file()]
    return found[-1].read_bytes() if found else None


def _directions(model: Model, progress: Progress) -> Directions | None:
    """Return the directions that lie beside a run or model, None without; what is not of its weights is said."""
    try:
        return model.directions if model.directions.names else None
    except (ModelError, DamagedError, ConfigurationError) as error:
        progress.say(f"Directions are left out. {error}")
        return None
