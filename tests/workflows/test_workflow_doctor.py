"""Doctor: what `prepare` would do, without doing it."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import DataError
from ganvas.images import save_png
from ganvas.progress import Silent
from ganvas.seeds import Stream
from ganvas.workflows.doctor import doctor
from ganvas.workflows.prepare import prepare


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(12):
        pixels = Stream(0, "photo", index).integers(20 * 30 * 3, 256).astype(np.uint8).reshape(20, 30, 3)
        save_png(folder / f"{index}.png", pixels)
    (folder / "copy.png").write_bytes((folder / "3.png").read_bytes())
    (folder / "notes.txt").write_text("x")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    return folder


def test_it_says_what_prepare_does(photos, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    found = doctor(photos, size=16, progress=Silent())
    assert sorted(tmp_path.rglob("*")) == before
    made = prepare(photos, out=tmp_path / "set", size=16, progress=Silent())
    assert found.card == made.card
    assert found.left_out == list(made.left_out())
    assert {row.path: row.outcome for row in found.left_out} == {
        "broken.jpg": "refused",
        "copy.png": "duplicate",
        "notes.txt": "refused",
    }


def test_preview_shows_originals_beside_what_is_made_of_them(photos, tmp_path):
    doctor(photos, size="16x8", progress=Silent(), preview=tmp_path / "a.png", report=tmp_path / "a.html")
    doctor(photos, size=16, progress=Silent(), preview=tmp_path / "b.png", operations=("invert",))
    first, second = (np.asarray(Image.open(tmp_path / name)) for name in ("a.png", "b.png"))
    assert first.shape == second.shape
    assert (first != second).any()
    assert "<!doctype html>" in (tmp_path / "a.html").read_text()


def test_nothing_readable_is_an_error_with_reasons(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="none at all"):
        doctor(tmp_path / "empty", progress=Silent())
    (tmp_path / "empty" / "a.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"`a\.png`: The file is empty"):
        doctor(tmp_path / "empty", progress=Silent())


def test_by_the_command_line(photos, tmp_path):
    command = [
        sys.executable,
        "-m",
        "ganvas",
        "doctor",
        str(photos),
        "--size",
        "16",
        "--operations",
        "gamma:0.8",
        "invert",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "kept 12 of 15 files" in ran.stdout
    assert "duplicate copy.png: It is the same file as `3.png`." in ran.stdout
    assert "refused broken.jpg" in ran.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos"]
