"""Reading a model must not wait for torch's compiler, which some operations without memory would import."""

import subprocess
import sys

import torch

from ganvas.tensors import without_memory

BUILD = """
import sys
from ganvas.images import ImageShape
from ganvas.models.saved import empty_players
from ganvas.recipes.recipe import find_recipe
for name in {names}:
    empty_players(find_recipe(name).model, ImageShape(3, 32, 32), 2)
    assert "torch._dynamo" not in sys.modules, name
"""
NAMES = (
    "compact",
    "acgan",
    "mlp_gan",
    "dcgan",
    "wgan_gp",
    "r3gan",
    "stylegan2",
    "transgan",
    "sequence_gan",
    "cyclegan",
)


def test_networks_without_memory_do_not_import_the_compiler():
    subprocess.run([sys.executable, "-c", BUILD.format(names=NAMES)], check=True, timeout=120)


def test_what_is_built_without_memory_has_its_shapes_and_nothing_else():
    with without_memory():
        layer = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(5, 7))
        drawn = torch.nn.init.trunc_normal_(torch.empty(3, 4))
    assert layer.weight.shape == (7, 5)
    assert drawn.shape == (3, 4)
    assert all(tensor.is_meta for tensor in (layer.weight, drawn, *layer.parameters()))
