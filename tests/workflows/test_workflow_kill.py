"""Killed at any moment and resumed, a run ends as if nothing had happened: to the bit, for every recipe."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from disks import leftovers

from ganvas.recipes import RECIPES
from ganvas.training import checkpoint
from ganvas.workflows.run_folder import RunFolder

LIMIT = 1200
TIMES = ("images_per_second", "cpu_seconds", "score_seconds")
QUICK = ("acgan", "mlp_gan", "stylegan2_ada", "wgan_gp")  # every kind of state a game has


def steps_logged(run):
    """Return the step of the last whole line of a run's log."""
    path = run / "log.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def traces(run):
    """Return all that a run must leave equal: digest of all state, pointers, log without speeds, sample grids."""
    newest = checkpoint.all_checkpoints(run / "checkpoints")[0]
    log = [
        {name: value for name, value in record.items() if name not in TIMES}
        for record in RunFolder.open(run).read_log()
    ]
    return {
        "state": (newest.name, checkpoint.state_digest(newest)),
        "pointers": [(run / name).read_text() for name in ("latest", "best")],
        "log": log,
        "samples": {path.name: path.read_bytes() for path in (run / "samples").iterdir()},
        "leftovers": leftovers(run),
    }


def expect_equal(run, whole, steps):
    """Check a run against the uninterrupted one, and that its log has each step exactly once."""
    found, expected = traces(run), traces(whole)
    assert [record["step"] for record in found["log"]] == list(range(1, steps + 1))
    for name, value in expected.items():
        assert found[name] == value, name
    checkpoint.verify_folder(checkpoint.all_checkpoints(run / "checkpoints")[0])


class Moment(NamedTuple):
    """When to kill: some time after a step was logged, or after the saver began its next checkpoint."""

    step: int
    in_saver: bool
    seconds: float


def moments(seed, num, steps):
    """Draw moments in the order of their steps, half of them in the saver."""
    draw = random.Random(seed)
    chosen = sorted(draw.randint(1, steps - 4) for _ in range(num))
    return [Moment(step, draw.random() < 0.5, draw.random() * 0.04) for step in chosen]


def strike(process, run, moment, every):
    """Kill a process at a moment; return whether it was still at work, and whether a save was under way."""
    process.until(lambda: steps_logged(run) >= moment.step)
    if moment.in_saver:
        saved = -(-max(moment.step, 1) // every) * every
        working = run / "checkpoints" / f"{saved:08d}.unfinished"
        process.until(lambda: working.exists() or steps_logged(run) > saved)
    time.sleep(moment.seconds)
    if process.poll() is None:
        process.send(signal.SIGKILL)
    code = process.wait().code
    assert code in (0, -signal.SIGKILL), process.err.read_text()
    return code == -signal.SIGKILL, bool(list((run / "checkpoints").glob("*.unfinished")))


class Modules:
    """Starts `python -m ganvas` in processes of their own, with the methods of `processes.Running`."""

    def __init__(self, folder):
        self.folder, self.num = folder, 0

    def start(self, *arguments):
        self.num += 1
        return Module(self.folder / f"{self.num}.err", [str(argument) for argument in arguments])


class Module:
    """One `python -m ganvas`."""

    def __init__(self, err, arguments):
        self.err, self.code = err, None
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        with err.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ganvas", *arguments], stdout=subprocess.DEVNULL, stderr=file, env=environment
            )

    def poll(self):
        self.code = self.process.poll()
        return self.code

    def send(self, number):
        self.process.send_signal(number)

    def until(self, condition, timeout=200):
        deadline = time.monotonic() + timeout
        while not condition() and self.poll() is None:
            assert time.monotonic() < deadline, self.err.read_text()
            time.sleep(0.0005)
        return condition()

    def wait(self):
        self.process.wait(200)
        self.poll()
        return self


def killed_again_and_again(start, command, run, planned, every, steps):
    """Train by a command, killed at each planned moment and resumed; return kills that landed, and in the saver."""
    landed, in_saver, begun = 0, 0, False
    for moment in [*planned, None]:
        process = start(*(("train", "--resume", run) if begun else command))
        if moment is None:
            assert process.wait().code == 0, process.err.read_text()
            break
        before = steps_logged(run)
        hit, saving = strike(process, run, moment, every)
        landed, in_saver, begun = landed + hit, in_saver + saving, (run / "config.json").exists()
        newest, damage = checkpoint.newest_valid(run / "checkpoints")
        assert not damage
        assert max(steps_logged(run), before) - (int(newest.name) if newest else 0) <= every
    return landed, in_saver


@pytest.fixture
def command(recipe, digits_for, small_recipe_flags):
    """Return the arguments that train a recipe from the start to a folder."""

    def made(out, steps, every):
        extra = [*small_recipe_flags, "--training.checkpoint.every", every]
        extra += ["--training.samples.every", 2 * every, "--training.checkpoint.keep", 1]
        return ["train", recipe, "--data", digits_for(recipe), "--out", out, "--steps", steps, *extra]

    return made


@pytest.mark.parametrize(
    "recipe", [*QUICK[:2], *(pytest.param(name, marks=pytest.mark.slow) for name in QUICK[2:])], indirect=True
)
def test_killed_twice_and_resumed_is_as_never_killed(ganvas, command, tmp_path, recipe):
    steps, every, run = 24, 6, tmp_path / "run"
    assert ganvas.run(*command(tmp_path / "whole", steps, every)).code == 0
    planned = moments(sorted(RECIPES).index(recipe), 2, steps)
    landed, _ = killed_again_and_again(ganvas.start, command(run, steps, every), run, planned, every, steps)
    assert landed >= 1
    expect_equal(run, tmp_path / "whole", steps)


@pytest.mark.slow
@pytest.mark.timeout(LIMIT)
def test_every_recipe_killed_five_times_is_as_never_killed(ganvas, command, tmp_path, recipe):
    steps, every, run = 40, 6, tmp_path / "run"
    assert ganvas.run(*command(tmp_path / "whole", steps, every)).code == 0
    planned = moments(sorted(RECIPES).index(recipe), 5, steps)
    landed, _ = killed_again_and_again(ganvas.start, command(run, steps, every), run, planned, every, steps)
    print(f"{recipe}: {landed}/5 kills")
    assert landed >= 3
    expect_equal(run, tmp_path / "whole", steps)


@pytest.mark.slow
@pytest.mark.timeout(LIMIT)
@pytest.mark.parametrize("recipe", QUICK, indirect=True)
def test_twenty_kills_of_python_m_ganvas(command, tmp_path, recipe):
    steps, every, run = 200, 10, tmp_path / "run"
    start, began = Modules(tmp_path).start, time.monotonic()
    assert start(*command(tmp_path / "whole", steps, every)).wait().code == 0
    planned = moments(100 + sorted(RECIPES).index(recipe), 20, steps)
    landed, in_saver = killed_again_and_again(start, command(run, steps, every), run, planned, every, steps)
    print(f"{recipe}: {landed}/20 kills, {in_saver} in the saver, {time.monotonic() - began:.0f} s")
    assert landed >= 18
    expect_equal(run, tmp_path / "whole", steps)


def killed_at_change(ganvas, arguments, run, number):
    """Kill a training right before its `number`-th change on the disk, then train on to the end."""
    assert ganvas.run(*arguments, root=str(run), kill_at=number).code == -signal.SIGKILL
    again = ["train", "--resume", run] if (run / "config.json").exists() else arguments
    ended = ganvas.run(*again)
    assert ended.code == 0, f"after change {number}: {ended.err}"


def changes_of(ganvas, command, whole, steps):
    """Train without a kill; return how many changes on the disk it made."""
    ended = ganvas.run(*command(whole, steps, 1), root=str(whole), kill_at=0)
    assert ended.code == 0, ended.err
    return int(ended.out.rpartition("changes: ")[2])


@pytest.mark.parametrize("recipe", ["mlp_gan"], indirect=True)
def test_killed_before_some_changes_on_the_disk(ganvas, command, tmp_path):
    steps, whole = 3, tmp_path / "whole"
    total = changes_of(ganvas, command, whole, steps)
    assert total > 60
    for number in random.Random(5).sample(range(1, total + 1), 6):
        run = tmp_path / f"run{number}"
        killed_at_change(ganvas, command(run, steps, 1), run, number)
        expect_equal(run, whole, steps)


@pytest.mark.parametrize("recipe", QUICK, indirect=True)
@pytest.mark.slow
@pytest.mark.timeout(LIMIT)
def test_killed_before_every_change_on_the_disk(ganvas, command, tmp_path, recipe):
    steps, whole, began = 3, tmp_path / "whole", time.monotonic()
    total = changes_of(ganvas, command, whole, steps)
    wrong = {}
    for number in range(1, total + 1):
        run = tmp_path / f"run{number}"
        try:
            killed_at_change(ganvas, command(run, steps, 1), run, number)
            expect_equal(run, whole, steps)
            shutil.rmtree(run)  # some hundred MB each
        except AssertionError as error:
            wrong[number] = str(error)[:300]
    print(f"{recipe}: killed before each of {total} changes, {len(wrong)} wrong, {time.monotonic() - began:.0f} s")
    assert not wrong, json.dumps(wrong, indent=1)


@pytest.mark.slow
@pytest.mark.timeout(LIMIT)
@pytest.mark.parametrize("recipe", ["mlp_gan"], indirect=True)
def test_killed_twice_before_every_change_of_a_resumption(ganvas, command, tmp_path):
    """The resumption itself tidies up, cuts the log, writes: it must survive kills too."""
    steps, whole = 3, tmp_path / "whole"
    total = changes_of(ganvas, command, whole, steps)
    template = tmp_path / "template"
    assert ganvas.run(*command(template, steps, 1), root=str(template), kill_at=total * 2 // 3).code < 0
    for number in range(1, 200):
        run = Path(shutil.copytree(template, tmp_path / f"run{number}"))
        code = ganvas.run("train", "--resume", run, root=str(run), kill_at=number).code
        ended = ganvas.run("train", "--resume", run)
        assert ended.code == 0, ended.err
        expect_equal(run, whole, steps)
        shutil.rmtree(run)
        if code == 0:
            break
    assert 10 < number < 200
