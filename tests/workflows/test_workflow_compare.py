"""The tournament: equal budgets, one table, refusals in words, and going on where it was stopped."""

import json
import signal
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import ConfigurationError, RunError, UsageError
from ganvas.progress import Silent
from ganvas.recipes.own import settings_of
from ganvas.recipes.recipe import find_recipe
from ganvas.training.budget import Budget, seconds_of
from ganvas.workflows.compare import compare
from ganvas.workflows.contest import NUM_POINTS
from ganvas.workflows.run_folder import RunFolder
from ganvas.workflows.train import resume, train

QUICK = {
    "training.batch_size": 4,
    "training.checkpoint.score_images": 16,
    "training.scoring.most_share": 1.0,
    "training.threads": 1,
}
SMALL_GAN = find_recipe("mlp_gan")


@pytest.fixture
def twins():
    """Return two recipes by other names."""
    return [
        SMALL_GAN.override(recipe="slow", **{"training.generator_optimizer.learning_rate": 1e-5}),
        SMALL_GAN.override(recipe="fast"),
    ]


def play(recipes, data, out, **budget):
    return compare(recipes, data, out, progress=Silent(), **budget, **QUICK)


def test_equal_steps_one_table_and_pictures(twins, digits_at, tmp_path):
    compared = play([*twins, "acgan_mnist"], digits_at(8), tmp_path / "out", steps=16)
    slow, fast, refused = compared.comparison.contestants
    assert [slow.steps, fast.steps, refused.steps] == [16, 16, 0]
    assert refused.outcome == "refused"
    assert "28" in refused.problem
    assert slow.images == 64
    assert slow.seconds_per_1000_images == pytest.approx(1000 * slow.seconds / 64)
    assert {score.protocol for score in slow.scores} == {score.protocol for score in fast.scores} != set()
    assert [point.step for point in slow.points] == [2 * part for part in range(1, NUM_POINTS + 1)]
    text, markdown = ((tmp_path / "out" / name).read_text() for name in ("table.txt", "table.md"))
    for name in ("slow", "fast", "acgan_mnist", "real images", "not collapsed", refused.problem):
        assert name in text
        assert name in markdown
    kept = json.loads((tmp_path / "out" / "table.json").read_text())
    assert [row["recipe"] for row in kept["contestants"]] == ["slow", "fast", "acgan_mnist"]
    with Image.open(tmp_path / "out" / "grid.png") as grid:
        assert np.asarray(grid).std() > 10
    svg = ElementTree.parse(tmp_path / "out" / "curves.svg").getroot()
    assert len(svg.findall("{*}polyline")) == 2
    assert len(svg.findall("{*}circle")) == 2 * NUM_POINTS


def test_parameters_are_counted(digits_at, tmp_path):
    found = play([SMALL_GAN], digits_at(8), tmp_path / "out", steps=8).comparison.contestants[0]
    sizes = [64, 512, 256, 1]  # the book's discriminator on 8x8 images
    assert found.discriminator_parameters == sum(a * b + b for a, b in pairwise(sizes))


@pytest.mark.slow
def test_equal_minutes_count_rounds_only(twins, digits_at, tmp_path):
    minutes = 1.0 / 60
    compared = play(twins, digits_at(8), tmp_path / "out", minutes=minutes)
    for contestant in compared.comparison.contestants:
        log = RunFolder.open(tmp_path / "out" / "runs" / contestant.recipe).read_log()
        longest = max(4 / record["images_per_second"] for record in log)
        assert 1.0 <= contestant.seconds <= 1.0 + longest
        assert contestant.seconds == pytest.approx(seconds_of(log, 4))
        assert contestant.cpu_seconds == pytest.approx(sum(record["cpu_seconds"] for record in log))
        assert contestant.steps == len(log)


@pytest.mark.slow
def test_goes_on_and_trains_nobody_twice(twins, digits_at, tmp_path):
    out = tmp_path / "out"
    first = play(twins[:1], digits_at(8), out, steps=16).comparison.contestants[0]
    log = out / "runs" / "slow" / "log.jsonl"
    before = log.read_bytes(), log.stat().st_mtime_ns
    train(twins[1].override(**QUICK), digits_at(8), out / "runs" / "fast", steps=5, progress=Silent())  # interrupted
    both = play(twins, digits_at(8), out, steps=16).comparison.contestants
    assert both[0] == first
    assert (log.read_bytes(), log.stat().st_mtime_ns) == before
    whole = play(twins[1:], digits_at(8), tmp_path / "whole", steps=16).comparison.contestants[0]
    assert both[1].scores == whole.scores
    assert both[1].steps == 16


@pytest.mark.slow
def test_another_comparison_in_the_folder_is_refused(twins, digits_at, tmp_path):
    play(twins[:1], digits_at(8), tmp_path / "out", steps=8)
    with pytest.raises(RunError, match="holds another comparison"):
        play(twins, digits_at(8), tmp_path / "out", steps=9)
    changed = twins[0].override(**{"training.seed": 7})
    with pytest.raises(RunError, match=r"training\.seed"):
        play([changed], digits_at(8), tmp_path / "out", steps=8)


@pytest.mark.slow
def test_a_broken_down_contestant_stands_in_the_table(twins, digits_at, tmp_path):
    broken = {f"training.{player}_optimizer.learning_rate": 1.0 for player in ("generator", "discriminator")}
    wild = SMALL_GAN.override(recipe="wild", **broken, **{"training.objective.weight_limit": 0.0})
    wild = wild.override(
        **{"training.objective.discriminator.r1.weight": 1e30, "training.objective.adversarial": "hinge"}
    )
    compared = play([wild, twins[1]], digits_at(8), tmp_path / "out", steps=60)
    first, second = compared.comparison.contestants
    assert first.outcome == "broke down"
    assert "finite" in first.problem
    assert second.scores


def test_wrong_settings_refuse_a_recipe_in_words(digits_at, tmp_path):
    compared = compare(["mlp_gan"], digits_at(8), tmp_path / "out", steps=8, progress=Silent(), **{"model.depth": 3})
    assert "There is no setting `model.depth`" in compared.comparison.contestants[0].problem
    assert not compared.comparison.contestants[0].scores


def test_budgets_and_names_that_cannot_be(digits_at, tmp_path):
    data, out = digits_at(8), tmp_path / "out"
    for budget in ({}, {"minutes": 1, "steps": 5}, {"minutes": -1}, {"minutes": float("nan")}, {"steps": 0}):
        with pytest.raises(ConfigurationError):
            compare(["mlp_gan"], data, out, **budget)
    with pytest.raises(UsageError, match="Did you mean `mlp_gan`"):
        compare(["mlpgan"], data, out, steps=5)
    with pytest.raises(UsageError, match="twice"):
        compare(["mlp_gan", "mlp_gan"], data, out, steps=5)
    with pytest.raises(UsageError, match="No recipe"):
        compare([], data, out, steps=5)
    with pytest.raises(ConfigurationError, match="minutes"):
        train("mlp_gan", data, out, minutes=0)
    assert not out.exists()


def test_minutes_stop_a_run_that_goes_on_later(digits_at, tmp_path):
    said = []

    class Told(Silent):
        def say(self, message):
            said.append(message)

    run = train("mlp_gan", digits_at(8), tmp_path / "run", 10_000, progress=Told(), minutes=0.01, **QUICK)
    steps = len(run.read_log())
    assert run.stopped_by is None
    assert 0 < steps < 10_000
    assert seconds_of(run.read_log(), 4) >= 0.6
    assert f"Samples: {run.folder / 'samples'}" in said[-2]
    used = "(--minutes counts all of the run: 0.01 of 0.01 used)"
    assert said[-1].startswith(f"Stopped early by --minutes at step {steps:,} of 10,000 {used}; all is saved. ")
    assert f"{steps:08d}.png" in [path.name for path in (run.folder / "samples").iterdir()]
    assert not run.is_whole
    assert len(resume(run.folder, progress=Silent(), minutes=0.01).read_log()) == steps
    assert len(resume(run.folder, progress=Silent(), minutes=0.02).read_log()) > steps


def test_a_spent_budget_is_spent():
    budget = Budget(2.0, 1.5)
    assert not budget.spent
    budget.spend(0.5)
    assert budget.spent
    assert not Budget().spent


def test_settings_of_the_command_line():
    found = settings_of(("training.seed=1", "training.device=cpu", "training.augment.operations=[]"))
    assert found == {"training.seed": 1, "training.device": "cpu", "training.augment.operations": []}
    with pytest.raises(UsageError, match="name=value"):
        settings_of(("training.seed",))


@pytest.mark.slow
def test_a_recipe_meets_itself_with_other_settings(digits_at, tmp_path):
    other = "mlp_gan:training.seed=1,training.generator_optimizer.learning_rate=0.001"
    rows = play(["mlp_gan", other], digits_at(8), tmp_path / "out", steps=8).comparison.contestants
    assert [row.recipe for row in rows] == ["mlp_gan", other]
    assert rows[0].points != rows[1].points
    config = RunFolder.open(next((tmp_path / "out" / "runs").glob("mlp_gan_*"))).config.recipe.training
    assert (config.seed, config.generator_optimizer.learning_rate) == (1, 0.001)
    with pytest.raises(UsageError, match="name=value"):
        play(["mlp_gan:training.seed"], digits_at(8), tmp_path / "none", steps=8)


@pytest.mark.slow
def test_a_name_longer_than_files_may_have_gets_a_shorter_one(digits_at, tmp_path):
    settings = [f"training.{player}_optimizer.beta{n}=0.5" for player in ("generator", "discriminator") for n in (1, 2)]
    names = [",".join([f"mlp_gan:training.seed={seed}", *settings, *2 * settings[:2]]) for seed in (1, 2)]
    assert len(names[0]) > 255
    rows = play(names, digits_at(8), tmp_path / "out", steps=8).comparison.contestants
    assert [row.finished for row in rows] == [True, True]
    assert len(list((tmp_path / "out" / "runs").iterdir())) == 2


@pytest.mark.slow
def test_the_command_stops_by_signal_and_goes_on(ganvas, digits_at, tmp_path):
    out = tmp_path / "out"
    command = ["compare", "mlp_gan", "--data", digits_at(8), "--out", out, "--steps", 400, "--threads", 1]
    command += ["--set", "training.batch_size=4", "training.checkpoint.score_images=16"]
    process = ganvas.start(*command)
    log = out / "runs" / "mlp_gan" / "log.jsonl"
    process.until(lambda: log.exists() and log.read_bytes().count(b"\n") > 60)
    process.send(signal.SIGTERM)
    assert process.wait().code in (128 + signal.SIGTERM, -signal.SIGTERM)
    ended = ganvas.run(*command)
    assert ended.code == 0, ended.err
    assert "mlp_gan" in ended.out
    assert "400" in ended.out
    assert log.read_bytes().count(b"\n") == 400
