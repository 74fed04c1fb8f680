"""The table of docs/families.md against the networks."""

import re
from pathlib import Path

import pytest
import torch

from ganvas.images import ImageShape
from ganvas.players import num_parameters
from ganvas.recipes.recipe import find_recipe

TABLE = (Path(__file__).parents[2] / "docs" / "families.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (`.+?`) \| (\d)x(\d+)x(\d+) \| (\d+) \| ([\d,]+) \| ([\d,]+) \|", re.MULTILINE)
CASES = [
    (name, ImageShape(int(channels), int(height), int(width)), int(classes), generator, discriminator)
    for names, channels, height, width, classes, generator, discriminator in ROW.findall(TABLE)
    for name in re.findall(r"`(\w+)`", names)
]


@pytest.mark.parametrize(("name", "shape", "classes", "generator", "discriminator"), CASES)
def test_networks_hold_what_the_table_says(name, shape, classes, generator, discriminator):
    model = find_recipe(name).model
    with torch.device("meta"):
        players = model.generator(shape, classes), model.discriminator(shape, classes)
    assert [f"{num_parameters(player):,}" for player in players] == [generator, discriminator]


def test_the_table_is_read_whole():
    assert len(CASES) >= 20
