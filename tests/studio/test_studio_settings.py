"""Forms: every setting of a recipe is there, what is typed is read as pydantic reads it, flags say the same."""

import pytest

from ganvas.cli.arguments import parse
from ganvas.cli.train import BEGIN, _arguments_of
from ganvas.config import flat
from ganvas.data.choices import Choices
from ganvas.recipes.recipe import find_recipe
from ganvas.studio.settings import flags, group_of, in_form, shown

TYPED = {
    "training.batch_size": ("32", 32),
    "training.mirror": (True, True),
    "training.shuffle": (False, False),
    "training.label_prior": ("uniform", "uniform"),
    "training.generator_optimizer.learning_rate": ("1e-3", 0.001),
    "training.scoring.metrics": ("pixels-mind, pixels-kid", ("pixels-mind", "pixels-kid")),
    "training.scoring.best_by": ("pixels-kid", "pixels-kid"),
    "training.device": ("cpu", "cpu"),
}


@pytest.mark.parametrize("name", ["compact", "acgan", "mlp_gan", "fastgan", "stylegan2_small"])
def test_every_setting_of_a_recipe_is_in_its_form(name):
    recipe = find_recipe(name)
    settings = {setting.name: setting for setting in group_of(recipe).all()}
    assert set(flat(recipe)) - set(settings) == {"model.family"}
    assert all(setting.description for setting in settings.values())
    for setting in settings.values():
        assert setting.read(shown(setting.value) if setting.kind is not bool else setting.value) == setting.value


def test_flags_say_to_the_command_line_what_was_typed():
    recipe = find_recipe("compact")
    settings = {setting.name: setting for setting in group_of(recipe).all()}
    values = {name: settings[name].read(typed) for name, (typed, _) in TYPED.items()}
    assert values == {name: value for name, (_, value) in TYPED.items()}
    given = parse(_arguments_of(recipe, BEGIN), "train", ["--data", "x", "--out", "y", *flags(values)])
    changed = recipe.model_copy(update={"model": given.model, "training": given.training})
    assert changed == recipe.override(**values)


@pytest.mark.parametrize("typed", ["1", "many", "", "1.5", "70000"])
def test_what_cannot_be_is_said_in_words(typed):
    settings = {setting.name: setting for setting in group_of(find_recipe("compact")).all()}
    with pytest.raises(ValueError, match="Input should be"):
        settings["training.batch_size"].read(typed)


def test_choices_of_preparation_have_a_form_too():
    settings = {setting.name: setting for setting in group_of(Choices()).all()}
    assert settings["policies.near_duplicates"].choices == ("keep", "drop", "quarantine")
    assert settings["scaling.scaling_components"].read("") is None
    assert settings["scaling.scaling_components"].read("4") == 4
    assert settings["editing.operations"].read("gamma:0.8 invert") == ("gamma:0.8", "invert")
    with pytest.raises(ValueError, match="operation"):
        settings["editing.operations"].read("nonsense:1")


def test_flags_in_warnings_become_the_names_of_settings():
    assert in_form("Rare ones. `--training.balance_alpha 0` shows all.") == 'Rare ones. "balance alpha" at 0 shows all.'
    assert in_form("take more `--steps`.") == 'take more "steps".'
    assert in_form("a `run` -- and no flag") == "a `run` -- and no flag"
