"""A recipe: everything a run is made of, except the data."""

from typing import Any

from pydantic import SerializeAsAny, field_validator

from ganvas.catalogue import find
from ganvas.config import Config, Field
from ganvas.models.family import FamilyConfig, read_family
from ganvas.recipes import RECIPES
from ganvas.training.objective import needs_of
from ganvas.training.penalties import LABELLED
from ganvas.training.settings import TrainingConfig


class Recipe(Config):
    """A family with its sizes, and the settings of training."""

    recipe: str = Field(description="recipe that this started from")
    model: SerializeAsAny[FamilyConfig] = Field(description="the networks' sizes")
    training: TrainingConfig = Field(description="how the game is played")

    @field_validator("model", mode="before")
    @classmethod
    def _read_model(cls, value: Any) -> Any:  # noqa: ANN401
        """Read plain values by the configuration of the family that they name."""
        return read_family(value, "The recipe") if isinstance(value, dict) else value


def fitted(recipe: Recipe, num_classes: int) -> Recipe:
    """Return the recipe for images of so many classes: without any, terms that are about classes are switched off."""
    needs = {} if num_classes else needs_of(recipe.training.objective)
    idle = {f"training.objective.{name}.weight": 0.0 for name, need in needs.items() if need & LABELLED}
    return recipe.override(**idle) if idle else recipe


def find_recipe(name: str) -> Recipe:
    """Return the recipe called `name`; raise `UsageError` with the names there are."""
    return find(RECIPES, "recipe", name)()
