"""A file that changes settings of a recipe of the table: what it gives, and what is said of mistakes."""

import pytest

from ganvas.config import differences
from ganvas.errors import GanvasError
from ganvas.recipes.own import read_recipe
from ganvas.recipes.recipe import find_recipe

CHANGED = 'recipe = "compact"\n[model]\nmax_width = 128\n[training]\nsteps = 3000\naugment.kind = "diffaugment"\n'


def test_a_file_changes_a_recipe_and_nothing_else(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(CHANGED)
    found = read_recipe(path)
    assert {name: new for name, (_, new) in differences(find_recipe("compact"), found).items()} == {
        "model.max_width": 128,
        "training.steps": 3000,
        "training.augment.kind": "diffaugment",
    }


def test_yaml_does_as_well(tmp_path):
    (tmp_path / "mine.yaml").write_text("recipe: compact\ntraining:\n  steps: 3000\n")
    assert read_recipe(tmp_path / "mine.yaml") == find_recipe("compact").override(**{"training.steps": 3000})


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("compact", "compct", "Did you mean `compact`"),
        ('"compact"', "1", "`recipe` of `mine.toml` is 1"),
        ("[model]", "[modle]", "no section `modle`. Did you mean `model`"),
        ("max_width", "maxwidth", "no setting `model.maxwidth`. Did you mean `model.max_width`"),
        ("augment.kind", "augment.kid", "no setting `training.augment.kid`. Did you mean `training.augment.kind`"),
        ("128", "1", "`max_width` is 1: "),
        ("[model]", "[[generator]]", "no section `generator`"),
        ('recipe = "compact"\n[model]\nmax_width = 128\n', "", '`recipe = "compact"`'),
    ],
)
def test_mistakes_are_named(old, new, words, tmp_path):
    assert old in CHANGED
    path = tmp_path / "mine.toml"
    path.write_text(CHANGED.replace(old, new))
    with pytest.raises(GanvasError) as refused:
        read_recipe(path)
    assert words in str(refused.value)
