"""WebDataset shards, against those that the `webdataset` library writes."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.data.sources.opening import open_source
from ganvas.data.sources.source import Facts, Item, Source
from ganvas.progress import Silent


def png(value: int = 0) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((4, 4, 3), value, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def shard(path: Path, *members: tuple[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def opened(path: Path) -> Source:
    return open_source(path, None, Silent())


def items(path: Path) -> list[Item]:
    source = opened(path)
    assert source.reader == "webdataset"
    found = list(source.items())
    assert len(found) == source.total
    assert found == list(source.items())
    return found


def rows(path: Path) -> list[tuple[str, str | None, str | None]]:
    return [(item.name, item.label, item.refusal.kind if item.refusal else None) for item in items(path)]


@pytest.mark.parametrize("packed", [True, False])
def test_shards_written_by_the_library(tmp_path, packed):
    wds = pytest.importorskip("webdataset")
    path = tmp_path / ("set.tar.gz" if packed else "set.tar")
    with wds.TarWriter(str(path)) as writer:
        for index in range(70):
            image = np.full((4, 4, 3), index, np.uint8)
            writer.write({"__key__": f"{index:06d}", "png": image, "cls": index % 3, "txt": f"number {index}"})
    found = items(path)
    assert [item.name for item in found] == [f"{index:06d}.png" for index in range(70)]
    assert [item.label for item in found] == [str(index % 3) for index in range(70)]
    assert found[69].facts == Facts(title="number 69")
    assert np.asarray(Image.open(io.BytesIO(found[69].content)))[0, 0, 0] == 69


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_sharded_by_the_library_and_read_by_it(tmp_path):
    wds = pytest.importorskip("webdataset")
    with wds.ShardWriter(str(tmp_path / "set-%03d.tar"), maxcount=4, verbose=0) as writer:
        for index in range(10):
            writer.write({"__key__": f"k{index}", "png": png(index), "json": {"label": f"class {index % 2}"}})
    shards = sorted(map(str, tmp_path.glob("*.tar")))
    theirs = [
        (sample["__key__"], json.loads(sample["json"])["label"], sample["png"])
        for sample in wds.WebDataset(shards, shardshuffle=False)
    ]
    ours = [(item.name[12:].removesuffix(".png"), item.label, item.content) for item in items(tmp_path)]
    assert ours == theirs
    assert items(tmp_path)[4].name == "set-001.tar/k4.png"


def test_facts_from_json(tmp_path):
    record = {"license": "CC0-1.0", "url": "https://x/a", "artist": "Ann", "caption": "A\ncat", "class": 3}
    path = shard(tmp_path / "s.tar", ("a.json", json.dumps(record).encode()), ("a.jpg", b"x"))
    (item,) = items(path)
    assert (item.name, item.label) == ("a.jpg", "3")
    assert item.facts == Facts(licence="CC0-1.0", creator="Ann", title="A cat", url="https://x/a")


def test_splits_by_shard_names_and_folders(tmp_path):
    sample = (("a.png", png()), ("a.cls", b"1"))
    for name in ("one/s-train-000.tar", "one/s-val-000.tar", "two/train/0.tar", "two/test/0.tar", "three/s-train.tar"):
        shard(tmp_path / name, *sample)
    splits = {name: [item.split for item in items(tmp_path / name)] for name in ("one", "two", "three")}
    assert splits == {"one": ["train", "test"], "two": ["test", "train"], "three": [None]}


def test_what_is_wrong_with_a_sample_is_a_row(tmp_path):
    link = tarfile.TarInfo("f.png")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    path = shard(
        tmp_path / "s.tar",
        *[(f"a{index}.{ending}", b"1") for index in range(40) for ending in ("png", "cls")],
        *[("b.json", b"{"), ("b.png", b"x"), ("c.cls", b"1"), ("d.png", b"x"), ("d.seg.png", b"x"), ("d.cls", b"2")],
        *[("../e.png", b"x"), ("../e.cls", b"3"), ("g.cls", b"1" * (2 << 20)), ("g.png", b"x")],
    )
    with tarfile.open(path, "a") as tar:
        tar.addfile(link)
    assert rows(path)[40:] == [
        ("b.png", None, "damaged"),
        ("c", None, "not-an-image"),
        ("d.png", "2", None),
        ("d.seg.png", None, "second-image"),
        ("../e.png", None, "outside"),
        ("../e.cls", None, "outside"),
        ("g.png", None, "too-large"),
        ("f.png", None, "link"),
    ]


def test_shard_that_is_cut(tmp_path):
    path = shard(tmp_path / "s.tar", *[(f"{k}.{e}", b"1" * 600) for k in range(9) for e in ("png", "cls")])
    path.write_bytes(path.read_bytes()[: 512 * 3 * 10 + 700])
    found = rows(path)
    assert [row[2] for row in found] == [None] * 5 + ["truncated", "damaged"]
    assert "cut" in opened(path).note
    whole = gzip.compress(
        shard(tmp_path / "t.tar", *[(f"{k}.{e}", b"1") for k in range(99) for e in ("png", "cls")]).read_bytes()
    )
    path.write_bytes(whole[: len(whole) // 2])
    assert rows(path)[-1][2] == "damaged"


@pytest.mark.parametrize(
    "members",
    [
        [("a.png", b"x"), ("b.png", b"x")],
        [("cat/a.png", b"x"), ("cat/a.json", b"{}")],
        [("a.png", b"x"), ("a.txt", b"x")],
        [("a.png", b"x"), ("a.cls", b"1"), ("metadata.csv", b"file_name")],
        [("a.cls", b"1"), ("b.cls", b"1")],
    ],
)
def test_what_is_not_surely_a_shard_is_an_archive(tmp_path, members):
    assert opened(shard(tmp_path / "s.tar", *members)).reader == "archive"


def test_folder_with_anything_else_is_a_folder(tmp_path):
    shard(tmp_path / "s.tar", ("a.png", png()), ("a.cls", b"1"))
    assert opened(tmp_path).reader == "webdataset"
    (tmp_path / "sizes.json").write_text("{}")
    assert opened(tmp_path).reader == "webdataset"
    (tmp_path / "b.png").write_bytes(png())
    assert opened(tmp_path).reader == "folder"
