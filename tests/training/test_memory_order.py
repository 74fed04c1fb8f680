"""The order of weights in memory: as asked, and by itself the one that was measured to be faster."""

import pytest
import torch
from noise_rounds import round_of
from small import small_recipe

from ganvas.training.memory_order import place

CPU = torch.device("cpu")


def is_channels_last(weight):
    return weight.is_contiguous(memory_format=torch.channels_last) and not weight.is_contiguous()


@pytest.mark.parametrize(("order", "last"), [("channels_first", False), ("channels_last", True), ("auto", True)])
def test_players_have_the_order_asked_for(order, last):
    game = round_of(small_recipe("dcgan", **{"training.memory_order": order})).game
    for player in (game.generator, game.discriminator, game.average.generator):
        weights = [weight for weight in player.parameters() if weight.dim() == 4 and min(weight.shape) > 1]
        assert weights
        assert {is_channels_last(weight) for weight in weights} == {last}


def test_layers_in_groups_have_channels_first_on_a_cpu_alone():
    grouped = torch.nn.Sequential(torch.nn.Conv2d(8, 8, 3, groups=2), torch.nn.Conv2d(8, 8, 3))
    assert not any(is_channels_last(layer.weight) for layer in place(grouped, CPU, "auto"))
    assert is_channels_last(place(torch.nn.Conv2d(8, 8, 3), CPU, "auto").weight)
    with torch.device("meta"):
        elsewhere = torch.nn.Conv2d(8, 8, 3, groups=2)
    assert is_channels_last(place(elsewhere, torch.device("meta"), "auto").weight)
