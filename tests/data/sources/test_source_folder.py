"""The folder source: order, classes, splits, and what is not an image."""

import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from ganvas.data.inspection import inspect
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.sources.folder import open_folder
from ganvas.data.sources.source import Item, Request, Source
from ganvas.progress import Silent


def picture(path: Path, colour: str = "red") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), colour).save(path, "PNG")


def opened(folder: Path) -> Source:
    return open_folder(Request(str(folder), folder, None, Silent()))


def items(folder: Path) -> dict[str, Item]:
    source = opened(folder)
    found = list(source.items())
    assert len(found) == source.total
    return {item.name: item for item in found}


def refusals(folder: Path) -> dict[str, str]:
    return {name: item.refusal.kind for name, item in items(folder).items() if item.refusal}


def test_sub_folders_are_classes_in_sorted_order(tmp_path):
    for name in ("dog/b.png", "cat/z.png", "cat/deep/er/a.png", "dog/a.PNG"):
        picture(tmp_path / name)
    found = items(tmp_path)
    assert list(found) == ["cat/deep/er/a.png", "cat/z.png", "dog/a.PNG", "dog/b.png"]
    assert [item.label for item in found.values()] == ["cat", "cat", "dog", "dog"]
    assert {item.split for item in found.values()} == {None}
    assert opened(tmp_path).note == ""


def test_flat_folder_has_no_labels(tmp_path):
    picture(tmp_path / "b.png")
    picture(tmp_path / "a.png")
    assert [(item.name, item.label) for item in items(tmp_path).values()] == [("a.png", None), ("b.png", None)]
    assert opened(tmp_path).note == ""


def test_images_beside_sub_folders_mean_no_classes_and_it_is_said(tmp_path):
    picture(tmp_path / "cat/a.png")
    picture(tmp_path / "stray.png")
    assert {item.label for item in items(tmp_path).values()} == {None}
    assert "has 1 image beside its sub-folders, so its images have no classes" in opened(tmp_path).note


def test_a_few_images_beside_many_in_sub_folders_are_left_out_and_it_is_said(tmp_path):
    for name in ("cat", "dog"):
        for number in range(10):
            picture(tmp_path / name / f"{number}.png")
    picture(tmp_path / "stray.png")
    assert refusals(tmp_path) == {"stray.png": "no-class"}
    assert {item.label for name, item in items(tmp_path).items() if name != "stray.png"} == {"cat", "dog"}
    assert "has 1 image beside its sub-folders, which are its classes: it was left out." in opened(tmp_path).note
    picture(tmp_path / "another.png")
    assert refusals(tmp_path) == {}, "2 of 22 are more than a few"
    assert "has 2 images beside its sub-folders, so its images have no classes" in opened(tmp_path).note


@pytest.mark.parametrize("stray", ["stray.png", "train/stray.png"])
def test_a_stray_image_takes_neither_splits_nor_classes_away(tmp_path, stray):
    for split in ("train", "test"):
        for name in ("cat", "dog"):
            for number in range(5):
                picture(tmp_path / split / name / f"{number}.png")
    picture(tmp_path / stray)
    assert refusals(tmp_path) == {stray: "no-class"}
    kept = [item for name, item in items(tmp_path).items() if name != stray]
    assert {(item.split, item.label) for item in kept} == {
        ("train", "cat"),
        ("train", "dog"),
        ("test", "cat"),
        ("test", "dog"),
    }


def test_many_images_in_one_sub_folder_leave_none_out(tmp_path):
    for number in range(30):
        picture(tmp_path / "raw" / f"{number}.png")
    picture(tmp_path / "stray.png")
    assert refusals(tmp_path) == {}


def test_train_and_test_folders_declare_the_split(tmp_path):
    for name in ("train/cat/a.png", "train/dog/a.png", "test/cat/a.png", "val/dog/a.png"):
        picture(tmp_path / name)
    found = {name: (item.split, item.label) for name, item in items(tmp_path).items()}
    assert found == {
        "train/cat/a.png": ("train", "cat"),
        "train/dog/a.png": ("train", "dog"),
        "test/cat/a.png": ("test", "cat"),
        "val/dog/a.png": ("test", "dog"),
    }


def test_train_as_one_class_among_others_is_a_class(tmp_path):
    picture(tmp_path / "train/a.png")
    picture(tmp_path / "bus/a.png")
    assert [(item.label, item.split) for item in items(tmp_path).values()] == [("bus", None), ("train", None)]


def test_hidden_files_and_other_suffixes_are_recorded(tmp_path):
    picture(tmp_path / "a.png")
    picture(tmp_path / ".hidden.png")
    picture(tmp_path / ".thumbnails/a.png")
    (tmp_path / "notes.txt").write_text("text")
    (tmp_path / "no_ending").write_text("text")
    expected = dict.fromkeys((".hidden.png", ".thumbnails/a.png", "notes.txt", "no_ending"), "not-an-image")
    assert refusals(tmp_path) == expected
    assert "`.txt`" in items(tmp_path)["notes.txt"].refusal.reason


def test_stray_text_beside_classes_does_not_remove_the_classes(tmp_path):
    picture(tmp_path / "cat/a.png")
    picture(tmp_path / "dog/a.png")
    (tmp_path / "README.txt").write_text("text")
    assert items(tmp_path)["cat/a.png"].label == "cat"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_links(tmp_path):
    outside = tmp_path / "outside.png"
    picture(outside)
    root = tmp_path / "root"
    picture(root / "a.png")
    (root / "leaves.png").symlink_to(outside)
    (root / "climbs.png").symlink_to("../outside.png")
    (root / "inside.png").symlink_to("a.png")
    (root / "broken.png").symlink_to("nowhere.png")
    (root / "self.png").symlink_to("self.png")
    (root / "loop").symlink_to(".")
    assert refusals(root) == {
        "broken.png": "broken-link",
        "climbs.png": "outside",
        "leaves.png": "outside",
        "loop": "link-to-folder",
        "self.png": "broken-link",
    }
    found = items(root)
    assert found["leaves.png"].content is None
    assert found["inside.png"].content == root.resolve() / "a.png"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_named_pipe_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert refusals(tmp_path) == {"pipe.png": "not-an-image"}
    assert items(tmp_path)["pipe.png"].content is None


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system that takes any bytes")
def test_names_that_are_not_text(tmp_path):
    picture(tmp_path / os.fsdecode(b"bad-\xff.png"))
    picture(tmp_path / "new\nline.png")
    found = items(tmp_path)
    assert list(found) == ["bad-\\xff.png", "new\nline.png"]
    assert found["bad-\\xff.png"].content.read_bytes().startswith(b"\x89PNG")


def test_composed_and_decomposed_class_names_are_one(tmp_path):
    picture(tmp_path / "caf\u00e9/a.png")
    picture(tmp_path / "cafe\u0301/b.png")
    assert {item.label for item in items(tmp_path).values()} == {"caf\u00e9"}


def test_worker_that_reads_stops_at_the_limit(tmp_path):
    picture(tmp_path / "a.png")
    size = (tmp_path / "a.png").stat().st_size
    item = items(tmp_path)["a.png"]
    assert inspect(item, Preprocessing(size=8, channels=3, max_file_bytes=size)).pixels is not None
    refusal = inspect(item, Preprocessing(size=8, channels=3, max_file_bytes=size - 1)).refusal
    assert refusal is not None and refusal.kind == "too-large"


def test_file_that_vanishes_is_refused(tmp_path):
    picture(tmp_path / "a.png")
    item = items(tmp_path)["a.png"]
    (tmp_path / "a.png").unlink()
    refusal = inspect(item, Preprocessing(size=8, channels=3)).refusal
    assert refusal is not None and refusal.kind == "unreadable"


def test_fingerprint_changes_with_the_files(tmp_path):
    picture(tmp_path / "a.png")
    before = opened(tmp_path).fingerprint
    assert opened(tmp_path).fingerprint == before
    picture(tmp_path / "b.png")
    between = opened(tmp_path).fingerprint
    (tmp_path / "b.png").write_bytes(b"other")
    assert len({before, between, opened(tmp_path).fingerprint}) == 3


def test_deep_folders_do_not_exhaust_the_stack(tmp_path):
    levels = [tmp_path.joinpath(*["d"] * depth) for depth in range(1, 1201)]
    for level in levels:
        level.mkdir()
    picture(levels[-1] / "bottom.png")
    assert [len(name) for name in items(tmp_path)] == [2 * 1200 + len("bottom.png")]
    (levels[-1] / "bottom.png").unlink()
    for level in reversed(levels):  # too deep for those who tidy up after tests
        level.rmdir()
