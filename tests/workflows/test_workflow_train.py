import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from disks import leftovers
from PIL import Image
from processes import flags

from ganvas.data.store import Dataset
from ganvas.errors import (
    ConfigurationError,
    DataError,
    GanvasError,
    ModelError,
    NotFiniteError,
    RunError,
    StorageError,
    UsageError,
)
from ganvas.progress import Silent
from ganvas.recipes.recipe import find_recipe
from ganvas.storage import verify_folder
from ganvas.tensors import read_tensors
from ganvas.training import checkpoint
from ganvas.workflows.prepare import prepare
from ganvas.workflows.run_folder import RunFolder, hold
from ganvas.workflows.train import resume, train, with_length

QUICK = {
    "training.batch_size": 4,
    "training.checkpoint.score_images": 16,
    "training.scoring.most_share": 1.0,
    "training.threads": 1,
}
BREAKING = {
    "training.discriminator_optimizer.learning_rate": 1.0,
    "model.discriminator_widths": [64] * 12,
    "training.objective.adversarial": "wasserstein",
}


def trained(recipe, data, out, **settings):
    return train(recipe, data, out, progress=Silent(), **(QUICK | settings))


def album(folder, count, size=8):
    folder.mkdir()
    for index in range(count):
        values = np.random.default_rng(index).integers(0, 256, (size, size), np.uint8)
        Image.fromarray(values).save(folder / f"{index:03}.png")
    return folder


# What a run leaves


def test_run_folder_is_as_described(finished_run):
    assert sorted({path.name for path in finished_run.iterdir()} - {"evaluation.json"}) == [  # others may evaluate it
        "best",
        "checkpoints",
        "config.json",
        "holder.json",
        "latest",
        "lock",
        "log.jsonl",
        "samples",
    ]
    assert sorted(path.name for path in (finished_run / "samples").iterdir()) == ["00000003.png", "00000006.png"]
    assert [int(path.name) for path in checkpoint.all_checkpoints(finished_run / "checkpoints")] == [6, 4, 2]
    assert (finished_run / "latest").read_text() == "00000006\n"
    scores = RunFolder.open(finished_run).judgements()
    assert [(score.step, score.protocol) for score in scores] == [(step, "pixels-mind16") for step in (2, 4, 6)]
    assert int((finished_run / "best").read_text()) == min(scores, key=lambda score: score.value).step
    for folder in checkpoint.all_checkpoints(finished_run / "checkpoints"):
        verify_folder(folder)
    assert leftovers(finished_run) == []


def test_log_has_a_finite_record_of_every_step(finished_run):
    lines = (finished_run / "log.jsonl").read_text().splitlines()
    records = [json.loads(line, parse_constant=pytest.fail) for line in lines]
    assert [record["step"] for record in records] == [1, 2, 3, 4, 5, 6]
    for record in records:
        assert {"d/loss", "g/loss", "accuracy/real", "accuracy/fake", "diversity", "equilibrium"} <= record.keys()
        assert record["images_per_second"] > 0


def test_training_twice_gives_the_same_bits(finished_run, digits_at, tmp_path):
    settings = {"training.checkpoint.every": 2, "training.samples.every": 3}
    again = trained("mlp_gan", digits_at(8), tmp_path / "again", **settings, **{"training.steps": 6}).folder
    for name in ("checkpoints/00000006/manifest.json", "samples/00000006.png", "best"):
        assert (again / name).read_bytes() == (finished_run / name).read_bytes()


@pytest.mark.parametrize("keep", [1, 2])
def test_best_and_newest_checkpoints_are_kept(digits_at, tmp_path, keep):
    settings = {"training.checkpoint.every": 1, "training.checkpoint.keep": keep, "training.steps": 8}
    run = trained("mlp_gan", digits_at(8), tmp_path / "run", **settings)
    kept = {int(path.name) for path in checkpoint.all_checkpoints(run.checkpoints)}
    best = int((run.folder / "best").read_text())
    assert kept == set(range(9 - keep, 9)) | {best}
    scores = {score.step: score.value for score in run.judgements()}
    assert list(scores) == list(range(1, 9))
    assert scores[best] == min(scores.values())
    assert run.checkpoint_to_sample() == checkpoint.folder_of(run.checkpoints, best)


def test_without_scores_the_newest_is_the_best(digits_at, tmp_path):
    settings = {"training.checkpoint.score_images": 0, "training.checkpoint.every": 1, "training.steps": 3}
    run = trained("mlp_gan", digits_at(8), tmp_path / "run", **settings)
    assert (run.folder / "best").read_text() == (run.folder / "latest").read_text() == "00000003\n"


def test_damaged_best_is_replaced_by_a_valid_one(run_copy):
    best = (run_copy / "best").read_text().strip()
    (run_copy / "checkpoints" / best / "generator.safetensors").write_bytes(b"damaged")
    assert RunFolder.open(run_copy).checkpoint_to_sample().name != best
    run = resume(run_copy, steps=8, progress=Silent(), **{"training.checkpoint.keep": 1})
    chosen = run.checkpoints / (run_copy / "best").read_text().strip()
    assert chosen.name != best
    verify_folder(chosen)


def test_length_in_steps_or_epochs():
    recipe = find_recipe("mlp_gan").override(**{"training.batch_size": 10, "training.discriminator_steps": 2})
    assert with_length(recipe, 100, None, 3).training.steps == 15
    assert with_length(recipe, 101, None, 1).training.steps == 6
    assert with_length(recipe, 100, None, 0.001).training.steps == 1
    assert with_length(recipe, 100, 7, None).training.steps == 7
    assert with_length(recipe, 100, None, None) is recipe
    with pytest.raises(ConfigurationError, match="steps or in epochs, not both"):
        with_length(recipe, 100, 7, 7)
    for epochs in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ConfigurationError, match="give a number above 0"):
            with_length(recipe, 100, None, epochs)
    with pytest.raises(ConfigurationError, match=r"training\.steps"):
        with_length(recipe, 100, 0, None)


# What never begins


def refusals(data):
    """Return what cannot be trained: recipe, settings, the error, words of its message."""
    return {
        "unknown recipe": ("acgann", {}, UsageError, "Did you mean `acgan`"),
        "unknown setting": ("mlp_gan", {"training.stepps": 3}, ConfigurationError, "no setting `training.stepps`"),
        "unknown group": ("mlp_gan", {"trainings.steps": 3}, ConfigurationError, "no setting `trainings.steps`"),
        "out of bounds": ("mlp_gan", {"training.batch_size": 1}, ConfigurationError, "greater than or equal to 2"),
        "not a number": ("mlp_gan", {"training.steps": "many"}, ConfigurationError, "'many'.*valid integer"),
        "infinite": ("mlp_gan", {"training.objective.real_target": float("nan")}, ConfigurationError, "finite number"),
        "unknown loss": ("mlp_gan", {"training.objective.adversarial": "hing"}, ConfigurationError, "hinge"),
        "no such device": ("mlp_gan", {"training.device": "cuda:77"}, ConfigurationError, "no device `cuda:77` here"),
        "no device at all": ("mlp_gan", {"training.device": "gpu"}, ConfigurationError, "no device `gpu` here"),
        "another size": ("acgan_mnist", {}, ModelError, r"cannot do 8x8 greyscale.*--size 28"),
        "both lengths": ("mlp_gan", {"steps": 3, "epochs": 3}, ConfigurationError, "not both"),
    }


@pytest.mark.parametrize("kind", refusals(None))
def test_what_cannot_work_is_refused_before_anything_is_written(digits_at, tmp_path, kind):
    recipe, settings, error, words = refusals(None)[kind]
    with pytest.raises(error, match=words):
        trained(recipe, digits_at(8), tmp_path / "deep" / "run", **settings)
    assert list(tmp_path.iterdir()) == []


def test_places_where_no_run_can_begin(digits_at, tmp_path, run_copy):
    with pytest.raises(RunError, match=f"already holds a run.*--resume {run_copy}"):
        trained("mlp_gan", digits_at(8), run_copy)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(RunError, match="is not an empty folder"):
        trained("mlp_gan", digits_at(8), mine)
    with pytest.raises(RunError, match="is not an empty folder"):
        trained("mlp_gan", digits_at(8), mine / "thesis.txt")
    with pytest.raises(StorageError, match=r"is a file, not a folder|Not a directory"):
        trained("mlp_gan", digits_at(8), mine / "thesis.txt" / "run")
    with pytest.raises(StorageError, match="File name too long"):
        trained("mlp_gan", digits_at(8), mine / ("x" * 300))
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]


def test_run_killed_before_it_had_a_configuration_can_begin_again(digits_at, tmp_path):
    for name in ("lock", "holder.json.unfinished", "config.json.unfinished"):
        (tmp_path / "run").mkdir(exist_ok=True)
        (tmp_path / "run" / name).write_bytes(b"")
    trained("mlp_gan", digits_at(8), tmp_path / "run", **{"training.steps": 1})
    assert leftovers(tmp_path) == []


def test_datasets_that_cannot_be_learnt(tmp_path):
    with pytest.raises(DataError, match=r"There is no dataset folder `.*nothing`"):
        trained("mlp_gan", tmp_path / "nothing", tmp_path / "run")
    with pytest.raises(DataError, match=r"is not a dataset folder.*ganvas prepare"):
        trained("mlp_gan", album(tmp_path / "album", 9), tmp_path / "run")
    few = prepare(tmp_path / "album", out=tmp_path / "few", size=8, test_fraction=0.5, progress=Silent())
    with pytest.raises(DataError, match=rf"has {few.count('train')} training images; training needs at least 8"):
        trained("mlp_gan", few, tmp_path / "run")
    with pytest.raises(ModelError, match=r"draws wanted classes, and this dataset has none\. Use `compact`"):
        trained("acgan", few, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_batches_larger_than_the_dataset_are_dealt_from_several_epochs(tmp_path):
    data = prepare(album(tmp_path / "album", 20), out=tmp_path / "data", size=8, progress=Silent())
    run = trained("mlp_gan", data, tmp_path / "run", **{"training.batch_size": 100, "training.steps": 2})
    assert len(run.read_log()) == 2
    assert Dataset.open(tmp_path / "data").count("train") < 20


# What breaks down


def test_absurd_learning_rate_stops_with_step_quantity_and_advice(ganvas, digits_at, tmp_path):
    run = tmp_path / "run"
    widths = " ".join(["64"] * 12).split()
    gentle = flags(QUICK | {"training.objective.adversarial": "wasserstein", "training.checkpoint.every": 1})
    begin = ["train", "mlp_gan", "--data", digits_at(8), "--out", run, "--model.discriminator-widths", *widths]
    assert ganvas.run(*begin, *gentle, "--steps", 3).code == 0
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.parent != run}
    pointers = [(run / name).read_text() for name in ("latest", "best")]
    rate = "training.discriminator_optimizer.learning_rate"
    every = ["--training.checkpoint.every", 1000]
    absurd = [*flags({rate: 1.0}), "--allow", rate, "--steps", 500, *every]
    ended = ganvas.run("train", "--resume", run, *absurd)
    assert ended.code == 1
    words = (
        r"ganvas: Training broke down in step (\d+): [dg]/.* not finite\. Nothing of this step was saved\. .* \(a tenth"
    )
    assert (found := re.search(words, ended.err)), ended.err
    assert "Traceback" not in ended.err
    assert [record["step"] for record in RunFolder.open(run).read_log()] == list(range(1, int(found[1])))
    assert [(run / name).read_text() for name in ("latest", "best")] == pointers
    for path, content in before.items():
        assert path.read_bytes() == content
    assert ganvas.run("train", "--resume", run, *flags({rate: 1e-4}), "--allow", rate, "--steps", 5).code == 0


def test_not_finite_never_becomes_a_checkpoint(digits_at, tmp_path):
    settings = {"training.checkpoint.every": 1, "training.steps": 400}
    with pytest.raises(NotFiniteError, match=r"in step \d+: "):
        trained("mlp_gan", digits_at(8), tmp_path / "run", **BREAKING, **settings)
    run = RunFolder.open(tmp_path / "run")
    for folder in checkpoint.all_checkpoints(run.checkpoints):
        for path in folder.glob("*r.safetensors"):
            assert all(np.isfinite(value.numpy()).all() for value in read_tensors(path).values()), path
    assert leftovers(run.folder) == []


@pytest.mark.parametrize(
    "free", [0, *(pytest.param(free, marks=pytest.mark.slow) for free in (200_000, 6_000_000)), 12_000_000]
)
def test_disk_full_in_the_middle_of_a_run(ganvas, disk, digits_at, free):
    """One clear message, the checkpoint before stays valid, and with space again it goes on as if never full."""
    run, data = disk.folder / "run", digits_at(8)
    settings = flags(QUICK | {"training.checkpoint.every": 2, "training.samples.every": 4})
    assert ganvas.run("train", "mlp_gan", "--data", data, "--out", run, "--steps", 2, *settings).code == 0
    disk.leave(free)
    ended = ganvas.run("train", "--resume", run, "--steps", 6)
    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith(f"ganvas: Could not write `{run}")
    assert ended.err.splitlines()[-1].endswith("The disk is full. Free some space there and try again.")
    assert "Traceback" not in ended.err
    assert leftovers(run) == []
    assert checkpoint.newest_valid(run / "checkpoints")[0] is not None
    disk.grow()
    assert ganvas.run("train", "--resume", run, "--steps", 6).code == 0
    whole = trained("mlp_gan", data, disk.folder / "whole", **{"training.steps": 6}).folder
    digests = {checkpoint.state_digest(place / "checkpoints/00000006") for place in (run, whole)}
    assert len(digests) == 1


def test_largest_file_of_a_process_is_told_like_a_full_disk(ganvas, digits_at, tmp_path):
    """Where no disk can be mounted, a limit of the process stands for it."""
    run = tmp_path / "run"
    begin = ["train", "mlp_gan", "--data", digits_at(8), "--out", run, "--steps", 2, *flags(QUICK)]
    ended = ganvas.run(*begin, largest_file=1_000_000)
    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith(
        f"ganvas: Could not write `{run}/checkpoints/00000002`: File too large."
    )
    assert list((run / "checkpoints").iterdir()) == []
    assert ganvas.run("train", "--resume", run).code == 0


# One trainer


def test_lock_is_held_by_one_and_free_afterwards(tmp_path):
    script = f"""
from pathlib import Path
from ganvas.workflows.run_folder import hold
with hold(Path({str(tmp_path)!r})):
    print("held", flush=True)
    input()
"""
    with hold(tmp_path), pytest.raises(RunError, match=f"is being trained by process {os.getpid()} on"), hold(tmp_path):
        pass
    holder = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(RunError, match=f"is being trained by process {holder.pid} on .*stop it, or"), hold(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    with hold(tmp_path):
        assert json.loads((tmp_path / "holder.json").read_text())["process"] == os.getpid()


def test_lock_on_a_disk_that_may_only_be_read(disk):
    (disk.folder / "run").mkdir()
    disk.remount("ro")
    with pytest.raises(GanvasError, match="read-only"), hold(disk.folder / "run"):
        pass
