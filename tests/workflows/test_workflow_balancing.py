"""Balanced training: a run that is killed and resumed is the run that never stopped."""

import json
import signal

import numpy as np
import pytest
from PIL import Image
from processes import flags

from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError
from ganvas.players import Gan
from ganvas.progress import Silent
from ganvas.storage import read_json
from ganvas.training import checkpoint
from ganvas.workflows.book import build_discriminator, build_generator, train_gan
from ganvas.workflows.prepare import prepare
from ganvas.workflows.run_folder import RunFolder
from ganvas.workflows.train import resume, train

SIZES = {"common": 64, "scarce": 16, "rare": 4}
SETTINGS = {
    "training.batch_size": 8,
    "training.checkpoint.every": 3,
    "training.checkpoint.score_images": 16,
    "training.scoring.most_share": 1.0,
    "training.threads": 1,
    "training.balance_alpha": 0.0,
    "training.max_repeats": 6,
}


@pytest.fixture(scope="module")
def imbalanced(tmp_path_factory):
    """A dataset of three classes of unequal sizes, 8 px, all for training."""
    folder = tmp_path_factory.mktemp("imbalanced")
    draw = np.random.default_rng(0)
    for name, size in SIZES.items():
        (folder / "images" / name).mkdir(parents=True)
        for index in range(size):
            values = draw.integers(0, 256, (8, 8), np.uint8)
            Image.fromarray(values).save(folder / "images" / name / f"{index:03}.png")
    prepare(folder / "images", out=folder / "data", size=8, progress=Silent())
    return folder / "data"


def digest(run):
    return checkpoint.state_digest(checkpoint.newest_valid(run / "checkpoints")[0])


def log_of(run):
    timed = {"images_per_second", "cpu_seconds", "score_seconds"}
    return [{key: value for key, value in row.items() if key not in timed} for row in RunFolder.open(run).read_log()]


def trained(data, out, steps, **settings):
    return train("acgan", data, out, steps=steps, progress=Silent(), **(SETTINGS | settings)).folder


@pytest.mark.parametrize("workers", [0, 2])
def test_killed_and_resumed_is_the_same_run(ganvas, imbalanced, tmp_path, workers):
    run = tmp_path / "run"
    command = ["train", "acgan", "--data", imbalanced, "--out", run, "--steps", 1_000_000, *flags(SETTINGS)]
    process = ganvas.start(*command, "--training.workers", workers)
    log = run / "log.jsonl"
    assert process.until(lambda: log.exists() and log.read_bytes().count(b"\n") >= 8), process.err.read_text()
    process.send(signal.SIGKILL)
    assert process.wait().code == -signal.SIGKILL
    stopped = int(checkpoint.newest_valid(run / "checkpoints")[0].name)
    resume(run, steps=stopped + 5, progress=Silent())
    whole = trained(imbalanced, tmp_path / "whole", stopped + 5)
    assert log_of(run) == log_of(whole)
    assert digest(run) == digest(whole)


def test_settings_are_recorded_and_change_the_run(imbalanced, tmp_path):
    balanced, plain = (
        trained(imbalanced, tmp_path / name, 3, **{"training.balance_alpha": alpha})
        for name, alpha in (("balanced", 0.0), ("plain", 1.0))
    )
    training = read_json(balanced / "config.json")["recipe"]["training"]
    assert (training["balance_alpha"], training["max_repeats"], training["label_prior"]) == (0.0, 6, "data")
    assert digest(balanced) != digest(plain)
    with pytest.raises(ConfigurationError, match=r"`training\.balance_alpha` was 0\.0, now 0\.5"):
        resume(balanced, steps=5, progress=Silent(), **{"training.balance_alpha": 0.5})


def test_runs_begun_before_these_settings_go_on(run_copy, finished_run, tmp_path):
    """Their `config.json` names none of them; the defaults deal the images as ever."""
    path = run_copy / "config.json"
    config = read_json(path)
    for name in ("balance_alpha", "max_repeats", "label_prior"):
        del config["recipe"]["training"][name]
    path.write_text(json.dumps(config))
    resume(run_copy, steps=8, progress=Silent())
    data = read_json(finished_run / "config.json")["data"]
    settings = SETTINGS | {"training.batch_size": 4, "training.balance_alpha": 1.0, "training.max_repeats": 0}
    straight = train("mlp_gan", data, tmp_path / "straight", steps=8, progress=Silent(), **settings).folder
    assert digest(run_copy) == digest(straight)


def test_nothing_to_balance_is_refused_before_anything_is_written(imbalanced, tmp_path):
    folder = tmp_path / "album"
    folder.mkdir()
    for index in range(12):
        values = np.random.default_rng(index).integers(0, 256, (8, 8), np.uint8)
        Image.fromarray(values).save(folder / f"{index:03}.png")
    unlabelled = prepare(folder, out=tmp_path / "data", size=8, progress=Silent()).folder
    with pytest.raises(ConfigurationError, match=r"`training\.balance_alpha` is 0\.0, and `.*data` has no classes"):
        train("mlp_gan", unlabelled, tmp_path / "run", steps=2, progress=Silent(), **SETTINGS)
    assert not (tmp_path / "run").exists()


def test_the_books_function_balances_too(imbalanced):
    dataset = Dataset.open(imbalanced)
    pictures = dataset.pixels("train"), dataset.labels("train")
    settings = {"epochs": 0.3, "recipe": "acgan", "report": lambda _: None, "training.batch_size": 8}
    heard = []
    for alpha in (1.0, 0.0, 0.0):
        gan = Gan(build_generator("acgan", dataset.shape, 3), build_discriminator("acgan", dataset.shape, 3))
        history = train_gan(gan, pictures, **settings, **{"training.balance_alpha": alpha})
        heard.append([record["d/loss"] for record in history])
    assert heard[0] != heard[1] == heard[2]
