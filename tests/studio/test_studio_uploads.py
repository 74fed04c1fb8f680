"""Uploads: names that lie, bodies in any pieces, limits, bodies that break off."""

import struct
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganvas.errors import UsageError
from ganvas.studio.uploads import Limits, Receiver, safe_path

HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "..\\..\\windows\\win.ini",
    "C:\\autoexec.bat",
    "a/../../b.png",
    "a/./b.png",
    "con.png",
    "a\x00b.png",
    "a\nb.png",
    " .png",
    "x" * 400 + ".png",
    "é" * 300 + ".png",
    "cats/.hidden.png",
    "a.unfinished",
    "~/x.png",
    "a?b*.png",
]


def body_of(files):
    return b"".join(struct.pack(">IQ", len(name.encode()), len(data)) + name.encode() + data for name, data in files)


@pytest.mark.parametrize("sent", HOSTILE)
def test_a_hostile_name_stays_within(sent):
    path = safe_path(sent)
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert all(len(part.encode()) <= 130 and part.isprintable() for part in path.parts)
    assert not PureWindowsPath(str(path)).is_absolute()
    assert not PurePosixPath(str(path)).is_absolute()


@given(st.text(min_size=1, max_size=300))
def test_any_name_stays_within_and_none_is_empty(sent):
    try:
        path = safe_path(sent)
    except UsageError:
        return
    assert path.parts
    assert (Path("/base") / path).parts[:2] == ("/", "base")
    assert not {"..", ".", ""} & set(path.parts)


def test_honest_names_are_kept_and_two_hostile_ones_stay_two():
    assert safe_path("photos/Kätzchen 1.JPG") == Path("photos/Kätzchen 1.JPG")
    assert safe_path("фото/кот.png") == Path("фото/кот.png")
    assert safe_path("a:b.png") != safe_path("a?b.png")
    assert safe_path("a:b.png").suffix == ".png"


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_a_body_in_any_pieces_gives_the_same_files(tmp_path, piece):
    files = [("cats/1.png", b"one"), ("cats/2.png", b""), ("dogs/ü.png", bytes(range(256)) * 9), ("../up.png", b"x")]
    receiver = Receiver(tmp_path, Limits(), 0, 0)
    body = body_of(files)
    for start in range(0, len(body), piece):
        receiver.take(body[start : start + piece])
    receiver.finish()
    found = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {str(safe_path(name)): data for name, data in files}
    assert receiver.num == 4


def test_limits_hold_and_nothing_half_stays(tmp_path):
    receiver = Receiver(tmp_path, Limits(num_bytes=100), 0, 0)
    with pytest.raises(UsageError, match="holds up to"):
        receiver.take(body_of([("a.png", bytes(200))]))
    receiver.close()
    with pytest.raises(UsageError, match="up to 1 files"):
        Receiver(tmp_path, Limits(num_files=1), 0, 1).take(body_of([("a.png", b"1")]))
    torn = Receiver(tmp_path, Limits(), 0, 0)
    torn.take(body_of([("b.png", bytes(50))])[:-10])
    with pytest.raises(UsageError, match="broke off"):
        torn.finish()
    torn.close()
    with pytest.raises(UsageError, match="not a sequence"):
        Receiver(tmp_path, Limits(), 0, 0).take(b"\xff" * 40)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
