"""Parquet files as the Hub has them, written by the `datasets` library and by pyarrow."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.data.inspection import inspect
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.parquet import open_parquet
from ganvas.data.sources.source import Item, Request, Source
from ganvas.errors import DataError
from ganvas.progress import Silent

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
STRUCT = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])


def opened(path: Path) -> Source:
    return open_source(path, None, Silent())


def items(path: Path) -> list[Item]:
    source = opened(path)
    found = list(source.items())
    assert source.reader == "parquet"
    assert len(found) == source.total
    return found


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def pixels(item: Item) -> np.ndarray:
    finding = inspect(item, Preprocessing(size=8, channels=3))
    assert finding.pixels is not None, finding.refusal
    return finding.pixels


def images(count: int = 6) -> "pyarrow.Array":
    return pyarrow.array([{"bytes": png(image), "path": f"{n}.png"} for n, image in enumerate(IMAGES[:count])], STRUCT)


def write(path: Path, names: list[str] | None = None, **columns) -> Path:
    table = pyarrow.table(columns)
    if names is not None:
        features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path, row_group_size=4)
    return path


def test_what_the_library_of_the_hub_writes(tmp_path):
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=["cat", "dog", "owl"]),
            "license": datasets.Value("string"),
            "url": datasets.Value("string"),
            "caption": datasets.Value("string"),
        }
    )
    rows = {
        "image": [Image.fromarray(image) for image in IMAGES],
        "label": [2, 0, 1, 0, -1, 2],
        "license": ["CC0-1.0"] * 6,
        "url": [f"https://example.org/{number}" for number in range(6)],
        "caption": ["words"] * 6,
    }
    table = datasets.Dataset.from_dict(rows, features=features)
    (tmp_path / "data").mkdir()
    for split, part in (("train", range(4)), ("test", range(4, 6))):
        table.select(part).to_parquet(tmp_path / f"data/{split}-00000-of-00001.parquet")
    found = items(tmp_path)
    assert [(item.label, item.split) for item in found] == [
        *[(None, "test"), ("owl", "test")],
        *[("owl", "train"), ("cat", "train"), ("dog", "train"), ("cat", "train")],
    ]
    assert found[2].name == "data/train-00000-of-00001.parquet[0]"
    assert (found[2].facts.licence, found[2].facts.url) == ("CC0-1.0", "https://example.org/0")
    np.testing.assert_array_equal(np.stack([pixels(item) for item in found]), IMAGES[[4, 5, 0, 1, 2, 3]])


def test_one_file_with_labels_in_words(tmp_path):
    path = write(tmp_path / "train-00000-of-00001.parquet", image=images(), label=list("ababab"))
    assert [(item.label, item.split) for item in items(path)] == [(label, None) for label in "ababab"]


def test_plain_binary_and_numbers_without_names(tmp_path):
    path = write(tmp_path / "a.parquet", jpg=[png(image) for image in IMAGES], label=[3, 1, 0, None, 1, 3])
    found = items(path)
    assert [item.label for item in found] == ["3", "1", "0", None, "1", "3"]
    np.testing.assert_array_equal(pixels(found[5]), IMAGES[5])


def test_train_alone_declares_no_split(tmp_path):
    for number in range(2):
        write(tmp_path / f"data/train-0000{number}-of-00002.parquet", image=images(3))
    assert {item.split for item in items(tmp_path)} == {None}


def test_bad_rows_are_rows_of_their_own(tmp_path):
    rows = [
        {"bytes": png(IMAGES[0]), "path": None},
        {"bytes": None, "path": None},
        {"bytes": None, "path": "/etc/hostname"},
        {"bytes": None, "path": "../secret.png"},
        {"bytes": None, "path": "link.png"},
        {"bytes": None, "path": "lost.png"},
        {"bytes": None, "path": "there.png"},
        None,
        {"bytes": png(IMAGES[1]), "path": None},
    ]
    (tmp_path / "secret.png").write_bytes(png(IMAGES[0]))
    folder = tmp_path / "set"
    path = write(folder / "a.parquet", ["cat"], image=pyarrow.array(rows, STRUCT), label=[0] * 8 + [7])
    (folder / "there.png").write_bytes(png(IMAGES[3]))
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    for place in (folder, path):
        found = items(place)
        kinds = [item.refusal and item.refusal.kind for item in found]
        assert kinds == [None, "missing", "outside", "outside", "outside", "missing", None, "missing", "bad-label"]
        np.testing.assert_array_equal(pixels(found[6]), IMAGES[3])
        assert found[6].label == "cat"


def test_files_above_the_limit_are_refused(tmp_path):
    path = write(tmp_path / "a.parquet", image=images(2))
    source = open_parquet(Request("a", path, None, Silent(), max_file_bytes=20))
    assert {item.refusal.kind for item in source.items()} == {"too-large"}


def test_damage_inside_refuses_the_rows_it_hits_and_no_other(tmp_path):
    path = write(tmp_path / "a.parquet", image=images(), label=list("ababab"))
    metadata = parquet.read_metadata(path)
    column = metadata.row_group(0).column(0)
    content = bytearray(path.read_bytes())
    content[column.data_page_offset : column.data_page_offset + 40] = b"\xff" * 40
    path.write_bytes(content)
    found = items(path)
    assert [item.refusal and item.refusal.kind for item in found] == ["damaged"] * 4 + [None] * 2
    np.testing.assert_array_equal(pixels(found[5]), IMAGES[5])


def test_row_groups_too_large_for_memory_are_refused(tmp_path, monkeypatch):
    from ganvas.data.sources import parquet as reader

    path = write(tmp_path / "a.parquet", image=images())
    monkeypatch.setattr(reader, "MAX_GROUP_BYTES", 1000)
    assert {item.refusal.kind for item in items(path)} == {"too-large"}


def test_files_without_images_are_told(tmp_path):
    path = write(tmp_path / "a.parquet", text=["a"], number=[1])
    with pytest.raises(DataError, match=r"no column of images.*text \(string\), number \(int64\)"):
        open_parquet(Request("a", path, None, Silent()))
    (tmp_path / "b.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(DataError, match=r"b\.parquet"):
        open_parquet(Request("b", tmp_path / "b.parquet", None, Silent()))


def test_a_listing_is_not_taken_for_images(tmp_path):
    Image.fromarray(IMAGES[0]).save(tmp_path / "a.png")
    write(tmp_path / "metadata.parquet", file_name=["a.png"], label=["cat"])
    source = opened(tmp_path)
    assert (source.reader, next(source.items()).label) == ("folder", "cat")


def test_memory_stays_flat(tmp_path):
    rows = [{"bytes": np.random.default_rng(n).bytes(200_000), "path": None} for n in range(600)]
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"image": pyarrow.array(rows, STRUCT)}), path, row_group_size=50)
    del rows
    before, peak = pyarrow.total_allocated_bytes(), 0
    for _ in opened(path).items():
        peak = max(peak, pyarrow.total_allocated_bytes() - before)
    assert peak < 40e6 < path.stat().st_size
