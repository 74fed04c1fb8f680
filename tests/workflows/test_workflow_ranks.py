"""One run by several processes, as torchrun begins them: signals, errors, the log, other numbers, lost processes."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from processes import flags

from ganvas.tensors import read_tensors
from ganvas.training import checkpoint
from ganvas.workflows.run_folder import RunFolder

TIMES = ("images_per_second", "cpu_seconds", "score_seconds")
PATIENCE = 600


@pytest.fixture
def command(digits_at, small):
    """Return the arguments that train `mlp_gan` to a folder."""

    def made(out, steps, every=4, **settings):
        extra = ["--training.checkpoint.every", every, "--training.samples.every", 2 * every]
        extra += flags({name.replace("__", "."): value for name, value in settings.items()})
        return ["train", "mlp_gan", "--data", digits_at(8), "--out", out, "--steps", steps, *small, *extra]

    return made


def begin(ganvas, size, arguments):
    """Start the processes of a run as torchrun would, with what it tells each by its environment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    common = {"WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    own = [{**common, "RANK": rank, "LOCAL_RANK": rank} for rank in range(size)]
    return [ganvas.start(*arguments, environment={name: str(value) for name, value in one.items()}) for one in own]


def ended(processes):
    return [process.wait(PATIENCE) for process in processes]


def expect_done(processes):
    for process in ended(processes):
        assert process.code == 0, process.err


def log_of(run):
    records = RunFolder.open(run).read_log()
    return [{name: value for name, value in record.items() if name not in TIMES} for record in records]


def newest(run):
    return checkpoint.all_checkpoints(run / "checkpoints")[0]


def state_of(run):
    """Return all tensors of the newest checkpoint by file and name."""
    files = sorted(newest(run).glob("*.safetensors"))
    return {f"{file.name}/{name}": value for file in files for name, value in read_tensors(file).items()}


def expect_near(run, other):
    """Check that two runs are one but for rounding: the same steps, files and names, and nearly the same numbers.

    In float32 Adam makes whole steps of gradients that are rounding alone (a bias before a batch normalisation has no
    others), so tensors are not compared one by one: tests/training/test_ranks.py is exact. Other batches would differ
    by 0.3 in the mean gradients and by 0.002 and more in the weights.
    """
    ours, theirs = state_of(run), state_of(other)
    assert ours.keys() == theirs.keys()
    for ending, most in ((".exp_avg", 0.15), (".weight", 1e-3)):
        found, wanted = (
            torch.cat([value.double().flatten() for name, value in state.items() if name.endswith(ending)])
            for state in (ours, theirs)
        )
        assert (found - wanted).norm() <= most * wanted.norm(), ending
    assert [record["step"] for record in log_of(run)] == [record["step"] for record in log_of(other)]
    for record, wanted in zip(log_of(run), log_of(other), strict=True):
        measured = {name: value for name, value in wanted.items() if not name.startswith("score/")}
        assert {name: record[name] for name in measured} == pytest.approx(measured, rel=0.05, abs=0.05)
    for ours, theirs in ((run, other), (newest(run), newest(other))):
        assert {path.name for path in ours.iterdir()} == {path.name for path in theirs.iterdir()}


def test_two_processes_leave_what_one_leaves_and_another_number_goes_on(ganvas, command, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    assert ganvas.run(*command(one, 4)).code == 0
    processes = begin(ganvas, 2, command(two, 2))
    first, second = ended(processes)
    assert (first.code, second.code) == (0, 0), second.err
    assert "Trained. Samples:" in first.out
    assert (second.out, second.err) == ("", "")
    expect_done(begin(ganvas, 3, command(two, 3)))
    assert ganvas.run("train", "--resume", two, "--steps", 4).code == 0
    expect_near(two, one)


@pytest.mark.slow
def test_signal_to_one_process_stops_all_after_the_same_step_and_the_same_command_goes_on(ganvas, command, tmp_path):
    run, whole = tmp_path / "run", tmp_path / "whole"
    processes = begin(ganvas, 2, command(run, 60, every=20))
    processes[0].until(lambda: (run / "log.jsonl").exists(), PATIENCE)
    processes[1].send(signal.SIGTERM)
    assert [process.code for process in ended(processes)] == [128 + signal.SIGTERM] * 2
    stopped = int(newest(run).name)
    assert 0 < stopped < 60
    assert len(log_of(run)) == stopped
    assert f"Stopped at step {stopped} of 60; all is saved." in processes[0].err.read_text()
    expect_done(begin(ganvas, 2, command(run, 60, every=20)))
    expect_done(begin(ganvas, 2, command(whole, 60, every=20)))
    assert checkpoint.state_digest(newest(run)) == checkpoint.state_digest(newest(whole))
    assert log_of(run) == log_of(whole)


def test_breakdown_stops_all_with_its_message(ganvas, command, tmp_path):
    absurd = {"training.discriminator_optimizer.learning_rate": 1.0, "training.objective.adversarial": "wasserstein"}
    deep = ["--model.discriminator-widths", *["64"] * 12]
    for process in ended(begin(ganvas, 2, [*command(tmp_path / "run", 500, every=1000, **absurd), *deep])):
        assert process.code == 1
        assert "ganvas: Training broke down in step " in process.err
        assert "Traceback" not in process.err


def test_errors_of_the_first_process_are_told_by_all(ganvas, command, tmp_path, digits_at):
    run = tmp_path / "run"
    expect_done(begin(ganvas, 2, command(run, 2)))
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    for process in ended(begin(ganvas, 2, command(run, 4, training__seed=1))):
        assert process.code == 1
        assert "These settings differ from those the run began with: `training.seed` was 0, now 1." in process.err
    for process in ended(begin(ganvas, 5, command(run, 4))):
        assert process.code == 1
        assert "A batch of 4 images cannot be shared by 5 processes" in process.err
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_minutes_end_all_at_the_same_step(ganvas, command, tmp_path):
    run = tmp_path / "run"
    expect_done(begin(ganvas, 2, [*command(run, 100_000, every=1000), "--minutes", 0.01]))
    assert 0 < int(newest(run).name) == len(log_of(run)) < 100_000


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_several_processes_draw_the_pictures_that_one_draws(ganvas, command, tmp_path):
    run, one, several = tmp_path / "run", tmp_path / "one", tmp_path / "several"
    assert ganvas.run(*command(run, 2)).code == 0
    asked = ["generate", run, "--seeds", "3,5", "--num", 45, "--first", 7, "--truncation", 0.7]
    assert ganvas.run(*asked, "--out", one).code == 0
    first, *others = ended(begin(ganvas, 3, [*asked, "--out", several]))
    assert first.code == 0, first.err
    assert first.out == f"Grid: {several / 'grid.png'}\n"
    assert [(process.out, process.err) for process in others] == [("", "")] * 2
    assert len(files_of(one)) == 2 * 45 + 2
    assert files_of(several) == files_of(one)


def test_several_processes_find_the_scores_that_one_finds(ganvas, command, digits_at, tmp_path):
    run = tmp_path / "run"
    assert ganvas.run(*command(run, 2)).code == 0
    asked = ["evaluate", run, "--data", digits_at(8), "--features", "pixels8", "--seeds", 2, "--json"]
    alone = ganvas.run(*asked)
    kept = (run / "evaluation.json").read_bytes()
    (run / "evaluation.json").unlink()
    first, second = ended(begin(ganvas, 2, asked))
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert first.out == alone.out
    assert (second.out, second.err) == ("", "")
    assert (run / "evaluation.json").read_bytes() == kept


# under torchrun itself


AGENT = Path(__file__).parent.parent / "agent.py"


class Torchrun:
    """`torchrun -m ganvas ...`, or the same with forked processes, and the processes it has begun."""

    def __init__(self, folder, size, arguments, restarts, forked):
        options = ["--standalone", "--nproc-per-node", size, "--max-restarts", restarts, "--monitor-interval", 0.1]
        words = ["-m", "torch.distributed.run", *options, "-m", "ganvas", *arguments]
        self.name = b"agent.py" if forked else b"ganvas"
        self.err = folder / "torchrun.err"
        with self.err.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, *map(str, [AGENT, size, restarts, *arguments] if forked else words)],
                stdout=subprocess.DEVNULL,
                stderr=file,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )

    def workers(self):
        """Return the ids of its processes that are at work."""
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = map(int, tasks.read_text().split()) if tasks.exists() else ()
        return [pid for pid in found if self.name in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def until(self, condition):
        """Wait until a condition holds or the command has ended; return whether it holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition() and self.process.poll() is None:
            assert time.monotonic() < deadline, self.err.read_text()
            time.sleep(0.01)
        return condition()


def num_logged(run):
    path = run / "log.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def killed(folder, run, arguments, steps, kills, forked):
    """Train by torchrun, one of two processes killed again and again; return how many kills there were."""
    draw, gone, count = random.Random(kills), set(), 0
    torchrun = Torchrun(folder, 2, arguments, kills, forked)
    for number in range(kills):
        wanted = max(count + 1, (number + 1) * steps // (kills + 1))

        def ready(wanted=wanted, gone=frozenset(gone)):
            return num_logged(run) >= wanted and bool(set(torchrun.workers()) - gone)

        if not torchrun.until(ready):
            break
        time.sleep(draw.random() * 0.02)
        workers, count = set(torchrun.workers()), num_logged(run)
        os.kill(draw.choice(sorted(workers - gone)), signal.SIGKILL)
        gone |= workers
    assert torchrun.process.wait(PATIENCE) == 0, torchrun.err.read_text()
    return len(gone) // 2


def expect_as_never_killed(ganvas, command, tmp_path, steps, kills, forked):
    run, whole = tmp_path / "run", tmp_path / "whole"
    expect_done(begin(ganvas, 2, command(whole, steps, every=20)))
    assert killed(tmp_path, run, command(run, steps, every=20), steps, kills, forked) == kills
    assert checkpoint.state_digest(newest(run)) == checkpoint.state_digest(newest(whole))
    assert log_of(run) == log_of(whole)


@pytest.mark.slow
@pytest.mark.timeout(2 * PATIENCE)
def test_process_lost_once_under_torchrun_is_as_never_lost(ganvas, command, tmp_path):
    expect_as_never_killed(ganvas, command, tmp_path, steps=200, kills=1, forked=False)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_process_lost_twenty_times_under_torchrun_is_as_never_lost(ganvas, command, tmp_path):
    expect_as_never_killed(ganvas, command, tmp_path, steps=300, kills=20, forked=True)
