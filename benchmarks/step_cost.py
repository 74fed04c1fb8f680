"""What a run of many processes sends and keeps, counted and not timed: `python -m benchmarks.step_cost r3gan_64`.

The networks are built without memory (torch's `meta` device), so the largest can be counted on a laptop.
"""

import torch
import tyro
from torch.nn.modules.batchnorm import _BatchNorm

from ganvas.images import ImageShape
from ganvas.models.family import check
from ganvas.players import num_parameters
from ganvas.recipes.recipe import Recipe, find_recipe

FLOAT = 4
"""Bytes of a number."""


def main(recipe: tyro.conf.Positional[str], /, side: int = 64, channels: int = 3, classes: int = 0) -> None:
    """Print what a recipe sends and keeps at a size of images.

    Args:
        recipe: A recipe.
        side: Height and width of images.
        channels: Their channels.
        classes: How many classes.
    """
    for name, value in counted(find_recipe(recipe), ImageShape(channels, side, side), classes).items():
        print(f"{name:<60}{value:>16,}")


def counted(recipe: Recipe, shape: ImageShape, num_classes: int) -> dict[str, int]:
    """Return counts by what they are of."""
    check(recipe.model, shape, num_classes)
    with torch.device("meta"):
        players = (recipe.model.generator(shape, num_classes), recipe.model.discriminator(shape, num_classes))
    g, d = (num_parameters(player, trainable_only=True) for player in players)
    norms = [layer.num_features for player in players for layer in player.modules() if isinstance(layer, _BatchNorm)]
    return {
        "numbers that G learns": g,
        "numbers that D learns": d,
        "bytes of gradients a round (float32)": FLOAT * (g + d * recipe.training.discriminator_steps),
        "bytes of a checkpoint (both players, the average, Adam)": FLOAT * (4 * g + 3 * d),
        "batch normalisations": len(norms),
        "bytes of their statistics in a forward pass, a process": FLOAT * sum(2 * width + 1 for width in norms),
    }


if __name__ == "__main__":
    tyro.cli(main)
