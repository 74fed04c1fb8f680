"""Mixes: several sources with weights, licences and names of classes."""

from pathlib import Path

import numpy as np
import pytest

from ganvas.data.mixing import Part, parts_of
from ganvas.errors import ConfigurationError, DataError
from ganvas.images import save_png
from ganvas.progress import Silent
from ganvas.seeds import Stream
from ganvas.workflows.prepare import prepare


def album(folder, classes, count=12, first=0):
    for index in range(first, first + count):
        pixels = Stream(0, "album", index).integers(8 * 8 * 3, 256).astype(np.uint8).reshape(8, 8, 3)
        place = folder / classes[index % len(classes)]
        place.mkdir(parents=True, exist_ok=True)
        save_png(place / f"{index}.png", pixels)
    return folder


def test_a_mix_file_gives_weights_licences_and_labels(tmp_path):
    album(tmp_path / "home", ("tabby", "dog"))
    album(tmp_path / "found", ("cat", "dog"), first=50)
    mix = tmp_path / "mix.toml"
    mix.write_text(
        """
        [[source]]
        path = "home"
        weight = 2.0
        licence = "CC0-1.0"
        labels = { tabby = "cat" }

        [[source]]
        path = "found"
        """
    )
    dataset = prepare(mix, out=tmp_path / "set", size=8, progress=Silent())
    assert dataset.classes == ("cat", "dog")
    assert dataset.card.kept == 24
    assert dataset.card.licences == {"": 12, "CC0-1.0": 12}
    assert [source.weight for source in dataset.card.sources] == [2.0, 1.0]
    weights = dataset.weights("train")
    rows = list(dataset.rows("train"))
    assert [2.0 if "home" in row.source else 1.0 for row in rows] == weights.tolist()
    by_hand = prepare(
        {"path": str(tmp_path / "home"), "weight": 2, "licence": "CC0-1.0", "labels": {"tabby": "cat"}},
        Part(path=str(tmp_path / "found")),
        out=tmp_path / "again",
        size=8,
        progress=Silent(),
    )
    assert by_hand.content_hash == dataset.content_hash
    plain = prepare(tmp_path / "home", tmp_path / "found", out=tmp_path / "plain", size=8, progress=Silent())
    assert plain.content_hash != dataset.content_hash
    assert plain.weights("train") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("source = 3", "one `\\[\\[source\\]\\]` table"),
        ("", "one `\\[\\[source\\]\\]` table"),
        ("[[source]]\nweight = 1", "source 1"),
        ("[[source]]\npath = 'a'\nweight = 0", "weight"),
        ("[[source]]\npath = 'a'\nwieght = 1", "wieght"),
        ("[[source]", "not valid TOML"),
        ("[[source]]\npath = 'a'\n[other]", "one `\\[\\[source\\]\\]` table"),
    ],
)
def test_mix_files_that_cannot_work(tmp_path, text, words):
    path = tmp_path / "mix.toml"
    path.write_text(text)
    with pytest.raises((ConfigurationError, DataError), match=words):
        parts_of([path])


def test_paths_of_a_mix_file_are_beside_it_and_names_stay(tmp_path):
    (tmp_path / "photos").mkdir()
    mix = tmp_path / "mix.toml"
    mix.write_text("[[source]]\npath = 'photos'\n[[source]]\npath = 'digits'\n")
    assert [part.path for part in parts_of([mix])] == [str(tmp_path / "photos"), "digits"]
    assert [part.path for part in parts_of(["digits", Path("digits")])] == ["digits", "./digits"]
