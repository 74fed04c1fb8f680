"""Augmentation in the game: how p adapts itself, that it is resumed exactly, and that both players' turns see it."""

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from ganvas.augment.adaptive import ADA
from ganvas.errors import ConfigurationError
from ganvas.progress import Silent
from ganvas.recipes.recipe import find_recipe
from ganvas.seeds import Stream
from ganvas.training import checkpoint
from ganvas.training.augmenting import PROBABILITY, AugmentConfig, Augmenter
from ganvas.training.signals import Signals
from ganvas.workflows.run_folder import RunFolder
from ganvas.workflows.train import resume, train

CPU = torch.device("cpu")
ADAPTING = {
    "training.augment.kind": "ada",
    "training.augment.probability": 0.2,
    "training.augment.target": 0.6,
    "training.augment.speed_images": 100,
}
QUICK = {"training.batch_size": 4, "training.checkpoint.score_images": 0, "training.threads": 1}


def scores_with_mean_sign(mean: float, num: int = 1000) -> torch.Tensor:
    """Return scores of which so many are positive that their signs have this mean."""
    return torch.where(torch.arange(num) < num * (1 + mean) / 2, 3.0, -0.5)


@pytest.mark.parametrize("start", [0.0, 1.0])
@pytest.mark.parametrize(("overconfidence", "expected"), [(0.9, 0.3), (1.5, 0.9), (0.2, 0.0), (3.0, 1.0)])
def test_p_moves_to_where_the_signs_have_their_target(start: float, overconfidence: float, expected: float) -> None:
    """A discriminator whose mean sign on real images is `overconfidence` - p: the target is held at that less 0.6."""
    augment = Augmenter(AugmentConfig(kind="ada", probability=start, target=0.6, speed_images=100_000), Signals(CPU))
    for step in range(200):
        p = augment.measures()[PROBABILITY].item()
        augment.adapt(scores_with_mean_sign(max(-1.0, min(1.0, overconfidence - p))), step)
    assert augment.measures()[PROBABILITY].item() == pytest.approx(expected, abs=0.041)


def test_p_changes_by_the_images_seen_every_4_steps() -> None:
    augment = Augmenter(AugmentConfig(kind="ada", probability=0.5, target=0.6, speed_images=1000), Signals(CPU))
    seen = []
    for step in range(8):
        augment.adapt(torch.ones(10), step)
        seen.append(round(augment.measures()[PROBABILITY].item(), 5))
    assert seen == [0.5] * 3 + [0.54] * 4 + [0.58]


def test_every_discriminator_step_of_a_round_counts() -> None:
    """Two a round: the signs +1 and -1 have mean 0, below the target, once an interval has as many of both."""
    augment = Augmenter(AugmentConfig(kind="ada", probability=0.5, target=0.1, speed_images=1000), Signals(CPU))
    for step in range(16):
        augment.adapt(torch.full((10,), 1.0), step)
        augment.adapt(torch.full((10,), -1.0), step)
    # changes after 7, 8, 8 and 8 of the 32 batches; the first has 4 of 7 positive, above the target of 0.1
    assert augment.measures()[PROBABILITY].item() == pytest.approx(0.5 + 0.07 - 3 * 0.08)


def test_scores_of_patches_count_too() -> None:
    augment = Augmenter(AugmentConfig(kind="ada", probability=0.5, target=0.6, speed_images=1000), Signals(CPU))
    for step in range(4):
        augment.adapt(torch.ones(10, 7), step)
    assert augment.measures()[PROBABILITY].item() == pytest.approx(0.54)


def test_a_fixed_probability_stays_and_a_schedule_sets_it() -> None:
    augment = Augmenter(AugmentConfig(kind="ada", probability=0.5), Signals(CPU))
    augment.adapt(torch.ones(10), 3)
    assert augment.measures()[PROBABILITY].item() == 0.5
    augment.probability = 0.125
    assert augment.measures()[PROBABILITY].item() == 0.125
    assert not augment.signals.values


def test_plays_the_operations_named() -> None:
    images = torch.arange(32.0).view(2, 1, 4, 4)
    augment = Augmenter(AugmentConfig(kind="ada", operations=("blitting",)), Signals(CPU))
    stream = Stream(1, "test", first=3)
    expected = ADA(images, stream.child("augment"), torch.tensor(1.0), ("blitting",))
    assert torch.equal(augment(images, stream), expected)
    assert Augmenter(AugmentConfig(), Signals(CPU))(images, stream) is images


def test_wrong_names_are_refused_with_the_likeliest_meant() -> None:
    with pytest.raises(ValidationError, match="Did you mean `diffaugment`"):
        AugmentConfig(kind="difaugment")
    with pytest.raises(ValidationError, match=r"no operation `cut_out`\. Did you mean `cutout`"):
        AugmentConfig(kind="diffaugment", operations=("colour", "cut_out"))
    with pytest.raises(ConfigurationError, match="hue_rotation"):
        find_recipe("acgan").override(
            **{"training.augment.kind": "ada", "training.augment.operations": ["hue_rotations"]}
        )


@pytest.mark.slow
def test_an_adapting_run_is_resumed_exactly_and_logs_p(tmp_path: Path, digits_at) -> None:
    settings = QUICK | ADAPTING | {"training.checkpoint.every": 6}
    whole = train("mlp_gan", digits_at(8), tmp_path / "whole", steps=12, progress=Silent(), **settings)
    half = train("mlp_gan", digits_at(8), tmp_path / "half", steps=6, progress=Silent(), **settings)  # amid an interval
    resume(half.folder, steps=12, progress=Silent())
    digests = [checkpoint.state_digest(folder / "checkpoints" / "00000012") for folder in (whole.folder, half.folder)]
    assert digests[0] == digests[1]
    course = [record[PROBABILITY] for record in RunFolder.open(whole.folder).read_log()]
    assert course == [record[PROBABILITY] for record in RunFolder.open(half.folder).read_log()]
    assert course[:3] == [0.2] * 3
    assert len(set(course)) > 2
    steps = {round(abs(after - before), 4) for before, after in pairwise(course)}
    assert steps <= {0.0, 0.16, 0.04}  # 4 batches of 4 of 100 images; less at the ends of 0 ... 1


@pytest.mark.parametrize("kind", ["diffaugment", "ada"])
def test_runs_with_r1(kind: str, tmp_path: Path, digits_at) -> None:
    settings = QUICK | {
        "training.augment.kind": kind,
        "training.objective.discriminator.r1.weight": 0.3,
        "training.objective.discriminator.r1.every": 2,
    }
    run = train("mlp_gan", digits_at(8), tmp_path / "run", steps=4, progress=Silent(), **settings)
    assert [record[PROBABILITY] for record in run.read_log()] == [1.0] * 4
