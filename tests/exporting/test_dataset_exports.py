"""Exported datasets, read back by the libraries that their users read them with: same pixels, labels and names."""

import gc
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import warnings
import zipfile
from collections import Counter
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
import pytest
from PIL import Image

import ganvas
from ganvas.cli.export import Format
from ganvas.data.store import Dataset
from ganvas.errors import DamagedError, UsageError
from ganvas.exporting.datasets import DATASET_EXPORTS, parquet, webdataset
from ganvas.exporting.datasets.dataset_card import dataset_card, licence_counts
from ganvas.exporting.datasets.image_folder import folder_names
from ganvas.exporting.datasets.record import FACTS, mixed, png_bytes
from ganvas.progress import Silent
from ganvas.seeds import Stream
from ganvas.workflows.export import MODEL_EXPORTS

SPLITS = ("train", "test")
FORMATS = sorted(DATASET_EXPORTS)


class Kind(NamedTuple):
    """What is exported: channels, height, width, class names."""

    channels: int
    height: int
    width: int
    classes: tuple[str, ...]


KINDS = {
    "grey": Kind(1, 16, 16, ("2", "10", "33")),  # by value, where readers sort 10 before 2
    "colour": Kind(3, 12, 20, ()),
    "alpha": Kind(4, 20, 12, ("cat: a 'tame' one", "Ähre")),
}


def photos(folder, kind, per_class=8):
    """Make a folder of noise, with a listing that knows the origin of every second image."""
    shape = (per_class, kind.height, kind.width, kind.channels)
    lines = []
    for name in kind.classes or ("",):
        (folder / name).mkdir(parents=True)
        stream = Stream(len(lines), "photos")
        for index, pixels in enumerate(stream.integers(int(np.prod(shape)), 256).astype(np.uint8).reshape(shape)):
            path = folder / name / f"{index}.png"
            path.write_bytes(png_bytes(pixels))
            known = {
                "licence": "CC-BY-4.0",
                "creator": f"Zoë {index}",
                "title": "One; | two <3>",
                "url": "https://x.org/1",
            }
            label = {"label": name} if name else {}
            facts = known if index % 2 else {}
            lines.append(json.dumps({"file_name": path.relative_to(folder).as_posix(), **label, **facts}))
    (folder / "metadata.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def dataset_of(tmp_path_factory):
    @cache
    def made(name):
        kind, folder = KINDS[name], tmp_path_factory.mktemp("exported")
        choices = {"channels": kind.channels, "test_fraction": 0.25, "unknown_licence": "keep"}
        source = photos(folder / "photos", kind)
        out = folder / "set"
        return ganvas.prepare(source, out=out, size=(kind.height, kind.width), progress=Silent(), **choices)

    return made


@pytest.fixture(params=KINDS)
def dataset(request, dataset_of):
    return dataset_of(request.param)


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    @cache
    def made(dataset, to):
        return ganvas.export(dataset.folder, tmp_path_factory.mktemp("exports") / to, to=to, progress=Silent())

    return made


@pytest.fixture(scope="session")
def load_dataset():
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    return datasets.load_dataset


def same_pixels(dataset, split, pictures, to=None):
    """Compare pictures with the dataset's pixels, modes too, in the order of rows or that of an export."""
    expected = dataset.pixels(split)[mixed(dataset, split) if to == "webdataset" else slice(None)]
    assert len(pictures) == len(expected) > 0
    for picture, pixels in zip(pictures, expected, strict=True):
        assert picture.mode == {1: "L", 3: "RGB", 4: "RGBA"}[dataset.shape.channels]
        np.testing.assert_array_equal(np.asarray(picture).reshape(pixels.shape), pixels)


def names_of(dataset, split):
    labels = dataset.labels(split)
    return None if labels is None else [dataset.classes[label] for label in labels]


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_kinds_are_as_wanted(dataset_of):
    for name, kind in KINDS.items():
        dataset = dataset_of(name)
        assert dataset.shape == (kind.channels, kind.height, kind.width)
        assert dataset.classes == kind.classes
        assert dataset.count("train") > dataset.count("test") > 0


# The image folder


def test_image_folder_by_hugging_face(dataset, exported, load_dataset):
    folder = exported(dataset, "image-folder")
    for loaded in (load_dataset("imagefolder", data_dir=str(folder)), load_dataset(str(folder))):
        assert set(loaded) == set(SPLITS)
        for split, data in loaded.items():
            same_pixels(dataset, split, data["image"])
            assert (data["label"] if "label" in data.column_names else None) == names_of(dataset, split)
            rows = list(dataset.rows(split))
            assert data["source_path"] == [row.path for row in rows]
            assert data["creator"] == [row.creator or "" for row in rows]
            assert data["url"] == [row.url or "" for row in rows]
    if dataset.classes:
        from datasets import ClassLabel

        numbered = loaded["train"].cast_column("label", ClassLabel(names=list(dataset.classes)))
        assert numbered["label"] == dataset.labels("train").tolist()


def test_image_folder_has_a_folder_per_class(dataset_of, exported):
    dataset = dataset_of("grey")
    folder = exported(dataset, "image-folder")
    assert {path.name for path in (folder / "train").iterdir()} == {*dataset.classes, "metadata.jsonl"}
    for split in SPLITS:
        counts = Counter(path.parent.name for path in (folder / split).rglob("*.png"))
        assert counts == Counter(names_of(dataset, split))


def test_image_folder_prepared_again(dataset, exported, tmp_path):
    size, channels = (dataset.shape.height, dataset.shape.width), dataset.shape.channels
    folder = exported(dataset, "image-folder")
    out = tmp_path / "again"
    again = ganvas.prepare(folder, out=out, size=size, channels=channels, progress=Silent(), unknown_licence="keep")
    assert again.classes == dataset.classes
    for split in SPLITS:
        pictures = []
        for data in (dataset, again):
            names = names_of(data, split) or [""] * data.count(split)
            facts = [(row.licence, row.creator, row.title, row.url) for row in data.rows(split)]
            pixels = [image.tobytes() for image in data.pixels(split)]
            pictures.append(Counter(zip(names, facts, pixels, strict=True)))
        assert pictures[0] == pictures[1]


def test_class_folders_are_safe_and_distinct():
    assert folder_names(("cat", "a/b", "..", ".git", "", "NUL", "con.txt", "end.", "100%")) == [
        "cat",
        "a%2Fb",
        "%2E%2E",
        "%2Egit",
        "_",
        "NUL_",
        "con.txt_",
        "end%2E",
        "100%",
    ]
    assert folder_names(("Cat", "cat", "cat_2", "CAT")) == ["Cat", "cat_2", "cat_2_2", "CAT_3"]
    assert len(folder_names(("ü" * 300,))[0].encode()) <= 255


# Parquet


def test_parquet_by_hugging_face(dataset, exported, load_dataset):
    folder = exported(dataset, "parquet")
    files = {split: str(folder / "data" / f"{split}-*.parquet") for split in SPLITS}
    for loaded in (load_dataset(str(folder)), load_dataset("parquet", data_files=files)):
        assert set(loaded) == set(SPLITS)
        for split, data in loaded.items():
            same_pixels(dataset, split, data["image"])
            rows = list(dataset.rows(split))
            assert data["sha256"] == [row.sha256 for row in rows]
            assert data["licence"] == [row.licence for row in rows]
            assert data["title"] == [row.title for row in rows]
            assert set(data.column_names) == {"image", *FACTS} | ({"label"} if dataset.classes else set())
            if dataset.classes:
                assert data.features["label"].names == list(dataset.classes)
                assert data["label"] == dataset.labels(split).tolist()


def test_parquet_shards_hold_everything_once(dataset, tmp_path, load_dataset):
    image_bytes = int(np.prod(dataset.shape))
    parquet.write(dataset, tmp_path, Silent(), max_shard_bytes=4 * image_bytes)
    names = sorted(path.name for path in (tmp_path / "data").glob("train-*"))
    count = -(-dataset.count("train") // 4)
    assert names == [f"train-{shard:05d}-of-{count:05d}.parquet" for shard in range(count)]
    data = load_dataset("parquet", data_files=[str(tmp_path / "data" / name) for name in names], split="train")
    same_pixels(dataset, "train", data["image"])


def test_another_dataset_in_a_folder_of_the_same_name_is_never_taken_from_a_cache(dataset_of, exported, load_dataset):
    for to in ("parquet", "webdataset", "image-folder"):
        for name in ("alpha", "grey", "alpha"):
            dataset = dataset_of(name)
            data = load_dataset(str(exported(dataset, to)), split="train")
            same_pixels(dataset, "train", data["png" if to == "webdataset" else "image"], to)


def test_parquet_by_pandas(dataset, exported):
    pandas = pytest.importorskip("pandas")
    rows = pandas.read_parquet(exported(dataset, "parquet") / "data" / "test-00000-of-00001.parquet")
    same_pixels(dataset, "test", [Image.open(io.BytesIO(image["bytes"])) for image in rows.image])


# WebDataset


def read_shards(folder, split, channels):
    reader = pytest.importorskip("webdataset")
    shards = sorted(str(path) for path in folder.glob(f"{split}-*.tar"))
    with forgiven_open_files():
        return list(reader.WebDataset(shards, shardshuffle=False).decode({1: "l8", 3: "rgb8", 4: "rgba8"}[channels]))


@contextmanager
def forgiven_open_files():
    """Overlook the files that `webdataset` leaves open."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


def test_webdataset_by_webdataset(dataset, exported):
    folder = exported(dataset, "webdataset")
    for split in SPLITS:
        samples = read_shards(folder, split, dataset.shape.channels)
        pixels = np.stack([sample["png"] for sample in samples]).reshape(dataset.pixels(split).shape)
        order = mixed(dataset, split)
        np.testing.assert_array_equal(pixels, dataset.pixels(split)[order])
        labels = dataset.labels(split)
        assert [sample.get("cls") for sample in samples] == (
            [None] * len(samples) if labels is None else labels[order].tolist()
        )
        facts = [sample["json"] for sample in samples]
        paths = [row.path for row in dataset.rows(split)]
        assert [fact["source_path"] for fact in facts] == [paths[row] for row in order]
        assert {fact["dataset"] for fact in facts} == {dataset.content_hash}
        if dataset.classes:
            assert [fact["class"] for fact in facts] == [names_of(dataset, split)[row] for row in order]


def test_webdataset_by_hugging_face(dataset, exported, load_dataset):
    loaded = load_dataset(str(exported(dataset, "webdataset")))
    for split in SPLITS:
        same_pixels(dataset, split, loaded[split]["png"], "webdataset")


def test_webdataset_shards_keep_to_their_size(dataset, tmp_path):
    cap = 12 * 1024
    webdataset.write(dataset, tmp_path, Silent(), max_shard_bytes=cap)
    shards = sorted(tmp_path.glob("train-*.tar"))
    assert [path.name for path in shards] == [f"train-{shard:06d}.tar" for shard in range(len(shards))]
    assert len(shards) > 1
    assert all(path.stat().st_size <= cap for path in shards)
    samples = read_shards(tmp_path, "train", dataset.shape.channels)
    order = mixed(dataset, "train").tolist()
    assert [sample["__key__"] for sample in samples] == [f"{number:08d}" for number in order]
    assert order != sorted(order) == list(range(dataset.count("train")))


def test_webdataset_headers_tell_nothing_of_this_machine(dataset, exported):
    for path in exported(dataset, "webdataset").glob("*.tar"):
        with tarfile.open(path) as shard:
            members = shard.getmembers()
        assert members
        assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in members} == {(0, 0, 0, "", "", 0o644)}


# StyleGAN


def test_stylegan_as_its_loader_reads(dataset, exported):
    folder = exported(dataset, "stylegan")
    for split in SPLITS:
        with zipfile.ZipFile(folder / f"{split}.zip") as archive:
            assert archive.testzip() is None
            assert {(info.compress_type, info.date_time) for info in archive.infolist()} == {
                (zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0))
            }
            names = sorted(name for name in archive.namelist() if name.endswith(".png"))
            assert names[0] == "00000/img00000000.png"
            same_pixels(dataset, split, [Image.open(io.BytesIO(archive.read(name))) for name in names])
            description = json.loads(archive.read("dataset.json"))
        labels = dataset.labels(split)
        if labels is None:
            assert description["labels"] is None
        else:
            by_name = dict(description["labels"])
            assert [by_name[name] for name in names] == labels.tolist()
        assert (description["classes"], description["content_hash"]) == (list(dataset.classes), dataset.content_hash)
        listing = [json.loads(line) for line in (folder / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]
        assert [line["file_name"] for line in listing] == names
        assert [line["creator"] for line in listing] == [row.creator or "" for row in dataset.rows(split)]


# All of them


def test_table_and_command_line_name_the_same_formats():
    assert list(get_args(Format)) == [*MODEL_EXPORTS, *DATASET_EXPORTS]


@pytest.mark.parametrize("to", FORMATS)
def test_same_dataset_gives_the_same_bytes(dataset, exported, tmp_path, to):
    first = exported(dataset, to)
    assert contents(ganvas.export(dataset, tmp_path / "elsewhere", to=to, progress=Silent())) == contents(first)
    assert dataset.content_hash in (first / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["elsewhere"]


@pytest.mark.parametrize("to", FORMATS)
def test_nothing_of_this_machine_is_told(dataset, exported, to):
    for path in exported(dataset, to).rglob("*"):
        if path.suffix in {".md", ".jsonl", ".tar", ".zip"}:
            assert str(dataset.folder.parent).encode() not in path.read_bytes()


@pytest.mark.parametrize("to", FORMATS)
def test_card_header_is_yaml_that_the_hub_reads(dataset, exported, to):
    yaml = pytest.importorskip("yaml")
    text = (exported(dataset, to) / "README.md").read_text(encoding="utf-8")
    header = yaml.safe_load(text.split("---\n")[1])
    assert header["content_hash"] == dataset.content_hash
    assert header["license"] == "other"  # half of the images are CC BY 4.0, of the others nothing is known
    assert header["size_categories"] == ["n<1K"]
    if to == "parquet" and dataset.classes:
        (label,) = (feature for feature in header["dataset_info"]["features"] if feature["name"] == "label")
        assert list(label["dtype"]["class_label"]["names"].values()) == list(dataset.classes)


def test_readme_commands_run(dataset, exported, load_dataset, monkeypatch):
    for to in ("image-folder", "parquet", "webdataset"):
        folder = exported(dataset, to)
        code = (folder / "README.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
        monkeypatch.chdir(folder)
        names: dict = {}
        with forgiven_open_files():
            exec(compile(code, to, "exec"), names)
            assert np.asarray(names["picture"]).shape[:2] == (dataset.shape.height, dataset.shape.width), to
            names.clear()


def test_taken_places_are_refused(dataset, tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    for place, words in (
        (tmp_path, "not an empty folder"),
        (tmp_path / "mine.txt", "not an empty folder"),
        (dataset.folder / "export", "lies inside the dataset folder"),
    ):
        with pytest.raises(UsageError, match=words):
            ganvas.export(dataset, place, to="parquet", progress=Silent())
    assert contents(tmp_path).keys() == {"mine.txt"}
    (tmp_path / "empty").mkdir()
    assert (ganvas.export(dataset, tmp_path / "empty", to="stylegan", progress=Silent()) / "train.zip").is_file()


def test_wrong_pairs_are_told_what_fits(dataset, finished_run, tmp_path):
    fitting = "Choose what fits it: `image-folder`, `parquet`, `webdataset`, `stylegan`"
    for source in (dataset, dataset.folder, str(dataset.folder)):
        with pytest.raises(UsageError, match=fitting):
            ganvas.export(source, tmp_path / "out")
    for source in (finished_run, str(finished_run), ganvas.load(finished_run)):
        with pytest.raises(UsageError, match=r"is a run or model.*Choose what fits it: `model`"):
            ganvas.export(source, tmp_path / "out", to="parquet")
    with pytest.raises(UsageError, match=r"no export format `parket`\. Did you mean `parquet`"):
        ganvas.export(dataset, tmp_path / "out", to="parket")
    assert not (tmp_path / "out").exists()


def test_damaged_dataset_leaves_nothing_behind(dataset, tmp_path):
    copy = Path(shutil.copytree(dataset.folder, tmp_path / "copy"))
    with (copy / "pixels-train.npy").open("rb+") as file:
        file.seek(-1, os.SEEK_END)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(DamagedError, match="pixels-train"):
        ganvas.export(copy, tmp_path / "out", to="parquet", progress=Silent())
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_stopped_export_leaves_nothing_behind(dataset, tmp_path):
    class Stopping(Silent):
        def advance(self, amount=1, note=""):
            self.left = getattr(self, "left", 5) - 1
            if self.left == 0:
                raise KeyboardInterrupt

    for to in FORMATS:
        with pytest.raises(KeyboardInterrupt):
            ganvas.export(dataset, tmp_path / to, to=to, progress=Stopping())
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_every_image(dataset, tmp_path):
    class Counting(Silent):
        total = 0

        def begin(self, task, total, done=0):
            self.total += total

        def advance(self, amount=1, note=""):
            self.total -= amount

    progress = Counting()
    ganvas.export(dataset, tmp_path / "out", to="webdataset", progress=progress)
    assert progress.total == 0


def test_command_line_exports_a_dataset(dataset, tmp_path):
    command = [sys.executable, "-X", "importtime", "-m", "ganvas", "export", str(dataset.folder)]
    done = subprocess.run(
        [*command, "--to", "image-folder", "--out", str(tmp_path / "out")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Dataset as image-folder" in done.stdout
    assert "| torch\n" not in done.stderr, "an export of a dataset needs no torch"
    assert (tmp_path / "out" / "train" / "metadata.jsonl").is_file()


def test_licences_are_counted_image_by_image(dataset):
    counts = licence_counts(dataset)
    assert counts.total() == dataset.count("train") + dataset.count("test")
    assert set(counts) == {"", "CC-BY-4.0"}
    card = dataset_card(dataset, DATASET_EXPORTS["parquet"].load())
    assert f"unknown ({counts['']})" in card


def test_creators_are_named_where_their_licence_asks_for_it(dataset, exported):
    for to in FORMATS:
        text = (exported(dataset, to) / "ATTRIBUTION.md").read_text(encoding="utf-8")
        rows = [row for split in SPLITS for row in dataset.rows(split) if row.licence]
        assert text.count("\n- ") == len(rows) > 0
        assert {line.removeprefix("### ") for line in text.splitlines() if line.startswith("### ")} == {
            row.creator for row in rows
        }


def test_digits_are_exported_under_their_licence(digits_at, tmp_path, load_dataset):
    dataset = Dataset.open(digits_at(8))
    folder = ganvas.export(dataset, tmp_path / "digits", to="parquet", progress=Silent())
    assert '\nlicense: "cc-by-4.0"\n' in (folder / "README.md").read_text(encoding="utf-8")
    data = load_dataset(str(folder), split="train")
    assert data["label"] == dataset.labels("train").tolist()
    same_pixels(dataset, "train", data["image"])
