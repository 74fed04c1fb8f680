"""Export: a run in, something to hand on out."""

from collections.abc import Callable
from pathlib import Path

from ganvas.errors import RunError, unknown_name
from ganvas.exporting.model_card import model_card
from ganvas.models.saved import DESCRIPTION, write_model
from ganvas.storage import new_folder, write_file
from ganvas.workflows.generate import draw_classes
from ganvas.workflows.model import Model, load


def export(source: Model | str | Path, out: str | Path, to: str = "model") -> Path:
    """Write the best generator of a run as `to` (so far: `model`, a model folder) to `out`; return that path."""
    if to not in FORMATS:
        raise unknown_name("export format", to, FORMATS)
    path = Path(out)
    FORMATS[to](source if isinstance(source, Model) else load(source), path)
    return path


def _model_folder(model: Model, path: Path) -> None:
    if path.exists() and not (path / DESCRIPTION).is_file() and (not path.is_dir() or any(path.iterdir())):
        raise RunError(f"`{path}` exists and is not a model folder. Give another place with --out.")
    card = model_card(path.name, model.config.family, model.image_shape, model.classes, model.origin)
    with new_folder(path, seal=False) as working:
        write_model(working, model.config, model.gan, model.classes, model.origin)
        write_file(working / "README.md", card.encode())
        draw_classes(model, working / "samples.png")


FORMATS: dict[str, Callable[[Model, Path], None]] = {"model": _model_folder}
