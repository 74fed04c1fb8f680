"""Dataset folders: what is written is read, and what is not ours or not whole is refused."""

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from ganvas.data.choices import Choices
from ganvas.data.inspection import inspect
from ganvas.data.place import expect_free, new_dataset
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.sources.source import Item, Refusal, Source
from ganvas.data.store import Dataset
from ganvas.data.writing import DatasetWriter, class_names
from ganvas.errors import DamagedError, DataError, UsageError
from ganvas.images import ImageShape
from ganvas.seeds import Stream

SOURCE = Source("here", "test", "nowhere", "CC0-1.0", 1, 0, lambda: iter(()), "")
HOW = Preprocessing(size=4, channels=3)
NUM_IMAGES = 20
PIXELS = Stream(0, "pixels").integers(NUM_IMAGES * 4 * 4 * 3, 256).astype(np.uint8).reshape(-1, 4, 4, 3)


def write(out: Path, labels=("a", "b"), declared=(None,), pixels=PIXELS, overwrite=False) -> Dataset:
    with new_dataset(out, overwrite) as folder, DatasetWriter(folder, HOW) as writer:
        for index, image in enumerate(pixels):
            item = Item(f"{index}.png", image, labels[index % len(labels)], declared[index % len(declared)])
            writer.add(SOURCE, item, inspect(item, HOW))
            if index == 3:
                bad = Item("bad.png", None, refusal=Refusal("empty", "Nothing in it."))
                writer.add(SOURCE, bad, inspect(bad, HOW))
        choices = Choices.of({"test_fraction": 0.25})
        writer.judge(choices)
        writer.finish([SOURCE], choices)
        writer.clean()
    return Dataset.open(out)


@pytest.fixture
def dataset(tmp_path):
    return write(tmp_path / "set")


def ledger(dataset):
    database = sqlite3.connect(dataset.folder / "manifest.sqlite")
    database.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in database.execute("SELECT * FROM files ORDER BY number")]
    finally:
        database.close()


def test_what_is_written_is_read(dataset):
    assert dataset.shape == ImageShape(3, 4, 4)
    assert dataset.classes == ("a", "b")
    assert (dataset.count("train"), dataset.count("test")) == (14, 6)  # round(10 * 0.25) of each class, upwards
    for row in ledger(dataset):
        if row["outcome"] == "kept":
            index = int(row["path"].removesuffix(".png"))
            np.testing.assert_array_equal(dataset.pixels(row["split"])[row["row"]], PIXELS[index])
            assert dataset.classes[dataset.labels(row["split"])[row["row"]]] == row["label"] == "ab"[index % 2]


def test_ledger_has_a_row_for_every_file(dataset):
    rows = ledger(dataset)
    assert len(rows) == NUM_IMAGES + 1
    expected = {
        "number": 4,
        "source": "here",
        "path": "bad.png",
        "outcome": "refused",
        "kind": "empty",
        "reason": "Nothing in it.",
        "licence": "CC0-1.0",
        "weight": 1.0,
        "synthetic": 0,
        "flags": "",
    }
    assert {name: value for name, value in rows[4].items() if value is not None} == expected
    assert all(row["thumbnail"] and row["width"] == row["height"] == 4 for row in rows if row["outcome"] == "kept")
    assert [row.path for row in dataset.refusals()] == ["bad.png"]
    assert (dataset.card.kept, dataset.card.refused, dataset.card.left_out_by_kind) == (20, 1, {"empty": 1})
    assert (dataset.card.sources[0].kept, dataset.card.sources[0].refused) == (20, 1)


def test_arrays_are_typed_and_read_only(dataset):
    pixels, labels = dataset.pixels("train"), dataset.labels("train")
    assert (pixels.dtype, labels.dtype) == (np.uint8, np.int64)
    assert isinstance(pixels, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        pixels[0] = 0


def test_unlabelled_and_one_class_sets_have_no_classes(tmp_path):
    for name, labels in (("none", (None,)), ("mixed", ("a", None)), ("one", ("a",))):
        dataset = write(tmp_path / name, labels=labels)
        assert (dataset.classes, dataset.num_classes, dataset.labels("train")) == ((), 0, None)
        assert "no classes" in repr(dataset)


def test_numbers_are_classes_in_order_of_value():
    assert class_names(["10", "9", "1"]) == ("1", "9", "10")
    assert class_names(["b", "10", "9"]) == ("10", "9", "b")


def test_empty_test_split(tmp_path):
    dataset = write(tmp_path / "set", declared=("train",))
    assert dataset.count("test") == 0
    assert dataset.pixels("test").shape == (0, 4, 4, 3)
    assert dataset.labels("test").shape == (0,)


def test_content_hash_depends_on_content_alone(tmp_path, dataset):
    again = write(tmp_path / "elsewhere" / "again")
    assert again.content_hash == dataset.content_hash
    names = sorted(path.name for path in dataset.folder.iterdir())
    assert names == ["dataset.json", "manifest.json", "manifest.sqlite", "pixels-test.npy", "pixels-train.npy"]
    for name in names:
        assert (dataset.folder / name).read_bytes() == (again.folder / name).read_bytes(), name
    changed = PIXELS.copy()
    changed[7, 0, 0, 0] ^= 1
    others = [
        write(tmp_path / "pixel", pixels=changed),
        write(tmp_path / "order", pixels=PIXELS[::-1]),
        write(tmp_path / "names", labels=("a", "c")),
        write(tmp_path / "labels", labels=("b", "a")),
        write(tmp_path / "split", declared=("train",)),
        write(tmp_path / "unlabelled", labels=(None,)),
    ]
    assert len({dataset.content_hash, *(other.content_hash for other in others)}) == 7


def test_summary_tells_what_was_refused(dataset):
    text = dataset.summary()
    for part in ("4x4 colour", "kept 20 of 21", "left out 1: empty", "a 7, b 7", "CC0-1.0", dataset.content_hash):
        assert part in text


def test_verify_finds_a_flipped_bit(dataset):
    dataset.verify()
    path = dataset.folder / "pixels-train.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedError, match=r"pixels-train\.npy"):
        dataset.verify()


def test_not_a_dataset_folder(tmp_path):
    with pytest.raises(DataError, match="no dataset folder"):
        Dataset.open(tmp_path / "nowhere")
    with pytest.raises(DataError, match="is not a dataset folder"):
        Dataset.open(tmp_path)
    (tmp_path / "dataset.json").write_text('{"labels": null}')
    with pytest.raises(DataError, match="not the card"):
        Dataset.open(tmp_path)


def test_interrupted_replacement_is_pointed_to(tmp_path, dataset):
    dataset.folder.rename(tmp_path / "set.replaced")
    with pytest.raises(DataError, match=r"set\.replaced"):
        Dataset.open(tmp_path / "set")


def change_card(dataset, **values):
    path = dataset.folder / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_newer_schema(dataset):
    change_card(dataset, schema_version=3, something="new")
    with pytest.raises(DataError, match="schema version 3; this Ganvas reads 2"):
        Dataset.open(dataset.folder)


def test_older_schema(dataset):
    change_card(dataset, schema_version=1)
    with pytest.raises(DataError, match=r"schema version 1; this Ganvas reads 2\. Prepare the dataset again"):
        Dataset.open(dataset.folder)


def test_damaged_card(dataset):
    change_card(dataset, channels=7)
    with pytest.raises(DamagedError, match="channels"):
        Dataset.open(dataset.folder)
    (dataset.folder / "dataset.json").write_text("{")
    with pytest.raises(DamagedError, match="not valid JSON"):
        Dataset.open(dataset.folder)


@pytest.mark.parametrize("keep", [0, 50, 200, -1])
def test_pixel_file_of_the_wrong_size(dataset, keep):
    path = dataset.folder / "pixels-train.npy"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DamagedError, match=r"pixels-train\.npy"):
        Dataset.open(dataset.folder)


def test_pixel_file_of_another_shape_or_kind(dataset):
    path = dataset.folder / "pixels-test.npy"
    for wrong in (np.zeros((6, 4, 4, 1), np.uint8), np.zeros((6, 4, 4, 3), np.float32), np.array([{}], object)):
        np.save(path, wrong, allow_pickle=True)
        with pytest.raises(DamagedError, match=r"pixels-test\.npy"):
            Dataset.open(dataset.folder)
    path.unlink()
    with pytest.raises(DamagedError, match="missing"):
        Dataset.open(dataset.folder)


def test_damaged_ledger(dataset):
    (dataset.folder / "manifest.sqlite").write_bytes(b"SQLite format 3\0" + bytes(50))
    with pytest.raises(DamagedError, match=r"manifest\.sqlite"):
        Dataset.open(dataset.folder).labels("train")


def test_occupied_places(tmp_path, dataset):
    expect_free(dataset.folder, overwrite=True)
    with pytest.raises(UsageError, match="already holds a dataset"):
        expect_free(dataset.folder, overwrite=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        expect_free(tmp_path / "file", overwrite=True)
    (tmp_path / "photos").mkdir()
    expect_free(tmp_path / "photos", overwrite=False)
    (tmp_path / "photos" / "dear.jpg").write_text("")
    with pytest.raises(UsageError, match="not a dataset folder"):
        expect_free(tmp_path / "photos", overwrite=True)


def test_what_other_workflows_keep_in_a_dataset_folder_is_ours(dataset):
    (dataset.folder / "classifier").mkdir()
    expect_free(dataset.folder, overwrite=True)
    assert write(dataset.folder, overwrite=True).classes == ("a", "b")


def test_foreign_files_in_a_dataset_folder_are_never_removed(dataset):
    (dataset.folder / "thesis.tex").write_text("")
    with pytest.raises(UsageError, match=r"thesis\.tex"):
        expect_free(dataset.folder, overwrite=True)


@pytest.mark.parametrize("ending", [".unfinished", ".replaced"])
def test_foreign_folders_beside_the_place_are_never_removed(tmp_path, ending):
    aside = tmp_path / f"set{ending}"
    aside.mkdir()
    expect_free(tmp_path / "set", overwrite=True)
    (aside / "thesis.tex").write_text("")
    with pytest.raises(UsageError, match=r"thesis\.tex"):
        write(tmp_path / "set", overwrite=True)
    assert (aside / "thesis.tex").exists()


def test_failure_while_writing_leaves_the_old_folder(tmp_path, dataset):
    with pytest.raises(ZeroDivisionError), new_dataset(dataset.folder, overwrite=True) as folder:
        (folder / "dataset.json").write_text("{")
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    Dataset.open(dataset.folder).verify()


def test_overwriting_replaces(tmp_path, dataset):
    assert write(dataset.folder, labels=("c", "d"), overwrite=True).classes == ("c", "d")
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
