"""CIFAR in both published forms, and pickles that want more than to be read."""

import builtins
import io
import os
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest

from ganvas.data.sources.cifar_files import cifar_source
from ganvas.data.sources.inert_pickle import read_inert
from ganvas.data.sources.opening import open_source
from ganvas.data.sources.source import Source
from ganvas.errors import DataError
from ganvas.progress import Silent

TEN = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def opened(path: Path) -> Source:
    return open_source(path, None, Silent())


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)


def by_python_2(batch: dict) -> bytes:
    """Write a dictionary as cPickle of Python 2 wrote the published files: protocol 2, byte strings, counted memo."""
    parts, memo = [b"\x80\x02}"], iter(range(1, 1 << 30))
    put = lambda: (lambda index: b"q" + bytes([index]) if index < 256 else b"r" + struct.pack("<I", index))(next(memo))  # noqa: E731

    def string(value: bytes) -> bytes:
        return (b"U" + bytes([len(value)]) if len(value) < 256 else b"T" + struct.pack("<i", len(value))) + value

    def value_of(value) -> bytes:
        if isinstance(value, np.ndarray):
            shape = b"".join(b"M" + struct.pack("<H", side) for side in value.shape)
            return (
                b"cnumpy.core.multiarray\n_reconstruct\n" + put()
                + b"cnumpy\nndarray\n" + put() + b"K\0\x85U\x01b\x87R" + put()
                + b"(K\x01" + shape + b"\x86cnumpy\ndtype\n" + put() + b"U\x02u1K\0K\x01\x87R" + put()
                + b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89"
                + string(value.tobytes()) + put() + b"tb"
            )  # fmt: skip
        if isinstance(value, list):
            return b"]" + put() + b"(" + b"".join(map(value_of, value)) + b"e"
        if isinstance(value, int):
            return b"K" + bytes([value]) if value < 256 else b"M" + struct.pack("<H", value)
        return string(value.encode()) + put()

    parts += [put(), b"("]
    parts += [value_of(key) + value_of(value) for key, value in batch.items()]
    return b"".join([*parts, b"u."])


def write_ten(folder: Path, dump=by_python_2) -> np.ndarray:
    folder.mkdir(parents=True, exist_ok=True)
    values = images(12)
    for place, name in enumerate([*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]):
        batch = values[2 * place : 2 * place + 2]
        named = {"batch_label": name, "labels": [place, 9], "data": batch.reshape(2, -1), "filenames": ["a", "b"]}
        (folder / name).write_bytes(dump(named))
    (folder / "batches.meta").write_bytes(dump({"num_cases_per_batch": 2, "label_names": TEN, "num_vis": 3072}))
    (folder / "readme.html").write_text("<html>")
    return values


def write_hundred(folder: Path, dump=by_python_2) -> np.ndarray:
    folder.mkdir(parents=True)
    values = images(4)
    for name, part in (("train", values[:3]), ("test", values[3:])):
        labels = list(range(97, 97 + len(part)))
        batch = {"data": part.reshape(len(part), -1), "fine_labels": labels, "coarse_labels": [n % 20 for n in labels]}
        (folder / name).write_bytes(dump(batch))
    names = {"fine_label_names": [f"fine{n}" for n in range(100)], "coarse_label_names": [f"c{n}" for n in range(20)]}
    (folder / "meta").write_bytes(dump(names))
    return values


def packed(folder: Path, order: list[str] | None = None) -> Path:
    path = folder.with_suffix(".tar.gz")
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, folder.name, recursive=False)
        for name in order or sorted(file.name for file in folder.iterdir()):
            archive.add(folder / name, f"{folder.name}/{name}")
    return path


def expect_ten(source: Source, values: np.ndarray) -> None:
    assert (source.reader, source.total, source.channels, source.licence) == ("cifar", 12, 3, None)
    items = list(source.items())
    assert len(items) == 12
    np.testing.assert_array_equal(np.stack([item.content for item in items]), values.transpose(0, 2, 3, 1))
    assert [item.label for item in items[::2]] == TEN[:6]
    assert {item.label for item in items[1::2]} == {"truck"}
    assert [item.split for item in items] == ["train"] * 10 + ["test"] * 2
    assert items[3].name.startswith("data_batch_2") and items[3].name.endswith("[1]")
    assert [item.name for item in source.items()] == [item.name for item in items]


@pytest.mark.parametrize("protocol", [None, 1, 2, 3, 4, 5])
def test_python_form_as_folder_and_as_archive(tmp_path, protocol):
    folder = tmp_path / "cifar-10-batches-py"
    dump = by_python_2 if protocol is None else lambda value: pickle.dumps(value, protocol)
    values = write_ten(folder, dump)
    expect_ten(opened(folder), values)
    order = ["data_batch_4", "readme.html", "test_batch", "data_batch_3", "batches.meta", "data_batch_2"]
    expect_ten(opened(packed(folder, [*order, "data_batch_5", "data_batch_1"])), values)


def test_what_python_itself_unpickles_is_what_is_read(tmp_path):
    write_ten(tmp_path)
    content = (tmp_path / "data_batch_3").read_bytes()
    expected, found = pickle.loads(content, encoding="latin1"), read_inert(content)
    assert found.keys() == expected.keys()
    np.testing.assert_array_equal(found["data"], expected["data"])
    assert found["labels"] == expected["labels"]


def test_binary_form(tmp_path):
    values = images(12)
    names = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
    for place, name in enumerate(names):
        rows = [bytes([label]) + image.tobytes() for label, image in zip((place, 9), values[2 * place :], strict=False)]
        (tmp_path / name).write_bytes(b"".join(rows))
    (tmp_path / "batches.meta.txt").write_text("\n".join(TEN) + "\n\n")
    expect_ten(opened(tmp_path), values)
    (tmp_path / names[2]).write_bytes((tmp_path / names[2]).read_bytes()[:-1])
    with pytest.raises(DataError, match=r"data_batch_3.bin.* 6,145 bytes, not a multiple of 3073"):
        opened(tmp_path)


def test_hundred_classes_fine_and_coarse(tmp_path):
    folder = tmp_path / "cifar-100-python"
    values = write_hundred(folder)
    items = list(opened(folder).items())
    np.testing.assert_array_equal(items[3].content, values[3].transpose(1, 2, 0))
    found = [(item.label, item.split) for item in items]
    assert found == [("fine97", "train"), ("fine98", "train"), ("fine99", "train"), ("fine97", "test")]
    coarse = cifar_source("x", "x", packed(folder), "x", coarse=True)
    assert [item.label for item in coarse.items()] == ["c17", "c18", "c19", "c17"]


def test_hundred_classes_binary(tmp_path):
    value = images(1)[0]
    (tmp_path / "train.bin").write_bytes(bytes([3, 77]) + value.tobytes())
    (tmp_path / "fine_label_names.txt").write_text("\n".join(f"fine{n}" for n in range(100)))
    (tmp_path / "coarse_label_names.txt").write_text("\n".join(f"c{n}" for n in range(20)))
    source = opened(tmp_path)
    assert "has no test.bin" in source.note
    assert [item.label for item in source.items()] == ["fine77"]
    assert [item.label for item in cifar_source("x", "x", tmp_path, "x", coarse=True).items()] == ["c3"]


def test_label_out_of_range_is_a_row_of_its_own(tmp_path):
    write_ten(tmp_path)
    batch = {"labels": [200, 1], "data": images(2).reshape(2, -1)}
    (tmp_path / "test_batch").write_bytes(by_python_2(batch))
    items = list(opened(tmp_path).items())
    assert items[10].refusal and items[10].refusal.kind == "bad-label"
    assert items[11].label == "automobile"


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({"labels": [1, 2]}, "it is no array"),
        ({"labels": [1], "data": images(2).reshape(2, -1)}, "2 images and `labels`: 1 of them"),
        ({"data": images(2).reshape(2, -1)}, "`labels`: none"),
        ({"labels": [1, 2], "data": np.zeros((2, 3071), np.uint8)}, r"uint8 \[N, 3072\]; it is uint8 \[2, 3071\]"),
    ],
)
def test_files_of_another_form_are_told(tmp_path, batch, message):
    write_ten(tmp_path)
    (tmp_path / "data_batch_2").write_bytes(by_python_2(batch))
    with pytest.raises(DataError, match=message):
        opened(tmp_path)


class Trap:
    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kind", ["mkdir", "system", "eval", "exec", "getattr", "object", "extension"])
def test_nothing_in_a_hostile_pickle_runs(tmp_path, kind, protocol):
    canary = tmp_path / "canary"
    trap = {
        "mkdir": Trap(os.mkdir, str(canary)),
        "system": Trap(os.system, f"touch {canary}"),
        "eval": Trap(builtins.eval, f"__import__('os').mkdir({str(canary)!r})"),
        "exec": Trap(builtins.exec, f"__import__('os').mkdir({str(canary)!r})"),
        "getattr": Trap(getattr, "text", "upper"),
        "object": Silent(),
        "extension": Trap(np.dtype, "O"),
    }[kind]
    folder = tmp_path / "set"
    write_ten(folder)
    content = pickle.dumps({"labels": [1, 2], "data": trap}, protocol)
    (folder / "data_batch_1").write_bytes(content)
    with pytest.raises(DataError, match=r"data_batch_1.* is refused: .*(never needs|neither an array|Error)"):
        opened(folder)
    assert not canary.exists()
    if kind == "mkdir":
        pickle.loads(content)
        assert canary.exists()  # the trap is a real one


def nested(count: int) -> bytes:
    return b"\x80\x02}U\x01a" + b"(" * count + b"t" * count + b"s."


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".",
        b"\x80\x02}",
        b"\x80\x02]q\1.",
        b"\x80\x02}(N.",
        b"\x80\x02}h\x07.",
        b"\x80\x02}K\x01)\x85K\x02s.",
        b"\x80\x02}T\xff\xff\xff\x7fabc.",
        b"\x80\x02}T\xff\xff\xff\xffabc.",
        b"\x80\x04\x8e" + b"\xff" * 8 + b"abc.",
        b"\x80\x02cos\nsystem\nU\x02ls\x85R.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.",
        b"\x80\x02cnumpy.core.multiarray\nscalar\n.",
        b"\x80\x02cnumpy\nload\n)R.",
        b"(ios\nsystem\n.",
        b"\x80\x02\x82\x01.",
        b"\x80\x02P1\n.",
        b"\x80\x02}}}sN.",
        b"]" * 1_100_000 + b".",
        b"\x80\x02cnumpy\nndarray\ncnumpy\nndarray\n\x85R.",
        b"\x80\x02c_codecs\nencode\nNX\x06\0\0\0latin1\x86R.",
        b"I" + b"9" * 5000 + b"\n.",
    ],
)
def test_broken_and_strange_pickles_are_refused(content):
    with pytest.raises(DataError):
        read_inert(content)


def test_deep_nesting_is_only_data():
    assert set(read_inert(nested(200_000))) == {"a"}
    key = b"\x80\x02}" + b"(" * 200_000 + b"t" * 200_000 + b"Ns."
    with pytest.raises(DataError, match="no dictionary of names"):
        read_inert(key)


def test_text_that_unpacks_again_and_again_is_refused():
    text = b"\x80\x03}X\x01\0\0\0ac_codecs\nencode\nq\0X" + struct.pack("<I", 100_000) + b"x" * 100_000 + b"q\1"
    content = text + b"0h\0h\1X\x06\0\0\0latin1\x86R" * 1000 + b"s."
    with pytest.raises(DataError, match="more than it holds"):
        read_inert(content)


def test_every_cut_is_refused(tmp_path):
    content = by_python_2({"labels": [1, 2], "label_names": ["a"], "data": np.zeros((2, 4), np.uint8)})
    assert read_inert(content)["data"].shape == (2, 4)
    for length in range(len(content)):
        with pytest.raises(DataError):
            read_inert(content[:length])


def test_cut_archive_is_told(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    write_ten(folder)
    path = packed(folder)
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(DataError, match=r"damaged|cut"):
        opened(path)


def test_other_archives_are_not_taken(tmp_path):
    path = tmp_path / "photos.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo("cat/a.png")
        archive.addfile(entry, io.BytesIO())
    assert opened(path).reader == "archive"
    assert opened(tmp_path).reader == "folder"
