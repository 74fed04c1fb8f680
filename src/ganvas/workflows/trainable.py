"""What must hold before a run begins, or goes on: a dataset that the recipe can learn from, and the very same one."""

from pathlib import Path

from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError, DataError
from ganvas.models.family import offers_of
from ganvas.recipes.recipe import Recipe
from ganvas.training.generating import check_one_each
from ganvas.training.objective import check_batches, check_offers
from ganvas.training.penalties import TRANSLATING
from ganvas.workflows.run_folder import RunFolder

MINIMUM_IMAGES = 8


def check_trainable(recipe: Recipe, dataset: Dataset) -> None:
    """Raise `ConfigurationError`, `ModelError` or `DataError` where a recipe cannot learn from a dataset."""
    if recipe.training.balance_alpha != 1 and not dataset.num_classes:
        raise ConfigurationError(
            f"`training.balance_alpha` is {recipe.training.balance_alpha}, and `{dataset.folder}` has no classes to "
            "balance. Leave it at 1, or prepare a folder with one sub-folder for each class."
        )
    settings, model = recipe.training, recipe.model
    if offers_of(model) & TRANSLATING:
        _check_translation(recipe, dataset)
    check_offers(settings.objective, model.family, offers_of(model), dataset.num_classes)
    check_batches(settings.objective, settings.batch_size, settings.generator_images)
    if dataset.count("train") < MINIMUM_IMAGES:
        raise DataError(
            f"Dataset `{dataset.folder}` has {dataset.count('train')} training images; training needs at least "
            f"{MINIMUM_IMAGES}, and some hundreds to be worth looking at."
        )


def dataset_of(run: RunFolder, moved_to: str | Path | None) -> Dataset:
    """Return the dataset that a run was begun on, and no other.

    Raises `DataError` where it is not there, `ConfigurationError` where its content is another.
    """
    try:
        dataset = Dataset.open(Path(moved_to or run.config.data))
    except DataError as error:
        raise DataError(f"{error} If the dataset of this run was moved, give its place with --data.") from error
    if dataset.content_hash != run.config.content_hash:
        raise ConfigurationError(
            f"The dataset `{dataset.folder}` is not the one this run was begun on: its content hash is "
            f"{dataset.content_hash[:12]}, the run's is {run.config.content_hash[:12]}. Give that one with --data."
        )
    return dataset


def _check_translation(recipe: Recipe, dataset: Dataset) -> None:
    check_one_each(recipe.training)
    if dataset.scaling is not None:
        raise ConfigurationError(
            f"Model family `{recipe.model.family}` takes pictures in [-1, 1], and `{dataset.folder}` is scaled by "
            f"{dataset.card.scaling.scaling}. Prepare it with `--scaling symmetric`."
        )
