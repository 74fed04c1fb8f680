"""The words of `generate`, `walk`, `explore` and `project`, and doctor's answer about a picture of ours."""

import pytest

from ganvas.cli.generate import read_label, read_mix, read_strengths
from ganvas.errors import UsageError


def test_labels_are_classes_or_mixtures() -> None:
    assert read_label(None, ()) == (None, {})
    assert read_label("3", ("3", "8")) == ("3", {})
    assert read_label("3:0.5,8:1.5", ("3", "8")) == (None, {"3": 0.5, "8": 1.5})
    assert read_label("a:1", ("a:1",)) == ("a:1", {}), "a class may have such a name"
    with pytest.raises(UsageError, match="mixture"):
        read_label("3:half", ("3",))


def test_strengths_and_styles_to_mix() -> None:
    assert read_strengths(["slant=2.5", "pca1=-1"]) == {"slant": 2.5, "pca1": -1.0}
    for wrong in ("slant", "=2", "slant=much"):
        with pytest.raises(UsageError, match=r"NAME=2\.5"):
            read_strengths([wrong])
    assert read_mix("7:4-9") == {"mix_seed": 7, "mix_layers": (4, 9)}
    assert read_mix("7:4") == {"mix_seed": 7, "mix_layers": (4, 4)}
    assert read_mix(None) == {}
    for wrong in ("7", "7:", "a:1-2", "7:1-b"):
        with pytest.raises(UsageError, match="SEED:FIRST-LAST"):
            read_mix(wrong)


def test_the_road_of_a_picture_by_the_command_line(ganvas, finished_run, tmp_path) -> None:
    done = ganvas.run("generate", finished_run, "--seeds", "0-2,7", "--captions", "--out", tmp_path / "a")
    assert done.code == 0, done.err
    picture = tmp_path / "a" / "seed7-000000.png"
    done = ganvas.run("doctor", picture)
    assert (done.code, "Made by a model" in done.out, "seed      7, image 0" in done.out) == (0, True, True), done.out
    done = ganvas.run("doctor", picture, "--again", finished_run, "--out", tmp_path / "again.png")
    assert (done.code, "byte for byte" in done.out) == (0, True), done.err
    assert (tmp_path / "again.png").read_bytes() == picture.read_bytes()
    done = ganvas.run("project", finished_run, picture, "--steps", "3", "--out", tmp_path / "p")
    assert (done.code, "distance" in done.out) == (0, True), done.err
    done = ganvas.run("generate", finished_run, "--latents", tmp_path / "p" / "latents.json", "--out", tmp_path / "b")
    assert done.code == 0, done.err
    done = ganvas.run("walk", finished_run, "--training", "--out", tmp_path / "film.gif")
    assert done.code == 0, done.err
    done = ganvas.run("walk", finished_run, "--seeds", "0-1", "--frames", "2", "--out", tmp_path / "walk.webp")
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--seed", 1, "--seeds", "2"], "not both"),
        (["--seeds", "5-1"], "range of seeds"),
        (["--direction", "up=1"], "ganvas explore"),
        (["--label", "3:1,4:1"], "no wanted classes"),
        (["--truncation", 9], "truncation"),
        (["--latents", "nowhere.json"], "Give `latents.json`"),
        (["--direction", "up=nan"], "finite number"),
    ],
)
def test_what_cannot_be_is_refused_in_words(ganvas, finished_run, tmp_path, options, words) -> None:
    done = ganvas.run("generate", finished_run, "--out", tmp_path / "out", *options)
    assert (done.code, words in done.err) == (1, True), done.err
