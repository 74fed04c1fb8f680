"""`ganvas train RECIPE --plan` and `ganvas doctor --data DIR`."""

import re

import numpy as np
import pytest

from ganvas.cli.main import main

SMALL = ["--training.batch-size", "4", "--training.checkpoint.score-images", "16", "--training.threads", "1"]


def ended(arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return stopped.value.code


def test_plan_of_training_writes_nothing(digits_at, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = ["train", "mlp_gan", "--data", digits_at(8), "--out", "new", "--steps", 50, "--plan", *SMALL]
    assert ended(given) == 0
    assert re.search(
        r"Plan of mlp_gan: 50 steps of 4 images.*\n  time: \S+ s per 1,000 images", capsys.readouterr().out
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("num", "option"), [(12, " --training.augment.kind diffaugment"), (1_000, "")])
def test_prepare_says_what_few_images_need(num, option, tmp_path, capsys):
    np.save(tmp_path / "photos.npy", np.random.default_rng(1).integers(0, 256, (num, 8, 8), np.uint8))
    out = tmp_path / "data"
    assert ended(["prepare", tmp_path / "photos.npy", "--out", out, "--size", 8, "--test-fraction", 0]) == 0
    assert capsys.readouterr().out.endswith(f"Next: ganvas train compact --data {out} --out runs/data{option}\n")


def test_doctor_compares_recipes_on_a_dataset(digits_at, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = "acgan_mnist,mlp_gan"
    assert ended(["doctor", "--data", digits_at(8), "--recipes", names, "--seconds", "0.2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.split(r"\s{2,}", lines[0])[:3] == ["recipe", "s / 1,000 images", "memory"]
    assert lines[1].startswith("mlp_gan "), "those measured come first"
    assert lines[2].startswith("not measured: acgan_mnist: ")
    assert "28x28" in lines[2]
    assert "Advised for these images: mlp_gan" in lines, "of those asked about"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("train mlp_gan --data nowhere --plan", "no dataset folder `nowhere`"),
        ("doctor --data nowhere", "no dataset folder `nowhere`"),
        ("doctor --data={data} --recipes acgn", "no recipe `acgn`"),
        ("train mlp_gan --data {data} --plan --minutes 0", "minutes"),
    ],
)
def test_mistakes_are_one_line(arguments, words, digits_at, capsys):
    assert ended(arguments.format(data=digits_at(8)).split()) == 1
    found = capsys.readouterr()
    assert words in found.err
    assert found.err.count("\n") == 1
    assert found.out == ""


def test_help_describes_both(capsys):
    assert ended(["doctor", "--data", "x", "--help"]) == 0
    assert "--recipes" in capsys.readouterr().out
    assert ended(["train", "mlp_gan", "--help"]) == 0
    assert "--plan" in capsys.readouterr().out
