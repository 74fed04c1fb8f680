"""Listings: metadata.csv, .jsonl and .parquet as `imagefolder` reads them, and StyleGAN's dataset.json."""

import json
import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from ganvas.data.sources.folder import open_folder
from ganvas.data.sources.source import Facts, Item, Request, Source
from ganvas.progress import Silent


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), "red").save(path, "PNG")


def pictures(folder: Path, *names: str) -> None:
    for name in names:
        picture(folder / name)


def opened(folder: Path) -> Source:
    return open_folder(Request(str(folder), folder, None, Silent()))


def items(folder: Path) -> dict[str, Item]:
    source = opened(folder)
    found = list(source.items())
    assert len(found) == source.total
    return {item.name: item for item in found}


def labels(folder: Path) -> dict[str, str | None]:
    return {name: item.label for name, item in items(folder).items() if item.refusal is None}


def refusals(folder: Path) -> dict[str, str]:
    return {name: item.refusal.kind for name, item in items(folder).items() if item.refusal}


def jsonl(*records: object) -> str:
    return "\n".join(json.dumps(record) for record in records)


def test_csv_gives_label_split_and_facts(tmp_path):
    pictures(tmp_path, "a.png", "b.png")
    (tmp_path / "metadata.csv").write_text(
        "file_name,label,split,licence,creator,title,url,evidence,synthetic,opt_out\n"
        "a.png,cat,validation,CC-BY-4.0,Ann,A cat,https://x/a,https://x/page,true,noai\n"
        "b.png,7,train,,,,,,0,false\n"
    )
    found = items(tmp_path)
    facts = Facts("CC-BY-4.0", "Ann", "A cat", "https://x/a", "https://x/page", True, "noai")
    assert (found["a.png"].label, found["a.png"].split, found["a.png"].facts) == ("cat", "test", facts)
    assert (found["b.png"].label, found["b.png"].split, found["b.png"].facts) == ("7", "train", Facts())
    assert found["metadata.csv"].refusal.kind == "not-an-image"
    assert opened(tmp_path).note == ""


@pytest.mark.parametrize(
    ("columns", "field"),
    [("license", "licence"), ("author", "creator"), ("artist", "creator"), ("source", "url"), ("page", "evidence")],
)
def test_other_names_of_columns(tmp_path, columns, field):
    picture(tmp_path / "a.png")
    (tmp_path / "metadata.jsonl").write_text(jsonl({"File_Name": "a.png", columns.title(): " words  here "}))
    assert getattr(items(tmp_path)["a.png"].facts, field) == "words here"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_csv_of_any_program(tmp_path, delimiter, code, newline):
    pictures(tmp_path, "a.png", "b.png")
    rows = [["file_name", "label"], ["a.png", '"caf\u00e9"'], ["b.png", "th\u00e9"], []]
    (tmp_path / "metadata.csv").write_bytes(newline.join(delimiter.join(row) for row in rows).encode(code))
    assert labels(tmp_path) == {"a.png": "caf\u00e9", "b.png": "th\u00e9"}


@pytest.mark.parametrize(
    ("value", "label"),
    [
        *[(3, "3"), (3.0, "3"), ("3", "3"), (" cat ", "cat"), (None, None), ("", None), ([0, 1, 0], "1")],
        *[
            ({"a": 1}, None),
            (float("nan"), None),
            (2.5, "2.5"),
            (10**30, str(10**30)),
            ("\ud800", "?"),
            ([0, 2], None),
            (True, "True"),
        ],
    ],
)
def test_labels_of_every_type(tmp_path, value, label):
    picture(tmp_path / "a.png")
    (tmp_path / "metadata.jsonl").write_text(jsonl({"file_name": "a.png", "label": value}))
    assert labels(tmp_path) == {"a.png": label}


def test_labels_win_over_sub_folders_and_the_deepest_listing_wins(tmp_path):
    pictures(tmp_path, "x/a.png", "x/b.png", "y/c.png")
    (tmp_path / "metadata.csv").write_text("file_name,label\nx/a.png,one\nx/b.png,one\ny/c.png,one\n")
    (tmp_path / "x/metadata.csv").write_text("file_name,label\nb.png,two\n")
    assert labels(tmp_path) == {"x/a.png": "one", "x/b.png": "two", "y/c.png": "one"}


def test_files_not_listed_keep_a_class_the_listing_has_and_no_other(tmp_path):
    pictures(tmp_path, "cat/a.png", "cat/b.png", "images/c.png")
    (tmp_path / "metadata.csv").write_text("file_name,label\ncat/a.png,cat\n")
    assert labels(tmp_path) == {"cat/a.png": "cat", "cat/b.png": "cat", "images/c.png": None}


def test_listing_without_labels_leaves_the_classes(tmp_path):
    pictures(tmp_path, "cat/a.png", "dog/b.png")
    (tmp_path / "metadata.csv").write_text("file_name,licence\ncat/a.png,CC0-1.0\n")
    assert labels(tmp_path) == {"cat/a.png": "cat", "dog/b.png": "dog"}
    assert [item.facts.licence for item in items(tmp_path).values()][:2] == ["CC0-1.0", None]


def test_train_and_test_folders_each_with_a_listing(tmp_path):
    pictures(tmp_path, "train/a.png", "test/b.png")
    (tmp_path / "train/metadata.csv").write_text("file_name,label\na.png,cat\n")
    (tmp_path / "test/metadata.jsonl").write_text(jsonl({"file_name": "b.png", "label": "dog"}))
    found = {name: (item.split, item.label) for name, item in items(tmp_path).items() if not item.refusal}
    assert found == {"train/a.png": ("train", "cat"), "test/b.png": ("test", "dog")}


def test_listed_files_that_are_not_there(tmp_path):
    pictures(tmp_path, "a.png")
    (tmp_path / "metadata.csv").write_text("file_name,label\na.png,x\nlost.png,y\n")
    assert refusals(tmp_path) == {"metadata.csv": "not-an-image", "lost.png": "missing"}
    assert "lists 1 files that are not in it, such as `lost.png`" in opened(tmp_path).note


@pytest.mark.parametrize(
    "name",
    ["../out.png", "/etc/passwd", "sub/../../out.png", "C:/out.png", "..\\out.png", "\\\\host\\out.png", "a\0.png"],
)
def test_listed_paths_never_leave_the_folder(tmp_path, name):
    picture(tmp_path / "out.png")
    root = tmp_path / "root"
    picture(root / "a.png")
    (root / "metadata.jsonl").write_text(jsonl({"file_name": name, "label": "x"}))
    assert refusals(root) == {"metadata.jsonl": "not-an-image", name: "outside"}
    assert all(item.content is None for item in items(root).values() if item.refusal and "outside" in item.refusal)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_listed_paths_through_links(tmp_path):
    picture(tmp_path / "elsewhere/a.png")
    root = tmp_path / "root"
    picture(root / "a.png")
    (root / "link").symlink_to(tmp_path / "elsewhere")
    (root / "b.png").symlink_to(tmp_path / "elsewhere/a.png")
    (root / "metadata.csv").write_text("file_name\nlink/a.png\nb.png\n")
    expected = {"b.png": "outside", "link": "outside", "link/a.png": "outside", "metadata.csv": "not-an-image"}
    assert refusals(root) == expected
    assert "through a link" in items(root)["link/a.png"].refusal.reason


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_listing_that_is_a_link_to_elsewhere_is_not_read(tmp_path):
    root = tmp_path / "root"
    picture(root / "a.png")
    (tmp_path / "metadata.csv").write_text("file_name,label\na.png,stolen\n")
    (root / "metadata.csv").symlink_to(tmp_path / "metadata.csv")
    assert labels(root) == {"a.png": None}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("metadata.csv", b"image,label\na.png,x\n", "no column `file_name`; it starts `image,label`"),
        ("metadata.csv", b"", "no column `file_name`"),
        ("metadata.csv", b"file_name\n" + b"x" * 200_000 + b"\n", "1 rows that name no file"),
        ("metadata.jsonl", b'{"label": 1}\n[1]\n{"file_name": "a.png"}\n{{{\n' + b"[" * 10**5, "4 rows"),
        ("metadata.parquet", b"PAR1 no", "not a Parquet file"),
        ("dataset.json", b"[1, 2]", "not of the form"),
        ("dataset.json", b'{"labels": 5}', "neither a list nor null"),
        ("dataset.json", b'{"labels": [["a.png"], 3, ["a.png", 1]]}', "2 rows"),
    ],
)
def test_listings_that_cannot_be_read_are_told_and_stop_nothing(tmp_path, name, content, words):
    picture(tmp_path / "a.png")
    (tmp_path / name).write_bytes(content)
    assert words in opened(tmp_path).note
    assert list(labels(tmp_path)) == ["a.png"]


def test_parquet(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    picture(tmp_path / "a.png")
    table = arrow.table({"file_name": ["a.png"], "label": [4], "license": ["CC0-1.0"], "synthetic": [False]})
    parquet.write_table(table, tmp_path / "metadata.parquet")
    item = items(tmp_path)["a.png"]
    assert (item.label, item.facts) == ("4", Facts(licence="CC0-1.0"))


def test_stylegan_labels(tmp_path):
    pictures(tmp_path, "00000/img00000000.png", "00000/img00000001.png", "00001/img00000002.png")
    pairs = [["00000/img00000000.png", 6], ["00000/img00000001.png", [0, 0, 1]], ["00001/img00000002.png", 9]]
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": pairs}))
    assert list(labels(tmp_path).values()) == ["6", "2", "9"]
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": dict(pairs)}))
    assert list(labels(tmp_path).values()) == ["6", "2", "9"]
    (tmp_path / "dataset.json").write_text('{"labels": null}')
    assert list(labels(tmp_path).values()) == [None, None, None]
    assert opened(tmp_path).note == ""


def test_composed_and_decomposed_names_meet(tmp_path):
    picture(tmp_path / "cafe\u0301.png")
    (tmp_path / "metadata.csv").write_text("file_name,label\ncaf\u00e9.png,x\n", "utf-8")
    assert list(labels(tmp_path).values()) == ["x"]


@pytest.mark.parametrize("name", ["ATTRIBUTION.md", "collected.sqlite", ".DS_Store", "Thumbs.db", "desktop.ini"])
def test_companions_are_rows(tmp_path, name):
    pictures(tmp_path, "cat/a.png", "dog/a.png")
    (tmp_path / name).write_text("x")
    assert refusals(tmp_path) == {name: "not-an-image"}
    assert set(labels(tmp_path).values()) == {"cat", "dog"}


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_same_as_the_hugging_face_library(tmp_path, form, monkeypatch):
    pytest.importorskip("datasets")
    root = tmp_path / "root"
    pictures(root, "deep/a.png", "deep/b.png", "c.png")
    rows = [("deep/a.png", "cat, big"), ("deep/b.png", 'the "dog"'), ("c.png", "\u00fcber")]
    if form == "csv":
        lines = [f'"{name}","{label.replace(chr(34), chr(34) * 2)}"' for name, label in rows]
        (root / "metadata.csv").write_text("\n".join(["file_name,label", *lines]), "utf-8")
    else:
        (root / "metadata.jsonl").write_text(jsonl(*({"file_name": name, "label": label} for name, label in rows)))
    script = "import datasets, json, sys; d = datasets.load_dataset('imagefolder', data_dir=sys.argv[1], split='train')"
    script += "; d = d.cast_column('image', datasets.Image(decode=False))"
    script += "; print(json.dumps([[r['image']['path'], r['label']] for r in d]))"
    theirs = {Path(path).relative_to(root).as_posix(): label for path, label in run_python(script, root, tmp_path)}
    assert theirs == labels(root) == dict(rows)


def run_python(script: str, folder: Path, cache: Path) -> list[list[str]]:
    import subprocess

    environment = os.environ | {"HF_DATASETS_CACHE": str(cache / "hf"), "HF_DATASETS_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", script, folder], env=environment, capture_output=True, check=True)
    return json.loads(done.stdout.decode().splitlines()[-1])
