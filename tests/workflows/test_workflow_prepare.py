"""From sources to a dataset folder: every file accounted for, the same hash everywhere, whole or not at all."""

import gzip
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.data.store import Dataset
from ganvas.errors import ConfigurationError, DataError, StorageError, UsageError
from ganvas.progress import Lines, Silent
from ganvas.seeds import Stream
from ganvas.workflows.prepare import prepare

DATA = Path(os.environ.get("GANVAS_DATA", "nowhere"))
FILES = ["dataset.json", "manifest.json", "manifest.sqlite", "pixels-test.npy", "pixels-train.npy", "report.html"]


def needs(name):
    return pytest.mark.skipif(not (DATA / name).exists(), reason=f"GANVAS_DATA names no folder with {name} in it")


def photograph(index, size=(24, 20), mode="RGB"):
    values = Stream(0, "photograph", index).integers(size[0] * size[1] * 3, 256).astype(np.uint8)
    return Image.fromarray(values.reshape(size[1], size[0], 3)).convert(mode)


def encoded(image, kind="PNG"):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def album(folder, count=10, classes=("cat", "dog"), first=0):
    for index in range(count):
        path = folder / classes[index % len(classes)] / f"{index:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(photograph(first + index)))
    return folder


def made(*sources, out, size=16, **options):
    return prepare(*sources, out=out, size=size, progress=Silent(), **options)


def ledger(dataset):
    with closing(sqlite3.connect(dataset.folder / "manifest.sqlite")) as database:
        columns = "path, outcome, kind, reason, sha256, label, split, row, source"
        return database.execute(f"SELECT {columns} FROM files ORDER BY number").fetchall()


def test_every_odd_file_is_kept_or_refused_by_name(tmp_path):
    folder = album(tmp_path / "photos")
    jpeg = encoded(photograph(90, (200, 200)), "JPEG")
    (folder / "cat" / "truncated.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (folder / "cat" / "text.png").write_text("not a picture at all")
    (folder / "dog" / "empty.png").write_bytes(b"")
    (folder / "dog" / "cmyk.jpg").write_bytes(encoded(photograph(91, mode="CMYK"), "JPEG"))
    (folder / "dog" / "alpha.png").write_bytes(encoded(photograph(92, mode="RGBA")))
    (folder / "dog" / ".DS_Store").write_bytes(b"hidden")
    (folder / "list.csv").write_text("a,b")
    dataset = made(folder, out=tmp_path / "set")
    rows = ledger(dataset)
    assert (len(rows), dataset.card.kept, dataset.card.refused) == (17, 12, 5)
    assert dataset.card.kept == dataset.count("train") + dataset.count("test")
    assert {path: kind for path, outcome, kind, *_ in rows if outcome == "refused"} == {
        "cat/text.png": "not-an-image",
        "cat/truncated.jpg": "truncated",
        "dog/.DS_Store": "not-an-image",
        "dog/empty.png": "empty",
        "list.csv": "not-an-image",
    }
    assert all(reason and len(sha256) == 64 for _, outcome, _, reason, sha256, *_ in rows if outcome == "refused")
    assert dataset.card.left_out_by_kind == {"empty": 1, "not-an-image": 3, "truncated": 1}
    assert dataset.classes == ("cat", "dog")


def test_too_few_images_say_why_and_leave_nothing(tmp_path):
    folder = album(tmp_path / "photos", count=3)
    (folder / "cat" / "broken.png").write_text("text")
    with pytest.raises(DataError, match=r"Usable images in `.*photos`: 3\. Training needs at least 8") as caught:
        made(folder, out=tmp_path / "set")
    assert "1 not-an-image" in str(caught.value)
    assert "`cat/broken.png`: Its bytes are not those of an image" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_nothing_usable_and_nothing_at_all(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(DataError, match=r": 0\. Training needs at least 8\. Add images"):
        made(tmp_path / "photos", out=tmp_path / "set")
    (tmp_path / "photos" / "a.png").write_bytes(b"")
    with pytest.raises(DataError, match="1 empty"):
        made(tmp_path / "photos", out=tmp_path / "set")
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_same_hash_and_same_bytes_in_two_places(tmp_path, monkeypatch):
    album(tmp_path / "one" / "photos")
    shutil.copytree(tmp_path / "one" / "photos", tmp_path / "two" / "deeper" / "photos")
    folders = []
    for place in ("one", "two/deeper"):
        monkeypatch.chdir(tmp_path / place)
        folders.append(made("photos", out="set").folder.resolve())
    first, second = map(Dataset.open, folders)
    assert first.content_hash == second.content_hash
    assert sorted(path.name for path in folders[0].iterdir()) == FILES
    for name in FILES:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name


def test_digits(tmp_path):
    dataset = made("digits", out=tmp_path / "digits")
    assert str(dataset.shape) == "16x16 greyscale"
    assert (dataset.count("train"), dataset.count("test"), dataset.num_classes) == (1438, 359, 10)
    assert dataset.card.sources[0].licence == "CC-BY-4.0"
    wide = np.bincount(dataset.labels("train")) / np.bincount(dataset.labels("test"))
    assert (abs(wide - 4) < 0.2).all()


@needs("mnist")
@pytest.mark.slow
def test_mnist_is_bit_exact(tmp_path):
    dataset = made("mnist", out=tmp_path / "mnist", size=28)
    assert (dataset.count("train"), dataset.count("test")) == (60_000, 10_000)
    assert dataset.classes == tuple("0123456789")
    for split, prefix in (("train", "train"), ("test", "t10k")):
        images = gzip.decompress((DATA / f"mnist/{prefix}-images-idx3-ubyte.gz").read_bytes())
        labels = gzip.decompress((DATA / f"mnist/{prefix}-labels-idx1-ubyte.gz").read_bytes())
        assert dataset.pixels(split).tobytes() == images[16:]
        assert dataset.labels(split).astype(np.uint8).tobytes() == labels[8:]


def test_sources_merge_by_class_name(tmp_path):
    album(tmp_path / "one", classes=("cat", "dog"))
    album(tmp_path / "two", classes=("dog", "emu"), first=100)
    dataset = made(tmp_path / "one", tmp_path / "two", out=tmp_path / "set")
    assert dataset.classes == ("cat", "dog", "emu")
    assert [(source.kept, source.refused) for source in dataset.card.sources] == [(10, 0), (10, 0)]
    counts = [sum(dataset.card.splits[split].per_class[label] for split in ("train", "test")) for label in range(3)]
    assert counts == [5, 10, 5]


def test_labelled_and_unlabelled_sources_merge_without_classes_and_it_is_said(tmp_path):
    album(tmp_path / "one")
    flat = tmp_path / "two"
    flat.mkdir()
    (flat / "a.png").write_bytes(encoded(photograph(50)))
    said = io.StringIO()
    dataset = prepare(tmp_path / "one", flat, out=tmp_path / "set", size=8, progress=Lines(stream=said))
    assert dataset.classes == ()
    assert said.getvalue().splitlines() == ["1 of 11 images have no class, so the dataset has no classes."]


def test_channels_default_to_what_the_sources_have(tmp_path):
    album(tmp_path / "photos")
    assert made(tmp_path / "photos", out=tmp_path / "a").shape.channels == 3
    assert made(tmp_path / "photos", out=tmp_path / "b", channels=1).shape.channels == 1
    assert made(tmp_path / "photos", "digits", out=tmp_path / "c").shape.channels == 3
    assert made("digits", out=tmp_path / "d").shape.channels == 1


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_images_stored_greyscale_give_one_channel_unless_one_is_in_colour(packed, tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "broken.png").write_bytes(b"no image")
    for seed in range(10):
        photograph(seed).convert("LA" if seed == 3 else "L").save(folder / f"{seed}.png")

    def channels(out: str) -> int:
        source = shutil.make_archive(str(tmp_path / out), "zip", folder) if packed else folder
        return made(source, out=tmp_path / f"set-{out}").shape.channels

    assert channels("grey") == 1
    photograph(20).save(folder / "colour.png")
    assert channels("mixed") == 3


def test_settings_that_cannot_work(tmp_path):
    with pytest.raises(ConfigurationError, match="`size` is 0"):
        made("digits", out=tmp_path / "set", size=0)
    for wrong in ({"channels": 2}, {"channels": 5}, {"test_fraction": 1.0}, {"seed": -1}):
        with pytest.raises(ConfigurationError, match=next(iter(wrong))):
            made("digits", out=tmp_path / "set", **wrong)
    with pytest.raises(UsageError, match="Nothing to prepare"):
        made(out=tmp_path / "set")
    with pytest.raises(UsageError, match="twice"):
        made(tmp_path, f"{tmp_path}/../{tmp_path.name}", out=tmp_path / "set")
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_work(tmp_path):
    folder = album(tmp_path / "photos")
    with pytest.raises(UsageError, match="lies inside the source"):
        made(folder, out=folder / "set")
    with pytest.raises(UsageError, match="lies inside the source"):
        made(folder, out=folder, overwrite=True)
    with pytest.raises(UsageError, match="not a dataset folder"):
        made("digits", out=folder, overwrite=True)
    (tmp_path / "file").write_text("")
    with pytest.raises((StorageError, UsageError), match="file"):
        made(folder, out=tmp_path / "file" / "set")
    with pytest.raises(StorageError):
        made(folder, out=tmp_path / ("x" * 300))
    assert len(list(folder.rglob("*.png"))) == 10


def test_overwriting_is_asked_for(tmp_path):
    folder = album(tmp_path / "photos")
    first = made(folder, out=tmp_path / "set")
    with pytest.raises(UsageError, match="already holds a dataset"):
        made(folder, out=tmp_path / "set")
    second = made(folder, out=tmp_path / "set", seed=5, overwrite=True)
    assert second.card.splitting.seed == 5
    assert second.content_hash != first.content_hash


def test_failed_overwrite_keeps_the_old_dataset(tmp_path):
    first = made(album(tmp_path / "photos"), out=tmp_path / "set")
    with pytest.raises(DataError):
        made(album(tmp_path / "few", count=2), out=tmp_path / "set", overwrite=True)
    assert Dataset.open(tmp_path / "set").content_hash == first.content_hash


def test_preparing_never_imports_torch(tmp_path):
    script = (
        "import sys; from ganvas.workflows.prepare import prepare;"
        f"prepare('digits', out={str(tmp_path / 'set')!r}, size=8); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@needs("messy.tar")
def test_messy_photographs_follow_their_ground_truth(tmp_path):
    with tarfile.open(DATA / "messy.tar") as archive:
        archive.extractall(tmp_path, filter="fully_trusted")  # its links are part of the mess
    truth = json.loads(next(tmp_path.rglob("ground_truth.json")).read_text())["entries"]
    dataset = made(next(tmp_path.rglob("photos")), out=tmp_path / "set", size=32, exact_duplicates="keep")
    outcome = {path: (kept, kind, sha256) for path, kept, kind, _, sha256, *_ in ledger(dataset)}
    assert outcome.keys() == {entry["path"] for entry in truth}
    for entry in truth:
        kept, kind, sha256 = outcome[entry["path"]]
        if entry["expect"] in ("reject", "skip"):
            assert kept == "refused", entry["path"]
        elif entry["expect"] not in ("flag", "skip-or-duplicate"):
            assert kept == "kept", (entry["path"], kind)
        if "link_to" not in entry:
            assert sha256 == entry["sha256"]


KILLED_AT_EVERY_STEP = """
import os, shutil, signal, sys
from pathlib import Path
from ganvas.data.store import Dataset
from ganvas.progress import Silent
from ganvas.workflows.prepare import prepare

source, out, expected, afresh = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4] == "afresh"
overwrite = out.exists()
allowed = {expected} | ({Dataset.open(out).content_hash} if overwrite else set())

def child(step):
    left = step
    def count(event, arguments):
        nonlocal left
        if event in STEPS and str(out.parent) in str(arguments[0]):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(count)
    prepare(source, out=out, size=64, overwrite=overwrite or out.exists(), progress=Silent(), engine="here")

STEPS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.scandir", "sqlite3.connect", "shutil.rmtree"}
step, status = 0, 1
while status:
    process = os.fork()
    if not process:
        child(step)
        os._exit(0)
    status = os.waitpid(process, 0)[1]
    assert status in (0, signal.SIGKILL), status
    if out.exists():
        found = Dataset.open(out)
        found.verify()
        assert found.content_hash in allowed
    elif overwrite:
        assert status and out.with_name(out.name + ".replaced").exists()  # between two renames; the next puts it back
    if afresh and status:
        shutil.rmtree(out.with_name(out.name + ".unfinished"), ignore_errors=True)
    step += 1
assert Dataset.open(out).content_hash == expected
print(step)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.slow
@pytest.mark.parametrize(("old", "how"), [(True, "afresh"), (False, "afresh"), (True, "going on"), (False, "going on")])
def test_killed_at_any_step_leaves_an_old_or_a_whole_dataset_and_can_be_run_again(tmp_path, old, how):
    source = album(tmp_path / "photos")
    expected = made(source, out=tmp_path / "whole", size=64).content_hash
    place = tmp_path / "place"
    if old:
        made("digits", out=place / "set")
    arguments = [sys.executable, "-c", KILLED_AT_EVERY_STEP, str(source), str(place / "set"), expected, how]
    ran = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 20
    assert [path.name for path in place.iterdir()] == ["set"]


KILLED = """
import sys
from ganvas.progress import Silent
from ganvas.workflows.prepare import prepare
prepare(sys.argv[1], out=sys.argv[2], size=64, overwrite=True, progress=Silent())
"""


def killed_after(source, out, seconds_of_work):
    """Kill a preparation that many seconds after it opened its working folder; return whether it was still at work."""
    request = out.with_name(out.name + ".unfinished") / "request.part"
    before = request.stat().st_ino if request.exists() else None
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(source), str(out)])
    while process.poll() is None and not (request.exists() and request.stat().st_ino != before):
        time.sleep(0.001)
    time.sleep(seconds_of_work)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize("moments", [(0.0, 0.05), pytest.param(np.linspace(0, 1, 40), marks=pytest.mark.slow)])
def test_killed_at_random_moments(tmp_path, moments):
    source = album(tmp_path / "photos", count=200)
    expected = made(source, out=tmp_path / "whole", size=64).content_hash
    out, kills = tmp_path / "set", 0
    for moment in moments:
        kills += killed_after(source, out, float(moment))
        if out.exists():
            assert Dataset.open(out).content_hash == expected
            Dataset.open(out).verify()
    assert kills
    again = made(source, out=out, size=64, overwrite=True)
    again.verify()
    assert again.content_hash == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "set", "whole"]
