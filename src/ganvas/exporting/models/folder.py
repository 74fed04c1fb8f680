"""A model folder: what `load` reads back."""

from pathlib import Path

from ganvas.exporting.models.trained import ModelExport, Trained
from ganvas.progress import Progress


def write_model_folder(trained: Trained, folder: Path, progress: Progress) -> None:
    """Write weights, description, card and samples."""
    trained.write_folder(folder)
    trained.write_card(folder)


FOLDER = ModelExport(write_model_folder, mark="model.json")
