"""Tracing an image to the datasets that hold it and to what learnt from them."""

import hashlib
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from ganvas.errors import UsageError
from ganvas.images import png_bytes
from ganvas.progress import Silent
from ganvas.seeds import Stream
from ganvas.workflows.export import export
from ganvas.workflows.prepare import prepare
from ganvas.workflows.trace import trace
from ganvas.workflows.train import train


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    root = tmp_path_factory.mktemp("workspace")
    photos = root / "photos"
    photos.mkdir()
    records = []
    for index in range(10):
        pixels = Stream(0, "traced", index).integers(64, 256).astype(np.uint8).reshape(8, 8, 1)
        (photos / f"{index}.png").write_bytes(png_bytes(pixels))
        facts = {"url": f"https://example.org/{index}.png", "creator": "Ada" if index < 3 else "Grace"}
        records.append(json.dumps({"file_name": f"{index}.png", **facts}))
    (photos / "metadata.jsonl").write_text("\n".join(records))
    data = prepare(photos, out=root / "data" / "photos", size=8, channels=1, progress=Silent())
    prepare("digits", out=root / "data" / "digits", size=8, progress=Silent())
    train("mlp_gan", data, root / "runs" / "a", steps=2, progress=Silent())
    export(root / "runs" / "a", root / "models" / "a")
    return root


def digest(workspace, index):
    return hashlib.sha256((workspace / "photos" / f"{index}.png").read_bytes()).hexdigest()


@pytest.mark.parametrize("form", ["hash", "short", "file", "url"])
def test_an_image_by_any_of_its_names(workspace, form):
    what = {
        "hash": digest(workspace, 4),
        "short": digest(workspace, 4)[:10].upper(),
        "file": str(workspace / "photos" / "4.png"),
        "url": "https://example.org/4.png",
    }[form]
    (found,) = trace(what, workspace)
    assert found.dataset == workspace / "data" / "photos"
    assert [row.path for row in found.rows] == ["4.png"]
    assert found.holds
    assert {path.relative_to(workspace).as_posix() for path in found.learners} == {"runs/a", "models/a"}


def test_a_creator(workspace):
    (found,) = trace("ada", workspace)
    assert [row.path for row in found.rows] == ["0.png", "1.png", "2.png"]


def test_nothing_found_and_nothing_asked(workspace):
    assert trace("https://example.org/none.png", workspace) == []
    assert trace("f" * 64, workspace) == []
    assert trace("%", workspace) == []
    with pytest.raises(UsageError, match="Nothing to trace"):
        trace(" ", workspace)
    with pytest.raises(UsageError, match="is not a folder"):
        trace("Ada", workspace / "nowhere")


def test_damaged_folders_do_not_hide_the_others(workspace, tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(workspace, root)
    shutil.copytree(root / "data" / "photos", root / "data" / "bad")
    (root / "data" / "bad" / "manifest.sqlite").write_bytes(b"no database")
    (root / "models" / "a" / "model.json").write_text("[]")
    (found,) = trace("Ada", root)
    assert [path.name for path in found.learners] == ["a"]


def test_by_the_command_line(workspace):
    command = [sys.executable, "-m", "ganvas", "data", "trace", "Grace", "--within", str(workspace)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "7 files" in ran.stdout
    assert "learnt from it:" in ran.stdout
    listed = subprocess.run([sys.executable, "-m", "ganvas", "data"], capture_output=True, text=True, check=False)
    assert "mnist" in listed.stdout
