import json
import os
import pty
import random
import select
import shutil
import signal
import time

import numpy as np
import pytest
from disks import leftovers
from processes import flags

from ganvas.data.feed import Feed
from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError, DataError, RunError
from ganvas.progress import Silent
from ganvas.storage import read_json
from ganvas.training import checkpoint
from ganvas.workflows.prepare import prepare
from ganvas.workflows.run_folder import RunFolder
from ganvas.workflows.train import resume, train

TIMES = ("images_per_second", "cpu_seconds", "score_seconds")


def newest(run):
    return checkpoint.newest_valid(run / "checkpoints")[0]


def digest(run):
    return checkpoint.state_digest(newest(run))


def resumed(run, steps=None, **settings):
    return resume(run, steps=steps, progress=Silent(), **settings)


@pytest.fixture(scope="module")
def ten_steps(tmp_path_factory, finished_run):
    """The digest of `finished_run` trained on to step 10 without a stop."""
    run = tmp_path_factory.mktemp("ten") / "run"
    shutil.copytree(finished_run, run)
    return digest(resumed(run, 10).folder)


def losses(run, first):
    return [
        {name: value for name, value in record.items() if name not in TIMES}
        for record in RunFolder.open(run).read_log()
        if record["step"] >= first
    ]


# Order and settings


def test_batches_after_a_resumption_are_those_of_a_run_that_never_stopped(digits_at):
    dataset = Dataset.open(digits_at(8))
    straight = Feed(dataset, 100, seed=3)
    later = [Feed(dataset, 100, seed=3, workers=workers) for workers in (0, 1, 4)]
    for index in range(11, 40):  # over the end of two epochs
        wanted = straight.batch(index)
        for feed in later:
            found = feed.batch(index)
            assert np.array_equal(found.pixels, wanted.pixels)
            assert np.array_equal(found.labels, wanted.labels)
    for feed in later:
        feed.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(run_copy, ten_steps, workers):
    resumed(run_copy, 10, **{"training.workers": workers})
    assert digest(run_copy) == ten_steps


def test_intervals_change_nothing(run_copy, ten_steps):
    resumed(
        run_copy, 10, **{"training.checkpoint.every": 3, "training.samples.every": 1, "training.checkpoint.keep": 9}
    )
    assert digest(run_copy) == ten_steps
    assert [int(path.name) for path in checkpoint.all_checkpoints(run_copy / "checkpoints")] == [10, 9, 6, 4, 2]


def test_threads_change_the_rounding_and_not_the_order(run_copy, finished_run, tmp_path):
    other = shutil.copytree(finished_run, tmp_path / "other")
    resumed(run_copy, 10, **{"training.threads": 2})
    resumed(other, 10)
    for found, wanted in zip(losses(run_copy, 7), losses(other, 7), strict=True):
        assert found.keys() == wanted.keys()
        for name, value in found.items():
            assert value == pytest.approx(wanted[name], rel=0.01, abs=0.01), (found["step"], name)


def test_many_small_pieces_are_one_run(run_copy, ten_steps):
    for steps in (7, 8, 9, 10):
        resumed(run_copy, steps)
    assert digest(run_copy) == ten_steps
    assert [record["step"] for record in RunFolder.open(run_copy).read_log()] == list(range(1, 11))


def test_lasting_changes_are_kept_for_the_next_resumption(run_copy):
    resumed(run_copy, 7, **{"training.checkpoint.keep": 5})
    config = RunFolder.open(run_copy).config.recipe.training
    assert (config.steps, config.checkpoint.keep) == (7, 5)


CHANGES = {
    "training.generator_optimizer.learning_rate": 0.1,
    "training.batch_size": 8,
    "training.seed": 5,
    "training.checkpoint.score_images": 100,
    "training.shuffle": False,
    "model.latent_size": 7,
}


def test_changed_settings_are_refused_each_by_name(run_copy):
    before = {path: path.read_bytes() for path in run_copy.rglob("*") if path.is_file()}
    with pytest.raises(ConfigurationError) as caught:
        resumed(run_copy, 10, **CHANGES, **{"training.checkpoint.every": 7})
    for name, value in CHANGES.items():
        assert f"`{name}` was " in str(caught.value)
        assert f"now {value!r}" in str(caught.value)
    assert "training.checkpoint.every" not in str(caught.value)
    assert str(caught.value).endswith("--allow " + " ".join(sorted(CHANGES, key=str(caught.value).index)))
    assert {path: path.read_bytes() for path in run_copy.rglob("*") if path.is_file()} == before


def test_some_allowed_is_not_all_allowed(run_copy):
    with pytest.raises(ConfigurationError, match=r"run began with: `training\.seed` was 0, now 1\. "):
        resumed(run_copy, 10, allow=["training.batch_size"], **{"training.seed": 1, "training.batch_size": 8})


def test_allowed_changes_are_made(run_copy, ten_steps):
    resumed(run_copy, 10, allow=["training.generator_optimizer.learning_rate"], **dict([next(iter(CHANGES.items()))]))
    assert digest(run_copy) != ten_steps
    assert RunFolder.open(run_copy).config.recipe.training.generator_optimizer.learning_rate == 0.1


def test_settings_by_the_command_line(ganvas, run_copy, ten_steps):
    refused = ganvas.run("train", "--resume", run_copy, "--steps", 10, "--training.seed", 1)
    assert refused.code == 1
    assert refused.err.startswith("ganvas: These settings differ from those the run began with: `training.seed` was 0")
    assert refused.err.count("\n") == 1
    allowed = {"training.checkpoint.every": 4, "training.workers": 1, "training.device": "cpu"}
    assert ganvas.run("train", "--resume", run_copy, "--steps", 10, *flags(allowed)).code == 0
    assert digest(run_copy) == ten_steps
    changed = ["--training.seed", 1, "--allow", "training.seed"]
    assert ganvas.run("train", "--resume", run_copy, "--steps", 12, *changed).code == 0
    assert RunFolder.open(run_copy).config.recipe.training.seed == 1


def test_another_dataset_is_refused(run_copy, tmp_path, digits_at):
    other = prepare("digits", out=tmp_path / "other", size=8, seed=1, progress=Silent())
    with pytest.raises(ConfigurationError, match=r"`.*other` is not the one this run was begun on.*--data"):
        resumed(run_copy, 10, data=other.folder)
    with pytest.raises(ConfigurationError, match="not the one this run was begun on"):
        resumed(run_copy, 10, data=digits_at(16))


def test_moved_dataset_needs_to_be_named_once(run_copy, tmp_path, digits_at, ten_steps):
    config = read_json(run_copy / "config.json")
    (run_copy / "config.json").write_text(json.dumps(config | {"data": str(tmp_path / "gone")}))
    with pytest.raises(DataError, match=r"There is no dataset folder `.*gone`.*If .* was moved, .* with --data"):
        resumed(run_copy, 8)
    moved = shutil.copytree(digits_at(8), tmp_path / "moved")
    resumed(run_copy, 8, data=moved)
    resumed(run_copy, 10)
    assert digest(run_copy) == ten_steps


# Damage


def damage(folder, seed):
    """Flip a bit or cut the end of a file of a folder, chosen by a seed; return what it was."""
    draw = random.Random(seed)
    path = draw.choice(sorted(folder.iterdir()))
    content = bytearray(path.read_bytes())
    if draw.random() < 0.5:
        content = content[: draw.randrange(len(content))]
    else:
        place = draw.randrange(len(content) * 8)
        content[place // 8] ^= 1 << place % 8
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 23))])
def test_damaged_checkpoint_is_named_and_the_one_before_goes_on(ganvas, run_copy, ten_steps, seed):
    broken = damage(run_copy / "checkpoints/00000006", seed)
    ended = ganvas.run("train", "--resume", run_copy, "--steps", 10)
    assert ended.code == 0, ended.err
    assert f"Left out a damaged checkpoint: `{broken.parent}" in ended.err
    assert digest(run_copy) == ten_steps
    assert [record["step"] for record in RunFolder.open(run_copy).read_log()] == list(range(1, 11))


def test_no_checkpoint_left_to_go_on_from(ganvas, run_copy):
    for folder in checkpoint.all_checkpoints(run_copy / "checkpoints"):
        (folder / "state.json").write_bytes(b"")
    before = sorted(run_copy.rglob("*"))
    ended = ganvas.run("train", "--resume", run_copy, "--steps", 10)
    assert ended.code == 1
    assert ended.err.count("Left out a damaged checkpoint: ") == 3
    assert ended.err.splitlines()[-1].endswith("has no undamaged checkpoint to go on from. Begin it again.")
    assert set(before) <= set(run_copy.rglob("*"))


@pytest.mark.parametrize(
    "torn",
    [
        b'{"step": 7, "d/lo',
        b"\xff\xfe\n",
        b"",
        b"null\n",
        b'{"epoch": 3}\n',
        b'{"step": "x"}\n',
        b"\n\n",
        b'{"step": 7\0}\n',
    ],
)
def test_log_torn_by_a_kill_is_mended(run_copy, torn):
    with (run_copy / "log.jsonl").open("ab") as file:
        file.write(torn)
    resumed(run_copy, 8)
    assert [record["step"] for record in RunFolder.open(run_copy).read_log()] == list(range(1, 9))


def test_pointers_that_point_nowhere(run_copy, ten_steps):
    (run_copy / "best").write_bytes(b"\xff../../..\n")
    (run_copy / "latest").unlink()
    resumed(run_copy)
    assert (run_copy / "latest").read_text() == "00000006\n"
    assert (run_copy / "checkpoints" / (run_copy / "best").read_text().strip()).is_dir()


def test_leftovers_of_killed_writers_are_removed(run_copy):
    for name in ("checkpoints/00000005.unfinished/x", "samples/00000005.png.unfinished", "latest.unfinished"):
        (run_copy / name).parent.mkdir(exist_ok=True)
        (run_copy / name).write_bytes(b"half")
    resumed(run_copy, 7)
    assert leftovers(run_copy) == []


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1]", b'{"format": 2}', b"\xff", b'{"recipe": {"model": {"family": 3}}}']
)
def test_run_whose_config_is_none(ganvas, run_copy, content):
    (run_copy / "config.json").write_bytes(content)
    ended = ganvas.run("train", "--resume", run_copy, "--steps", 10)
    assert ended.code == 1
    assert ended.err.startswith("ganvas: ")
    assert "config.json" in ended.err or "family" in ended.err
    assert ended.err.count("\n") == 1


# Signals


def endless(ganvas, run, data, *extra):
    """Start a run that would take hours, and wait until it is in its third step."""
    settings = {
        "training.batch_size": 4,
        "training.checkpoint.every": 1000,
        "training.checkpoint.score_images": 16,
        "training.threads": 1,
    }
    command = ["train", "mlp_gan", "--data", data, "--out", run, "--steps", 1_000_000, *flags(settings), *extra]
    process = ganvas.start(*command)
    log = run / "log.jsonl"
    assert process.until(lambda: log.exists() and log.read_bytes().count(b"\n") >= 3), process.err.read_text()
    return process


def expect_resumable(ganvas, run, data, tmp_path):
    """Check that a stopped run goes on to what an unstopped one becomes."""
    stopped = int(newest(run).name)
    assert [record["step"] for record in RunFolder.open(run).read_log()] == list(range(1, stopped + 1))
    resumed(run, stopped + 3)
    settings = {"training.batch_size": 4, "training.checkpoint.score_images": 16, "training.threads": 1}
    whole = train("mlp_gan", data, tmp_path / "whole", steps=stopped + 3, progress=Silent(), **settings).folder
    assert digest(run) == digest(whole)
    assert leftovers(run) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_finishes_the_step_saves_and_says_how_to_go_on(ganvas, tmp_path, digits_at, number):
    run = tmp_path / "run"
    process = endless(ganvas, run, digits_at(8))
    began = time.monotonic()
    process.send(number)
    ended = process.wait()
    assert time.monotonic() - began < 60
    assert ended.code == 128 + number
    assert "Stopping after this step; once more to stop at once." in ended.err
    last = newest(run).name
    said = f"Stopped at step {int(last)} of 1000000; all is saved. Go on with: ganvas train --resume {run}"
    assert said in ended.err.splitlines()
    assert "Trained." not in ended.out
    assert (run / "latest").read_text().strip() == last
    assert (run / "samples" / f"{last}.png").is_file()
    expect_resumable(ganvas, run, digits_at(8), tmp_path)


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_second_signal_ends_at_once_and_spoils_nothing(ganvas, tmp_path, digits_at, second):
    run = tmp_path / "run"
    process = endless(ganvas, run, digits_at(8), "--training.checkpoint.score-images", 10_000)
    process.send(signal.SIGINT)
    assert process.until(lambda: "Stopping after this step" in process.err.read_text())
    time.sleep(0.05)
    began = time.monotonic()
    process.send(second)
    assert process.wait().code == 128 + second
    assert time.monotonic() - began < 20
    found, broken = checkpoint.newest_valid(run / "checkpoints")
    assert broken == []
    assert found is None
    resumed(run, 5)
    assert int(newest(run).name) == 5
    assert [record["step"] for record in RunFolder.open(run).read_log()] == [1, 2, 3, 4, 5]
    assert leftovers(run) == []


def read_terminal(descriptor, until, timeout=60):
    """Read what a terminal shows until some bytes appear or its end."""
    shown, deadline = b"", time.monotonic() + timeout
    while until not in shown and time.monotonic() < deadline:
        if select.select([descriptor], [], [], 0.1)[0]:
            try:
                shown += os.read(descriptor, 65536)
            except OSError:  # the other side is closed
                break
    return shown


@pytest.fixture
def terminal():
    """Both ends of a terminal: what its keyboard and screen are joined to, and the name of its device."""
    ours, theirs = pty.openpty()
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def test_control_c_in_a_terminal(ganvas, terminal, tmp_path, digits_at):
    """The keys themselves: the bar goes on, the cursor comes back."""
    ours, device = terminal
    run = tmp_path / "run"
    process = endless_on(ganvas, device, run, digits_at(8))
    os.write(ours, b"\x03")
    shown = read_terminal(ours, b"ganvas train --resume")
    assert process.wait().code == 130
    shown += read_terminal(ours, b"\x1b[?25h", 1)
    assert b"Stopping after this step" in shown
    assert b"all is saved" in shown
    assert shown.rfind(b"\x1b[?25h") > shown.rfind(b"\x1b[?25l"), "the cursor stays hidden"


def endless_on(ganvas, device, run, data):
    settings = {"training.batch_size": 4, "training.checkpoint.score_images": 16, "training.threads": 1}
    command = ["train", "mlp_gan", "--data", data, "--out", run, "--steps", 1_000_000, *flags(settings)]
    process = ganvas.start(*command, terminal=device)
    log = run / "log.jsonl"
    assert process.until(lambda: log.exists() and log.read_bytes().count(b"\n") >= 3)
    return process


def test_error_in_a_terminal_gives_the_cursor_back(ganvas, terminal, run_copy):
    ours, device = terminal
    breaking = ["--training.discriminator-optimizer.learning-rate", 1, "--training.objective.real-target", 1]
    breaking += ["--training.objective.discriminator.r1.weight", 3e38, "--training.objective.discriminator.r1.every", 1]
    allow = ["--allow", "training.discriminator_optimizer.learning_rate"]
    allow += [f"training.objective.discriminator.r1.{name}" for name in ("weight", "every")]
    process = ganvas.start("train", "--resume", run_copy, "--steps", 99, *breaking, *allow, terminal=device)
    shown = read_terminal(ours, b"Start again with a lower learning rate")
    assert process.wait().code == 1
    shown += read_terminal(ours, b"\n", 1)
    assert b"not finite" in b" ".join(shown.split())
    assert shown.rfind(b"\x1b[?25h") > shown.rfind(b"\x1b[?25l"), "the cursor stays hidden"


# One trainer


def test_second_trainer_is_refused_and_the_first_goes_on(ganvas, tmp_path, digits_at):
    run = tmp_path / "run"
    first = endless(ganvas, run, digits_at(8))
    steps = (run / "log.jsonl").read_bytes().count(b"\n")
    second = ganvas.run("train", "--resume", run)
    assert second.code == 1
    assert f"ganvas: Run `{run}` is being trained by process {first.pid} on {os.uname().nodename}." in second.err
    with pytest.raises(RunError, match=f"process {first.pid} on"):
        resumed(run, 10)
    assert first.until(lambda: (run / "log.jsonl").read_bytes().count(b"\n") > steps + 3)
    first.send(signal.SIGKILL)
    assert first.wait().code == -signal.SIGKILL
    resumed(run, 4)
    assert int(newest(run).name) == 4


@pytest.mark.parametrize("content", [b"", b"[]", b'{"process": 1}', b"\xff"])
def test_holder_that_cannot_be_read(ganvas, tmp_path, digits_at, content):
    run = tmp_path / "run"
    first = endless(ganvas, run, digits_at(8))
    (run / "holder.json").write_bytes(content)
    with pytest.raises(RunError, match="is being trained by another process"):
        resumed(run, 10)
    first.send(signal.SIGKILL)
    first.wait()
