"""Mistakes of a new user: one clear message, the right exit code, no traceback, nothing half-written."""

import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from ganvas.cli.main import main


@pytest.fixture
def places(tmp_path, digits_at, finished_run, monkeypatch):
    """A working folder, and the names that command lines below may use: {data}, {run}, {album}, {mine} ..."""
    names = {"data": digits_at(8), "data16": digits_at(16), "run": finished_run}
    for name in ("album", "mine", "broken", "pair"):
        names[name] = tmp_path / name
        names[name].mkdir()
    (names["mine"] / "thesis.txt").write_text("years of work")
    (names["broken"] / "model.json").write_text('{"format": 1}')
    for index in range(12):
        values = np.random.default_rng(index).integers(0, 256, (8, 8), np.uint8)
        Image.fromarray(values).save(names["album" if index > 1 else "pair"] / f"{index}.png")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return names


def contents(places):
    folder = places["mine"].parent
    return {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


TRAIN = "train mlp_gan --data {data} --out new"
MISTAKES = {
    # arguments: exit code, words of the message
    "trian": (2, r"no verb `trian`\. Did you mean `train`\? There are: .*See `ganvas --help`"),
    "train mlp": (1, r"no recipe `mlp`\. Did you mean `mlp_gan`\? There are: acgan, acgan_mnist, .*mlp_gan"),
    "train --data {data} --out new": (1, r"Name a recipe first: ganvas train RECIPE \.\.\. There are: .*acgan"),
    "train --resume": (1, r"Name the run folder to go on with"),
    "train --resume nowhere": (1, r"`nowhere` is not a run folder: it has no config\.json"),
    "train --resume {mine}": (1, r"mine` is not a run folder"),
    "train --resume {data}": (1, r"is not a run folder"),
    "train mlp_gan --data nowhere --out new": (1, r"no dataset folder `nowhere`\. Make it with `ganvas prepare`"),
    "train mlp_gan --data {album} --out new": (1, r"is not a dataset folder.*`ganvas prepare .*album --out"),
    "train acgan_mnist --data {data16} --out new": (1, r"cannot do 16x16 greyscale: .*28x28 greyscale only.*--size 28"),
    TRAIN + " --steps 3 --epochs 2": (1, r"in steps or in epochs, not both"),
    TRAIN + " --epochs 0": (1, r"`epochs` is 0\.0; give a number above 0"),
    TRAIN + " --epochs nan": (1, r"`epochs` is nan; give a number above 0"),
    TRAIN + " --steps 0": (1, r"`training\.steps` is 0: .*greater than or equal to 1"),
    TRAIN + " --training.batch-size 1": (2, r"batch_size Input should be greater than or equal to 2"),
    TRAIN + " --training.generator-optimizer.learning-rate 7": (
        2,
        r"learning_rate Input should be less than or equal to 1",
    ),
    TRAIN + " --training.objective.adversarial hing": (2, r"no adversarial pair `hing`; there are .*hinge"),
    TRAIN + " --training.device gpu": (1, r"no device `gpu` here\. Use `auto` or `cpu`"),
    TRAIN + " --training.stepps 3": (2, r"training\.steps"),
    TRAIN + " --steps three": (2, r"(?s)three.*int|int.*three"),
    TRAIN + " --steps": (2, r"--steps"),
    "train mlp_gan --out new": (2, r"--data"),
    "train mlp_gan --data {data}": (2, r"--out"),
    "train mlp_gan --data {data} --out {run}": (1, r"already holds a run\. Go on with it by `ganvas train --resume"),
    "train mlp_gan --data {data} --out {mine}": (1, r"mine` exists and is not an empty folder\. Give another one"),
    "train mlp_gan --data {data} --out {mine}/thesis.txt": (1, r"thesis\.txt` exists and is not an empty folder"),
    "train mlp_gan --data {data} --out {mine}/thesis.txt/run": (1, r"is a file, not a folder|Not a directory"),
    "train mlp_gan --data {data} --out " + "x" * 300: (1, r"Could not write `x+`: File name too long"),
    "train acgan mlp_gan --data {data} --out new": (2, r"mlp_gan"),
    "prepare {pair} --out new --size 8": (1, r"pair`: 2\. Training needs at least 8"),
    "prepare nowhere --out new --size 8": (1, r"nowhere"),
    "prepare digits --out new": (2, r"--size"),
    "prepare digits --out new --size 0": (1, r"`size` is 0"),
    "prepare digits --out {mine} --size 8": (1, r"mine"),
    "prepare --out new --size 8": (1, r"Nothing to prepare"),
    "generate {run} --num 0 --out new": (1, r"0 images were asked for; ask for at least 1"),
    "generate {run} --label 3 --out new": (1, r"draws no wanted classes: leave the label out"),
    "generate nowhere --out new": (1, r"`nowhere` does not exist\. Give a run folder of `ganvas train` or a model"),
    "generate {mine} --out new": (1, r"is neither a run folder \(no config\.json\) nor a model folder"),
    "generate {broken} --out new": (1, r"broken/model\.json` does not fit: `model` is .*Field required"),
    "generate {run}": (2, r"--out"),
    "export {broken} --out new": (1, r"broken/model\.json` does not fit"),
    "export {run} --out {mine}": (1, r"mine` exists and is not a model folder\. Give another place"),
    "export {run} --to onyx --out new": (2, r"onyx"),
    "evaluate {run} --data {data16}": (1, r"The model draws 8x8 greyscale images; .* 16x16 greyscale ones"),
    "evaluate {run} --data nowhere": (1, r"no dataset folder `nowhere`"),
    "evaluate nowhere --data {data}": (1, r"`nowhere` does not exist"),
    "recipes mlp_gann": (1, r"no recipe `mlp_gann`\. Did you mean `mlp_gan`"),
}


@pytest.mark.parametrize("line", MISTAKES)
def test_mistake_has_one_clear_message_and_changes_nothing(places, capsys, line):
    code, words = MISTAKES[line]
    before = contents(places)
    with pytest.raises(SystemExit) as ended:
        main([argument.format(**places) for argument in line.split()])
    shown = capsys.readouterr()
    assert ended.value.code == code
    assert "Traceback" not in shown.err + shown.out
    assert shown.out == ""
    unframed = re.sub(r"\s+", " ", re.sub(r"[│╭╮╰╯─]", " ", shown.err))
    assert re.search(words, unframed), shown.err
    if code == 1:
        assert shown.err.startswith("ganvas: ")
        assert shown.err.count("\n") == 1
        assert len(shown.err) < 1500
    assert contents(places) == before


def test_label_out_of_range(places, capsys, ganvas, small):
    sizes = ["--model.generator-width", 4, "--model.discriminator-width", 4]
    command = ["train", "acgan", "--data", places["data"], "--out", "labelled", "--steps", 1, *small, *sizes]
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in command])
    assert ended.value.code == 0
    capsys.readouterr()
    for label, words in {"10": "no class 10; this model draws classes 0 to 9", "cat": "no class `cat`"}.items():
        with pytest.raises(SystemExit) as ended:
            main(["generate", "labelled", "--label", label, "--out", "new"])
        assert ended.value.code == 1
        shown = capsys.readouterr().err
        assert shown.startswith(f"ganvas: There is {words}")
        assert shown.count("\n") == 1
    assert not places["mine"].with_name("work").joinpath("new").exists()


def test_resumed_from_a_folder_that_is_half_a_run(places, capsys, tmp_path):
    half = shutil.copytree(places["run"], tmp_path / "half")
    (half / "config.json").write_text('{"recipe": "mlp_gan"}')
    with pytest.raises(SystemExit) as ended:
        main(["train", "--resume", str(half)])
    assert ended.value.code == 1
    shown = capsys.readouterr().err
    assert re.match(r"ganvas: `.*half/config\.json` does not fit: ", shown)
    assert shown.count("\n") == 1


@pytest.mark.parametrize("line", ["train nothing", "generate nowhere --out new", "trian"])
def test_real_command_ends_with_the_same_code_and_message(places, capsys, line):
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    command = [sys.executable, "-m", "ganvas", *line.split()]
    found = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (ended.value.code, capsys.readouterr().err)


def test_help_is_no_mistake(capsys):
    for line in ("--help", "train --help", "train acgan --help", "prepare --help", "--version"):
        with pytest.raises(SystemExit) as ended:
            main(line.split())
        shown = capsys.readouterr()
        assert ended.value.code == 0
        assert shown.out
        assert shown.err == ""
