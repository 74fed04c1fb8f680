"""Jobs are real processes here: they end well, ill, by a signal; they are halted, stopped, found by another studio."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from ganvas.errors import RunError
from ganvas.studio.job_process import PROCESS
from ganvas.studio.jobs import Jobs
from ganvas.studio.processes import look
from ganvas.studio.workspace import Workspace, last_record

TRAINING = ["--training.batch-size", "4", "--training.threads", "1", "--training.checkpoint.score-images", "0"]


def until(condition, seconds=240):
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def workspace(tmp_path):
    """A workspace whose jobs are killed after the test."""
    found = Workspace(tmp_path / "workspace")
    yield found
    for job in found.jobs.running():
        job.kill()


@pytest.fixture
def training(workspace, digits_at):
    """A long training that has saved its first checkpoint, and its run folder."""
    run = workspace.folder / "runs" / "digits"
    arguments = ["mlp_gan", "--data", digits_at(8), "--out", "runs/digits", "--steps", "100000", *TRAINING]
    every = ["--training.checkpoint.every", "5", "--training.samples.every", "5"]
    job = workspace.jobs.start("train", [*arguments, *every], "Train digits", run)
    until(lambda: (run / "latest").exists() or job.state != "running")
    assert job.state == "running", "\n".join(job.tail(50))
    return job, run


def test_a_job_that_ends_well(workspace):
    job = workspace.jobs.start("data", [], "List the sources")
    assert job.state == "running"
    until(lambda: job.state != "running")
    assert (job.state, job.code) == ("done", 0)
    took = job.seconds
    assert 0 <= took < 240
    time.sleep(0.05)
    assert job.seconds == took, "its time stands still with its end"
    assert any("digits" in line for line in job.tail(50))
    assert job.command == "ganvas data"
    assert [found.name for found in workspace.jobs.list()] == [job.name]
    assert workspace.jobs.find(job.name).title == "List the sources"


def test_a_job_that_fails_says_why_in_its_last_line(workspace):
    job = workspace.jobs.start("prepare", ["nowhere", "--out", "data/x", "--size", "8"], "Prepare")
    until(lambda: job.state != "running")
    assert (job.state, job.code) == ("failed", 1)
    assert job.tail(1)[0].startswith("ganvas: There is no source `nowhere`")


def test_no_job_is_found_outside_its_folder(workspace):
    for name in ("", "..", "../../etc", "none", "a\0b"):
        with pytest.raises(RunError, match="There is no job"):
            workspace.jobs.find(name)


@pytest.mark.slow
def test_a_killed_training_is_told_and_one_resume_finishes_it(workspace, training):
    job, run = training
    os.kill(json.loads((job.folder / PROCESS).read_text())["pid"], signal.SIGKILL)
    until(lambda: job.state != "running")
    assert (job.state, job.was_stopped) == ("killed", False)
    step = int((run / "latest").read_text())
    resumed = workspace.jobs.start("train", ["--resume", "runs/digits", "--steps", str(step + 3)], "Go on", run)
    until(lambda: resumed.state != "running")
    assert resumed.state == "done", "\n".join(resumed.tail(50))
    assert last_record(run)["step"] == step + 3
    assert [found.name for found in workspace.jobs.about(run)] == [resumed.name, job.name]


def test_halt_holds_a_training_still_and_stop_saves_it(workspace, training):
    job, run = training
    job.halt()
    until(lambda: job.is_halted)
    assert job.state == "running"
    before = last_record(run)["step"]
    time.sleep(0.5)
    assert last_record(run)["step"] == before
    job.go_on()
    until(lambda: last_record(run)["step"] > before)
    job.halt()
    job.stop()  # of a halted one too
    until(lambda: job.state != "running")
    assert (job.state, job.was_stopped, job.code) == ("killed", True, 130)
    assert int((run / "latest").read_text()) == last_record(run)["step"]


def test_a_job_survives_the_kill_of_the_process_that_began_it(workspace, tmp_path):
    begin = (
        "import sys, time; from ganvas.studio.workspace import Workspace; "
        "job = Workspace(sys.argv[1]).jobs.start('data', [], 'List'); job.halt(); print(job.name, flush=True); "
        "time.sleep(600)"
    )
    studio = subprocess.Popen([sys.executable, "-c", begin, workspace.folder], stdout=subprocess.PIPE, text=True)
    with studio:
        name = studio.stdout.readline().strip()
        studio.kill()
    job = Jobs(workspace.folder / "jobs", workspace.folder).find(name)
    job.go_on()
    until(lambda: job.state != "running")
    assert job.state == "done"


def test_another_process_of_the_same_number_is_not_the_job(workspace):
    job = workspace.jobs.start("data", [], "List")
    until(lambda: job.state != "running")
    (job.folder / "result.json").unlink()
    (job.folder / PROCESS).write_text(json.dumps({"pid": os.getpid(), "begun": "another boot:1"}))
    assert job.state == "killed"
    job.kill()  # would end this very test
    (job.folder / PROCESS).write_text(json.dumps({"pid": os.getpid(), "begun": look(os.getpid()).begun}))
    assert job.state == "running"
    (job.folder / PROCESS).unlink()


def test_progress_is_the_last_line_of_it(workspace):
    job = workspace.jobs.start("data", [], "List")
    until(lambda: job.state != "running")
    job.log.write_text("Reading photos: 10/200 1 refused\nwords: of no number\nReading photos: 150/200 2 refused\n")
    assert job.progress() == ("Reading photos", 150, 200, "2 refused")
    job.log.write_bytes(b"\xff\xfe no text \x00")
    assert job.progress() is None
