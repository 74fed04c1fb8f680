"""A round of any recipe on images of noise: the first shape that its networks take, four classes or two."""

import threading

import numpy as np
import torch

from ganvas.data.feed import Feed
from ganvas.images import ImageShape
from ganvas.models.family import build_gan
from ganvas.recipes.recipe import Recipe
from ganvas.seeds import Stream
from ganvas.training.engine import Game
from ganvas.training.ranks import Ranks
from ganvas.training.round import Round
from ganvas.training.shares import Share

NUM = 40
PIXELS = Stream(0, "test/noise").integers(NUM * 64 * 64 * 3, 256).astype(np.uint8)
SHAPES = [(ImageShape(1, size, size), 4) for size in (8, 16, 28, 32, 64)] + [(ImageShape(3, 16, 16), 2)]
_IN_TURN = threading.Lock()  # building draws from torch's own generator


def round_of(recipe: Recipe, ranks: Ranks | None = None, dtype: torch.dtype = torch.float32) -> Round:
    """Return a round of a new game, of one process's share of the batch."""
    shape, classes = next(images for images in SHAPES if recipe.model.refuse(*images) is None)
    settings, ranks = recipe.training, ranks or Ranks()
    with _IN_TURN:
        gan = build_gan(recipe.model, shape, classes, 0).to(dtype)
    share = Share.of(settings.batch_size, ranks)
    feed = Feed.from_arrays(
        np.resize(PIXELS, (NUM, *shape[1:], shape.channels)),
        np.arange(NUM) % classes,
        settings.batch_size,
        0,
        shuffle=settings.shuffle,
        mirror=settings.mirror,
        part=(share.first, share.num),
    )
    return Round(Game(gan, settings, ranks), settings, feed)
