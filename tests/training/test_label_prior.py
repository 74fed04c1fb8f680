"""The classes asked of G are drawn as often as D is shown them."""

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from ganvas.data.feed import Feed
from ganvas.images import ImageShape
from ganvas.models.family import build_gan
from ganvas.recipes.recipe import find_recipe
from ganvas.seeds import Stream
from ganvas.training.engine import Game
from ganvas.training.generating import draw_classes
from ganvas.training.round import Round

LABELS = np.repeat(np.arange(4), [96, 24, 6, 2])
PIXELS = Stream(0, "test").integers(128 * 64, 256).astype(np.uint8).reshape(128, 8, 8, 1)


def labels_asked(rounds=6, num_classes=4, recipe="acgan", labels=LABELS, **options):
    """Play rounds; return the labels of all images that G made, and of all real ones."""
    settings = {"batch_size": 128, "device": "cpu", **options}
    training = find_recipe(recipe).override(**{f"training.{name}": value for name, value in settings.items()}).training
    feed = Feed.from_arrays(PIXELS, labels, 128, balance_alpha=training.balance_alpha, max_repeats=training.max_repeats)
    game = Game(build_gan(find_recipe("acgan").model, ImageShape(1, 8, 8), num_classes, 0), training)
    asked = []
    game.generator.register_forward_pre_hook(lambda _, inputs: asked.append(inputs[1]))
    played = Round(game, training, feed)
    for step in range(rounds):
        played.play(step)
    return torch.cat(asked).numpy(), torch.cat([feed.batch(step).labels for step in range(rounds)]).numpy()


def p_value(labels, shares):
    return chisquare(np.bincount(labels, minlength=len(shares)), len(labels) * np.asarray(shares)).pvalue


@pytest.mark.parametrize(
    ("options", "shares"),
    [
        ({}, [96 / 128, 24 / 128, 6 / 128, 2 / 128]),
        ({"balance_alpha": 0.0}, [0.25] * 4),
        ({"balance_alpha": 0.0, "max_repeats": 4}, [48 / 128, 48 / 128, 24 / 128, 8 / 128]),
    ],
)
def test_generated_classes_have_the_shares_of_the_real_ones(options, shares):
    asked, real = labels_asked(**options)
    assert len(asked) == 6 * (128 + 128)
    np.testing.assert_allclose(np.bincount(real) / len(real), shares, atol=1 / 128)
    assert p_value(asked, shares) > 0.001


def test_uniform_prior_is_the_old_draw():
    asked, _ = labels_asked(label_prior="uniform", rounds=3)
    step = np.concatenate(
        [Stream(0, f"{player}/labels", 1).integers(128, 4) for player in ("discriminator/0", "generator")]
    )
    np.testing.assert_array_equal(asked[256:512], step)
    assert p_value(asked, [0.25] * 4) > 0.001
    assert p_value(asked, [96 / 128, 24 / 128, 6 / 128, 2 / 128]) < 1e-6


def test_the_book_asks_for_all_classes_equally_often():
    """Its script draws the labels of generated images by `np.random.randint(0, 10, batch_size)`."""
    assert find_recipe("acgan_mnist").training.label_prior == "uniform"
    assert find_recipe("acgan").training.label_prior == "data"


def test_on_balanced_data_both_priors_are_the_same_draw():
    balanced = np.arange(128) % 4
    one, _ = labels_asked(rounds=2, labels=balanced)
    two, _ = labels_asked(rounds=2, labels=balanced, label_prior="uniform")
    np.testing.assert_array_equal(one, two)


def test_classes_without_images_are_not_asked_for():
    asked, _ = labels_asked(rounds=2, num_classes=7)
    assert asked.max() < 4
    drawn = draw_classes(Stream(0, "test"), 10_000, np.array([0, 0.5, 0, 0.5, 0]))
    assert set(drawn.tolist()) == {1, 3}


@pytest.mark.parametrize("num_classes", [1, 3, 10, 1000])
def test_equal_shares_draw_as_integers_do(num_classes):
    drawn = draw_classes(Stream(0, "test"), 50_000, np.full(num_classes, 1 / num_classes))
    np.testing.assert_array_equal(drawn, Stream(0, "test").integers(50_000, num_classes))
    assert drawn.dtype == np.int64


def test_sets_without_labels_leave_the_draw_uniform():
    training = find_recipe("acgan").training
    game = Game(build_gan(find_recipe("acgan").model, ImageShape(1, 8, 8), 4, 0), training)
    assert Round(game, training, Feed.from_arrays(PIXELS, None, 8)).generate.shares is None
