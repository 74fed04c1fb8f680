"""Plans: what a recipe costs here, from real rounds; what is advised, and what to beware of."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError, UsageError
from ganvas.images import ImageShape
from ganvas.progress import Silent, in_time
from ganvas.recipes import RECIPES
from ganvas.recipes.recipe import find_recipe
from ganvas.recipes.suits import SUITS
from ganvas.training.settings import TrainingConfig
from ganvas.workflows.advice import (
    Candidate,
    Facts,
    _channels,
    advise,
    cautions,
    expected_quality,
    refusal,
    warnings,
    warnings_of_images,
)
from ganvas.workflows.costs import Costs, costs_of
from ganvas.workflows.plan import _faster, plan, plans
from ganvas.workflows.prediction import Plan, advised, in_memory, rounded, table
from ganvas.workflows.prepare import prepare
from ganvas.workflows.probe import Sample, kinds_of_rounds
from ganvas.workflows.train import train

SMALL = {"training.batch_size": 4, "training.checkpoint.score_images": 16, "training.threads": 1}


def album(folder, count, size=16):
    folder.mkdir(parents=True)
    for index in range(count):
        values = np.random.default_rng([index, count]).integers(0, 256, (size, size), np.uint8)
        Image.fromarray(values).save(folder / f"{index:03}.png")


def prepared(folder, counts, size=16, test_fraction=0.0):
    """Return a dataset of as many images of each class, or without classes where the only name is empty."""
    for name, count in counts.items():
        album(folder / "photos" / name, count, size)
    return prepare(folder / "photos", out=folder / "data", size=size, test_fraction=test_fraction, progress=Silent())


@pytest.fixture(scope="module")
def planned(digits_at, tmp_path_factory):
    """A plan that was measured, and what it left in the folder for temporary files."""
    with pytest.MonkeyPatch.context() as patch:
        scratch = tmp_path_factory.mktemp("scratch")
        patch.setattr("tempfile.tempdir", str(scratch))
        found = plan("mlp_gan", digits_at(8), steps=2000, seconds=0.5, **SMALL)
        return found, list(scratch.iterdir())


# Measuring


def test_a_plan_is_of_the_order_of_the_real_run(planned, finished_run):
    found, _ = planned
    records = [json.loads(line) for line in (finished_run / "log.jsonl").read_text().splitlines()]
    real = np.median([1000 / record["images_per_second"] for record in records[1:]])
    assert found.problem == ""
    assert real / 10 < found.seconds_per_1000_images < real * 10, "machines are noisy"
    assert 50e6 < found.costs.peak_memory < 3e9, "torch alone takes some 200 MB"
    assert found.costs.num_rounds > 1
    assert 2000 * found.costs.seconds_a_step < found.seconds, "checkpoints take time"


def test_a_plan_leaves_nothing(planned):
    assert planned[1] == []


def test_a_plan_says_all_in_words(planned):
    text = planned[0].text()
    for words in ("Plan of mlp_gan: 2,000 steps of 4 images", "s per 1,000 images shown on cpu (median of", "memory:"):
        assert words in text
    assert "the whole recipe:" in text
    assert "92 kB of images mapped from the disk" in text, "1,438 of 64 bytes"
    assert "first recognisable pictures: unknown; the first sample grid comes after" in text
    assert "quality: none is published; after 5 minutes of one core FID 12.0" in text
    assert expected_quality("pix2pix_edges").startswith("unknown: no score of this recipe was measured")
    assert "Advised for these images: acgan" in text


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="what the processor can do is read there")
def test_a_plan_says_where_bfloat16_would_be_faster(planned):
    can = " amx_bf16 " in Path("/proc/cpuinfo").read_text().replace("\n", " ")
    assert ("faster: " in planned[0].text()) == can
    assert _faster(find_recipe("compact").override(**{"training.precision": "bfloat16"})) == "", "as it is already"


def test_a_slow_step_is_not_waited_for(digits_at):
    found = plan("mlp_gan", digits_at(8), seconds=0.1, patience=1e-4, **SMALL)
    assert found.costs is None
    assert found.seconds is None
    assert "a step takes longer than 0.0001 s here" in found.text()


def test_what_a_recipe_refuses_is_said_without_measuring(digits_at, tmp_path):
    found, without = plans(digits_at(8), ["acgan_mnist"], progress=Silent()), prepared(tmp_path, {"": 12})
    assert "28x28" in found[0].problem
    assert "not measured: acgan_mnist: " in "\n".join(table(found))
    assert "classes" in str(refusal(find_recipe("acgan"), without))


def test_wrong_settings_are_errors(digits_at):
    with pytest.raises(ConfigurationError, match="not both"):
        plan("mlp_gan", digits_at(8), steps=1, epochs=1)
    with pytest.raises(UsageError, match="no recipe"):
        plan("mlp", digits_at(8))


# From samples to costs


def test_kinds_of_rounds_are_weighted_by_how_often_they_come():
    settings = find_recipe("stylegan2_64").training
    kinds = kinds_of_rounds(settings.objective)
    assert {name: len(steps) for name, steps in kinds.items()} == {
        "": 12,
        "generator.path_length": 3,
        "discriminator.r1,generator.path_length": 1,
    }
    assert all(step % 16 == 0 for step in kinds["discriminator.r1,generator.path_length"])
    assert kinds_of_rounds(find_recipe("mlp_gan").training.objective) == {"": [1]}


def test_costs_by_hand():
    settings = find_recipe("acgan").training  # R1 every 8 steps, batch 64
    lazy = "discriminator.r1"
    samples = [
        Sample(kind="built", device="cpu", peak=100),
        Sample(kind="", batch=8, seconds=9.0, peak=1000, warm_up=True),
        Sample(kind="", batch=64, seconds=9.0, peak=1560, warm_up=True),
        *(Sample(kind="", batch=64, seconds=seconds, peak=1560) for seconds in (1.0, 1.0, 7.0)),
        Sample(kind=lazy, batch=64, seconds=3.0, peak=1560),
        Sample(kind="drawn", seconds=0.5, peak=1600),
        Sample(kind="saved", seconds=2.0, peak=1700),
    ]
    costs = costs_of(samples, settings, 11_700)
    assert costs == Costs(
        seconds_a_step=pytest.approx(7 / 8 * 1.0 + 1 / 8 * 3.0),
        seconds_a_checkpoint=2.0,
        seconds_a_grid=0.5,
        num_rounds=4,
        largest_played=64,
        peak_memory=1700,
        memory_an_image=10.0,  # (1560 - 1000) / (64 - 8)
        free_memory=11_700,
        device="cpu",
    )
    made = Plan(find_recipe("acgan"), 640, costs, "", (), (), ())
    assert made.seconds == pytest.approx(3000 * 1.25 + 15 * 2.0 + 15 * 0.5)
    assert made.seconds_per_1000_images == pytest.approx(1000 * 1.25 / 64)
    assert made.largest_batch == 64 + (0.8 * 11_700 - 1700) / 10
    unreached = costs_of([sample for sample in samples if sample.kind != lazy], settings, None)
    assert unreached.seconds_a_step == pytest.approx(7 / 8 * 1.0 + 1 / 8 * 9.0), "as the first, in which all were due"


def test_costs_from_smaller_batches_are_extrapolated_and_say_so():
    samples = [
        Sample(kind="built", device="cpu", peak=100),
        Sample(kind="", batch=8, seconds=4.0, peak=1000, warm_up=True),
        Sample(kind="", batch=16, seconds=6.0, peak=1080, warm_up=True),
    ]
    costs = costs_of(samples, TrainingConfig(), 1500)
    assert (costs.seconds_a_step, costs.num_rounds, costs.peak_memory) == (6.0 * 64 / 16, 0, 1080 + 10 * 48)
    text = Plan(find_recipe("acgan"), 640, costs, "", (), (), ()).text()
    assert "extrapolated from one step of a smaller batch" in text
    assert "Warning: Training would take 1.6 kB of memory; 1.5 kB are free." in text
    assert "Warning: The whole recipe takes 20 hours here; in a night of 12 hours it gets to `--steps 1800`." in text
    assert costs_of(samples[:1], TrainingConfig(), None) is None


def test_numbers_in_words():
    words = [in_time(0.5), in_time(45), in_time(200), in_time(5 * 3600), in_time(20 * 86_400)]
    assert words == ["0.5 s", "45 s", "3.3 minutes", "5 hours", "20 days"]
    assert [in_memory(1.45e6), in_memory(466e6), in_memory(24e9)] == ["1.4 MB", "466 MB", "24 GB"]
    assert [rounded(7), rounded(64), rounded(13_579)] == ["7", "64", "13,000"]


# Advice


def test_every_row_of_what_recipes_suit_is_of_a_recipe_that_can_do_it():
    assert SUITS.keys() <= RECIPES.keys()
    for name, suits in SUITS.items():
        for side in suits.sides:
            for channels in suits.channels:
                assert find_recipe(name).model.refuse(ImageShape(channels, side, side), 10) is None, (name, side)


def test_small_recipes_that_draw_classes_on_a_cpu_published_ones_on_a_gpu(digits_at):
    dataset = Dataset.open(digits_at(28))
    on_cpu, on_gpu = advise(dataset, on_gpu=False), advise(dataset, on_gpu=True)
    assert {"small enough for a CPU", "draws wanted classes"} <= set(on_cpu[0].reasons)
    assert on_cpu[0].objections == ()
    assert any("the shortest of those that suit as well" in reason for reason in on_cpu[0].reasons)
    assert not any("the shortest" in reason for reason in on_cpu[1].reasons)
    assert "made for a GPU" in on_gpu[0].reasons
    assert "FID" in expected_quality(on_gpu[0].recipe)


def test_channels_are_said_in_words():
    facts = Facts(ImageShape(3, 16, 16), 2_000, (), on_gpu=False)
    judged = [_channels(Candidate(find_recipe(name), SUITS[name], False, None), facts) for name in ("mlp_gan", "acgan")]
    assert judged == [(False, "made for greyscale images"), (True, "")]


def test_few_images_without_classes_get_a_recipe_that_augments(tmp_path):
    dataset = prepared(tmp_path, {"": 120}, size=64)
    best = advise(dataset, on_gpu=True)[0]
    assert any("which few images need" in reason for reason in best.reasons)
    assert any("made for 100 to 5,000 images; here are 120" in reason for reason in best.reasons)
    on_cpu = advise(dataset, on_gpu=False)
    assert "--training.augment.kind diffaugment" in "\n".join(advised(on_cpu)), "a flag, on the command line alone"
    assert not [words for one in on_cpu for words in (*one.reasons, *one.objections) if "--" in words]
    names = {found.recipe for found in on_cpu}
    assert all(refusal(find_recipe(name), dataset) is None for name in names)
    assert "acgan" not in names, "its loss needs classes"


def test_measured_hours_count_more_than_what_a_recipe_was_made_for(digits_at):
    dataset = Dataset.open(digits_at(28))
    first = advise(dataset, on_gpu=False)[0].recipe
    slow = advise(dataset, on_gpu=False, hours={first: 100.0})
    assert slow[0].recipe != first
    found = next(advice for advice in slow if advice.recipe == first)
    assert "its whole length takes 4.2 days here, as measured" in found.objections


@pytest.mark.parametrize("name", RECIPES)
def test_quality_is_known_or_said_to_be_unknown(name):
    words = expected_quality(name)
    assert words.startswith("unknown") or any(figure.isdigit() for figure in words)
    assert "look at the samples" in words


# Warnings


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"": 40}, ["40 training images: G can only repeat them"]),
        ({"": 101}, ["101 training images are few"]),
        ({"a": 40, "b": 5}, ["45 training images", "classes are uneven, 5 to 40 images", "A class has 5 images"]),
    ],
)
def test_warnings_of_images(counts, words, tmp_path):
    found = warnings_of_images(prepared(tmp_path, counts))
    assert len(found) == len(words)
    for warning, expected in zip(found, words, strict=True):
        assert expected in warning


def test_training_begins_with_the_warnings_of_its_plan(tmp_path):
    dataset, said = prepared(tmp_path, {"": 324}), []

    class Told(Silent):
        def say(self, message):
            said.append(message)

    option = "--training.augment.kind diffaugment"
    train("mlp_gan", dataset, tmp_path / "run", 1, progress=Told(), **SMALL)
    recipe = find_recipe("mlp_gan").override(**{"training.steps": 1, **SMALL})
    found = cautions(recipe, dataset)
    assert said[: len(found)] == [f"Warning: {caution}" for caution in found]
    assert "324 training images are few" in found[0]
    assert option in found[0]
    augmented = recipe.override(**{"training.augment.kind": "diffaugment"})
    assert option not in cautions(augmented, dataset)[0]


def test_warnings_of_a_recipe(digits_at):
    dataset = Dataset.open(digits_at(8))  # 1,438 training images
    few = warnings(find_recipe("mlp_gan").override(**{"training.steps": 10}), dataset)
    assert few == ("10 steps show but 45% of the images; take more `--steps`.",)
    assert "after 64,000" in warnings(find_recipe("acgan").override(**{"training.steps": 100}), dataset)[0]
    long = warnings(find_recipe("cgan"), dataset)
    assert long[0] == "100,000 steps show every image 4,451 times, without augmentation."
    assert long[1] == "The recipe was made for 28 to 64 px; these images are 8x8 greyscale."


def test_too_few_images_are_planned_without_a_process(tmp_path):
    dataset = prepared(tmp_path, {"": 10}, test_fraction=0.5)
    assert dataset.count("train") < 8
    found = plan("mlp_gan", dataset)
    assert found.costs is None
    assert "Warning: 5 training images: training needs at least 8." in found.text()
    assert "training needs at least 8" in found.text()
