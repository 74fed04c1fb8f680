"""Players that compute in bfloat16: the same game but for 8 bits, with all that is kept in float32."""

import threading

import numpy as np
import pytest
import torch
from ranks import together
from small import small_recipe

from ganvas.data.feed import Feed
from ganvas.images import ImageShape
from ganvas.models.family import build_gan
from ganvas.recipes import RECIPES
from ganvas.seeds import Stream
from ganvas.training.engine import Game
from ganvas.training.loop import finite_record
from ganvas.training.ranks import Ranks
from ganvas.training.round import Round
from ganvas.training.shares import Share

PIXELS = Stream(0, "test/precision").integers(40 * 64 * 64 * 3, 256).astype(np.uint8)
IMAGES = [(ImageShape(1, size, size), 4) for size in (8, 16, 28, 32, 64)] + [(ImageShape(3, 16, 16), 2)]
QUICK = {"acgan", "biggan", "compact", "r3gan_small", "stylegan2", "wgan_gp"}
"""The others in the nightly run."""
IN_TURN = threading.Lock()  # building draws from torch's own generator


def round_of(name: str, precision: str, ranks: Ranks) -> Round:
    still = {f"training.{player}_optimizer.learning_rate": 1e-12 for player in ("generator", "discriminator")}
    batch = {"training.batch_size": 8, "training.generator_batch_size": 8}
    recipe = small_recipe(name, **{"training.precision": precision, **batch, **still})
    shape, classes = next(images for images in IMAGES if recipe.model.refuse(*images) is None)
    settings, share = recipe.training, Share.of(8, ranks)
    pixels = np.resize(PIXELS, (40, *shape[1:], shape.channels))
    feed = Feed.from_arrays(pixels, np.arange(40) % classes, 8, 0, part=(share.first, share.num))
    with IN_TURN:
        gan = build_gan(recipe.model, shape, classes, 0)
    return Round(Game(gan, settings, ranks), settings, feed)


def played(name: str, precision: str, ranks: Ranks | None = None) -> tuple[Round, dict[str, float]]:
    ours = round_of(name, precision, ranks or Ranks())
    return ours, finite_record(ours.play(0), 1)


def gradient(player: torch.nn.Module) -> torch.Tensor:
    return torch.cat([weight.grad.flatten() for weight in player.parameters() if weight.grad is not None])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in RECIPES]
)
def test_a_round_in_bfloat16_is_nearly_that_in_float32(name: str) -> None:
    (exact, wanted), (rough, found) = played(name, "float32"), played(name, "bfloat16")
    assert found != wanted
    assert found["d/loss"] == pytest.approx(wanted["d/loss"], rel=0.05, abs=0.02)
    assert found["g/loss"] == pytest.approx(wanted["g/loss"], rel=0.05, abs=0.02)
    for player in ("generator", "discriminator"):
        ours, theirs = (gradient(getattr(one.game, player)) for one in (rough, exact))
        assert torch.cosine_similarity(ours, theirs, dim=0) > 0.9
    for state in (rough.game.generator.state_dict(), rough.game.average.generator.state_dict()):
        assert {value.dtype for value in state.values() if value.is_floating_point()} == {torch.float32}


def test_batch_statistics_of_two_processes_stay_float32() -> None:
    _, alone = played("dcgan", "bfloat16")
    both = together(2, lambda ranks: played("dcgan", "bfloat16", ranks))
    for ours, record in both:
        assert record == pytest.approx(alone, rel=0.05, abs=0.02)
        means = [value for key, value in ours.game.generator.state_dict().items() if key.endswith("running_mean")]
        assert {value.dtype for value in means} == {torch.float32}
