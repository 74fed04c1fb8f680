"""Which class each row of samples is of: named where the generator is told classes, else not."""

import pytest

from ganvas.images import ImageShape
from ganvas.recipes.recipe import find_recipe
from ganvas.storage import write_json
from ganvas.studio.sample_rows import classes_of_rows
from ganvas.workflows.run_folder import RunConfig

KINDS = ("cats", "dogs")


@pytest.mark.parametrize(
    ("recipe", "classes", "rows"),
    [
        ("compact", KINDS, KINDS),
        ("acgan", KINDS, KINDS),
        ("compact", (), ()),
        ("mlp_gan", KINDS, ()),
        ("cyclegan", KINDS, ()),
        ("compact", tuple(map(str, range(31))), ()),
    ],
)
def test_rows_are_named_by_class(tmp_path, recipe, classes, rows):
    config = RunConfig(
        recipe=find_recipe(recipe), data="d", content_hash="0", image_shape=ImageShape(3, 16, 16), classes=classes
    )
    write_json(tmp_path / "config.json", config.plain())
    assert classes_of_rows(tmp_path) == rows


def test_a_run_that_has_written_nothing_is_asked_again(tmp_path):
    assert classes_of_rows(tmp_path) is None
    (tmp_path / "config.json").write_text("{")
    assert classes_of_rows(tmp_path) is None
