"""Training from shards behind an address: killed and resumed, by two processes, as from the same images in a folder."""

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from test_workflow_kill import expect_equal, killed_again_and_again, moments
from test_workflow_ranks import begin, ended, expect_near

import ganvas
from ganvas.data.store import Dataset
from ganvas.errors import UsageError
from ganvas.exporting.datasets import webdataset
from ganvas.progress import Silent
from ganvas.workflows.run_folder import RunFolder

STEPS, EVERY = 24, 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory, digits_at):
    made = tmp_path_factory.mktemp("shards")
    webdataset.write(Dataset.open(digits_at(8)), made, Silent(), 150_000)
    return made


@pytest.fixture(scope="module")
def address(folder):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class Cached:
    """Starts commands whose cache is a folder of its own."""

    def __init__(self, commands, folder):
        self.commands, self.folder = commands, folder

    def start(self, *arguments, environment=None, **options):
        own = {"XDG_CACHE_HOME": str(self.folder)} | (environment or {})
        return self.commands.start(*arguments, environment=own, **options)

    def run(self, *arguments):
        return self.start(*arguments).wait(600)


@pytest.fixture
def cached(ganvas, tmp_path):
    return Cached(ganvas, tmp_path / "cache")


@pytest.fixture
def command(address, small):
    """Return the arguments that train from the address to a folder."""

    def made(out, steps=STEPS, every=EVERY, data=address):
        extra = ["--training.checkpoint.every", every, "--training.samples.every", 2 * every]
        extra += ["--training.shards-at-once", 3, "--training.workers", 1, "--training.checkpoint.keep", 1]
        return ["train", "mlp_gan", "--data", data, "--out", out, "--steps", steps, *small, *extra]

    return made


@pytest.mark.slow
def test_killed_twice_and_resumed_is_as_never_killed(cached, command, tmp_path, address, folder):
    whole, run = tmp_path / "whole", tmp_path / "run"
    done = cached.run(*command(whole))
    assert done.code == 0, done.err
    assert RunFolder.open(whole).config.data == address
    landed, _ = killed_again_and_again(cached.start, command(run), run, moments(3, 2, STEPS), EVERY, STEPS)
    assert landed >= 1
    expect_equal(run, whole, STEPS)
    assert (
        cached.run(*command(tmp_path / "here", data=folder)).code == 0
    )  # of a folder: the same images, the same order
    expect_equal(tmp_path / "here", whole, STEPS)


def test_two_processes_leave_what_one_leaves(cached, command, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    assert cached.run(*command(one, 4, 4)).code == 0
    for process in ended(begin(cached, 2, command(two, 4, 4))):
        assert process.code == 0, process.err
    expect_near(two, one)


def test_a_server_that_is_gone_ends_training_with_all_saved_so_far(cached, command, tmp_path, folder):
    """The shards of later steps are not there: the run says which, and goes on once they are."""
    broken = shutil.copytree(folder, tmp_path / "broken")
    aside = tmp_path / "aside"
    aside.mkdir()
    for path in sorted(broken.glob("train-*.tar"))[2:]:
        path.rename(aside / path.name)
    run = tmp_path / "run"
    failed = cached.run(*command(run, data=broken))
    assert failed.code == 1
    assert "There is no `train-0000" in failed.err
    assert "Traceback" not in failed.err
    for path in aside.iterdir():
        path.rename(broken / path.name)
    assert cached.run(*(("train", "--resume", run) if (run / "config.json").exists() else command(run))).code == 0


def test_what_shards_cannot_do_is_said(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(UsageError, match="shown once an epoch"):
        ganvas.train("mlp_gan", folder, tmp_path / "run", steps=1, progress=Silent(), **{"training.balance_alpha": 0.5})
    with pytest.raises(UsageError, match="cannot be had of"):
        ganvas.export(Dataset.open(folder), tmp_path / "out", to="parquet", progress=Silent())
