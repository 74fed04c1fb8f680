"""What tests of several folders share: datasets made once, commands in real processes, disks that end."""

import os
import shutil
import signal
import tempfile
from functools import cache
from pathlib import Path
from zlib import crc32

import pytest
import torch
from disks import Disk
from hypothesis import settings
from processes import Zygote, flags
from two_kinds import prepare_two_kinds

from ganvas.cli import invocation
from ganvas.images import ImageShape
from ganvas.progress import Silent
from ganvas.recipes import RECIPES
from ganvas.workflows.prepare import prepare

SIZES = (8, 16, 28, 32, 64)
SMALL = {
    "training.batch_size": 4,
    "training.checkpoint.score_images": 16,
    "training.scoring.most_share": 1.0,
    "training.threads": 1,
}
"""Settings that make any recipe quick and exactly repeatable."""


torch.manual_seed(0)  # what modules of tests draw while they are collected; torch starts each process with another
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("explore", print_blob=True)
settings.load_profile("repeatable")


def pytest_configure(config):
    """Have commands called `ganvas`, and give Hugging Face's library an empty cache.

    It is set before any test imports that library, which else answers from an older run's.
    """
    cache = tempfile.TemporaryDirectory(prefix="hub-", ignore_cleanup_errors=True)
    config.add_cleanup(cache.cleanup)
    os.environ.pop(invocation.VARIABLE, None)  # whoever called the tests
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": cache.name, "HF_DATASETS_CACHE": f"{cache.name}/datasets"}


@pytest.fixture(autouse=True)
def _same_draws_each_time(request):
    """Torch's own generator starts each test with a seed of its own, in whatever order and process it runs."""
    torch.manual_seed(crc32(request.node.nodeid.encode()))


@pytest.fixture(scope="session")
def digits_at(tmp_path_factory):
    """Return the dataset folder of the handwritten digits at a size in pixels, prepared once."""

    @cache
    def made(size):
        folder = tmp_path_factory.mktemp("datasets") / f"digits{size}"
        prepare("digits", out=folder, size=size, progress=Silent())
        return folder

    return made


@pytest.fixture(scope="session")
def two_kinds(tmp_path_factory):
    """Return a dataset folder of discs and squares in colour at 16 px."""
    return prepare_two_kinds(tmp_path_factory.mktemp("datasets"))


@pytest.fixture(scope="session")
def digits_for(digits_at, two_kinds):
    """Return the digits at the smallest size that a recipe can do; two kinds of colour pictures where it does none."""
    from ganvas.recipes.recipe import find_recipe  # torch, which tests of data never need

    def found(recipe):
        model = find_recipe(recipe).model
        sizes = [size for size in SIZES if model.refuse(ImageShape(1, size, size), 10) is None]
        return digits_at(sizes[0]) if sizes else two_kinds

    return found


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory, digits_at):
    """A run of 6 steps of the smallest recipe, with checkpoints 2, 4 and 6; to be copied, not changed."""
    from ganvas.workflows.train import train

    folder = tmp_path_factory.mktemp("runs") / "run"
    settings = SMALL | {"training.checkpoint.every": 2, "training.samples.every": 3, "training.checkpoint.keep": 3}
    return train("mlp_gan", digits_at(8), folder, steps=6, progress=Silent(), **settings).folder


@pytest.fixture
def run_copy(finished_run, tmp_path):
    """A copy of `finished_run` to break."""
    return Path(shutil.copytree(finished_run, tmp_path / "run"))


@pytest.fixture(scope="session")
def _zygote(tmp_path_factory):
    zygote = Zygote(tmp_path_factory.mktemp("commands"))
    yield zygote
    zygote.close()


@pytest.fixture
def ganvas(_zygote):
    """Start or run `ganvas` commands in real processes; what still runs after the test is killed."""
    before = len(_zygote.started)  # a server of the whole session may be among them
    yield _zygote
    for running in _zygote.started[before:]:
        if running.poll() is None:
            running.send(signal.SIGKILL)


@pytest.fixture
def disk(tmp_path):
    """A disk whose free space a test sets; skipped where nothing can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("there is no `mount` here")
    mounted = Disk(folder)
    yield mounted
    mounted.close()


@pytest.fixture(scope="session")
def small():
    """The flags that make any recipe quick."""
    return flags(SMALL)


@pytest.fixture(params=sorted(RECIPES))
def recipe(request):
    """Each recipe of the table."""
    return request.param


@pytest.fixture
def small_recipe_flags(recipe):
    """The flags that make this recipe quick."""
    from small import settings_of

    return flags(settings_of(recipe))
