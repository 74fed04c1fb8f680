"""Arrays: which shape, which range, which label and split; and files that want to be unpickled."""

import io
import os
import re
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ganvas.data.sources.opening import open_source
from ganvas.data.sources.source import Item, Source
from ganvas.errors import DataError
from ganvas.progress import Silent

BYTES = np.random.default_rng(0).integers(0, 256, (5, 6, 7), dtype=np.uint8)


def opened(path: Path) -> Source:
    return open_source(path, None, Silent())


def items(path: Path) -> list[Item]:
    source = opened(path)
    found = list(source.items())
    assert len(found) == source.total
    return found


def stack(found: list[Item]) -> np.ndarray:
    return np.stack([item.content for item in found])


def saved(folder: Path, array: np.ndarray) -> Path:
    np.save(folder / "a.npy", array)
    return folder / "a.npy"


def test_one_array_of_grey_images(tmp_path):
    path = saved(tmp_path, BYTES)
    np.testing.assert_array_equal(stack(items(path)), BYTES)
    source = opened(path)
    assert (source.reader, source.channels, source.note) == ("arrays", 1, "")
    assert [item.name for item in items(path)][:2] == ["a[0]", "a[1]"]


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_channels_last_and_first(tmp_path, channels, order):
    colours = np.random.default_rng(1).integers(0, 256, (2, 6, 7, channels), dtype=np.uint8)
    for values in (colours, colours.transpose(0, 3, 1, 2)):
        path = saved(tmp_path, np.array(values, order=order))
        assert opened(path).channels == channels
        np.testing.assert_array_equal(stack(items(path)), colours)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((6, 7, 3), r"looks like one image.*array\[None\]"),
        ((2, 3, 9, 3), "could be"),
        ((2, 5, 9, 2), r"C = 1, 3 or 4"),
        ((9, 784), "array.reshape"),
        ((2, 2, 5, 9, 3), "expected"),
        ((9,), "expected"),
        ((0, 6, 7), "empty"),
    ],
)
def test_shapes_that_are_no_images_are_told_what_to_do(tmp_path, shape, message):
    with pytest.raises(DataError, match=message):
        opened(saved(tmp_path, np.zeros(shape, np.uint8)))


@pytest.mark.parametrize(
    ("values", "expected", "words"),
    [
        (np.array([0.0, 0.5, 1.0], np.float32), [0, 128, 255], r"\[0, 1\].*x \* 255"),
        (np.array([-1.0, 0.0, 1.0], np.float64), [0, 128, 255], r"\[-1, 1\].*127.5"),
        (np.array([0.0, 100.4, 255.0], np.float16), [0, 100, 255], r"\[0, 255\].*unchanged"),
        (np.array([0, 32896, 65535], np.uint16), [0, 128, 255], r"\[0, 65535\].*257"),
        (np.array([0, 17, 255], ">i8"), [0, 17, 255], r"\[0, 255\]"),
        (np.array([0, 1, 1], bool), [0, 255, 255], "Truth values"),
        (np.array([np.float32(-1.0000001), 0, 1.0000001], np.float32), [0, 128, 255], r"\[-1, 1\]"),
    ],
)
def test_values_are_converted_by_a_stated_rule(tmp_path, values, expected, words):
    path = saved(tmp_path, np.broadcast_to(values[:, None, None], (3, 5, 5)))
    assert re.search(words, opened(path).note)
    assert [int(item.content[0, 0]) for item in items(path)] == expected


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.array([-5.0, 300.0]), "from -5 to 300"),
        (np.array([-1, 5]), "from -1 to 5"),
        (np.array([0, 70_000]), "to 70000"),
        (np.array([np.nan, np.inf]), "no finite value"),
        (np.array([1j, 0]), "complex128"),
        (np.array(["a", "b"]), "<U1"),
    ],
)
def test_values_of_no_range_are_refused_as_a_whole(tmp_path, values, words):
    with pytest.raises(DataError, match=words):
        opened(saved(tmp_path, np.broadcast_to(values[:, None, None], (2, 5, 5))))


def test_an_image_that_is_not_finite_is_a_row_of_its_own(tmp_path):
    values = np.ones((3, 5, 5), np.float32)
    values[1, 2, 2] = np.nan
    kinds = [item.refusal and item.refusal.kind for item in items(saved(tmp_path, values))]
    assert kinds == [None, "not-finite", None]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_layout_of_keras(tmp_path, save):
    labels = np.arange(5, dtype=np.uint8)
    save(tmp_path / "mnist.npz", x_test=BYTES[:2], x_train=BYTES[2:], y_train=labels[2:], y_test=labels[:2])
    found = items(tmp_path / "mnist.npz")
    assert [(item.label, item.split) for item in found] == [
        *[("0", "test"), ("1", "test")],
        *[("2", "train"), ("3", "train"), ("4", "train")],
    ]
    np.testing.assert_array_equal(stack(found), BYTES)


def test_layout_of_medmnist(tmp_path):
    arrays = {f"{part}_images": BYTES[:2] for part in ("train", "val", "test")}
    arrays |= {f"{part}_labels": np.array([[1], [0]]) for part in ("train", "val", "test")}
    np.savez_compressed(tmp_path / "m.npz", **arrays, class_names=np.array(["benign", "malignant"]))
    found = items(tmp_path / "m.npz")
    assert [item.label for item in found] == ["malignant", "benign"] * 3
    assert [item.split for item in found] == ["train"] * 2 + ["test"] * 4


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (np.eye(5), ["0", "1", "2", "3", "4"]),
        (np.array([0.0, 1, 2, 3, 4]), ["0", "1", "2", "3", "4"]),
        (np.array(["a", "b", "c", "d", "e"]), list("abcde")),
        (np.array([b"a", b"b", b"c", b"d", b"e"]), list("abcde")),
        (np.ones((5, 3), int), [None] * 5),
    ],
)
def test_labels_of_any_form(tmp_path, labels, expected):
    np.savez(tmp_path / "a.npz", images=BYTES, labels=labels)
    assert [item.label for item in items(tmp_path / "a.npz")] == expected


def test_one_set_alone_declares_no_split(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=BYTES)
    assert {item.split for item in items(tmp_path / "a.npz")} == {None}


def test_counts_and_candidates_that_differ_are_told(tmp_path):
    np.savez(tmp_path / "a.npz", x=BYTES, y=np.arange(4))
    with pytest.raises(DataError, match=r"holds 5 images; .* 4 labels"):
        opened(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", cats=BYTES, dogs=BYTES)
    with pytest.raises(DataError, match=r"`dogs` .* and `cats` are both images"):
        opened(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", weights=np.zeros((5, 5)), bias=np.zeros(5))
    with pytest.raises(DataError, match=r"holds no images.*weights float64\[5, 5\]"):
        opened(tmp_path / "c.npz")


def test_one_array_per_image_is_told_how_to_save_them(tmp_path):
    np.savez(tmp_path / "a.npz", *[BYTES[0]] * 101)
    with pytest.raises(DataError, match=r"101 arrays.*numpy\.stack"):
        opened(tmp_path / "a.npz")


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_python_objects_are_never_read(tmp_path, name):
    canary = tmp_path / "canary"
    objects = np.empty((2, 5, 5), object)
    objects[:] = Trap(canary)
    (np.save if name == "a.npy" else np.savez)(tmp_path / name, objects)
    with pytest.raises(DataError, match="Python objects"):
        opened(tmp_path / name)
    assert not canary.exists()


def test_damage_is_told(tmp_path):
    whole = saved(tmp_path, BYTES).read_bytes()
    for number, content in enumerate((whole[:-1], whole[:60], b"\x93NUMPY\x09\x00", whole[:128])):
        path = tmp_path / f"{number}.npy"
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"{number}.npy"):
            opened(path)
    np.savez_compressed(tmp_path / "b.npz", x=np.zeros((50, 60, 60), np.uint8))
    content = bytearray((tmp_path / "b.npz").read_bytes())
    content[80:120] = bytes(40)
    (tmp_path / "b.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"b\.npz"):
        items(tmp_path / "b.npz")


def test_header_that_promises_more_than_the_member_holds(tmp_path):
    header = io.BytesIO()
    shape = (1 << 40, 100, 100)
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", header.getvalue() + bytes(100))
    with pytest.raises(DataError, match="another size"):
        opened(tmp_path / "a.npz")


def test_columns_first_in_an_npz_is_told(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.asfortranarray(BYTES))
    with pytest.raises(DataError, match="ascontiguousarray"):
        opened(tmp_path / "a.npz")


def test_memory_stays_flat(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((400, 300, 300), np.float32))
    tracemalloc.start()
    num = sum(1 for _ in opened(tmp_path / "a.npz").items())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert num == 400
    assert peak < 60e6 < 400 * 300 * 300 * 4
