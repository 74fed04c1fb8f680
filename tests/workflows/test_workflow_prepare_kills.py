"""A preparation killed at any moment goes on where it was, and ends in the same bytes as one left alone."""

import io
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from ganvas.progress import Silent
from ganvas.seeds import Stream
from ganvas.workflows.prepare import prepare

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc and SIGKILL")
NUM_IMAGES = 400
SIZE = 48
SLOWLY = "nl_means"
"""An edit that takes its time, so that rows are committed long before all are read."""
PHASES = (
    "request.part.unfinished",
    "request.part",
    "pixels.part",
    "pixels-train.npy",
    "pixels-test.npy",
    "manifest.sqlite-journal",
    "manifest.sqlite",
    "dataset.json",
    "report.html.unfinished",
    "report.html",
    "manifest.json",
)
"""Files of the working folder, each the sign of the part of the work that it begins."""


def picture(index, side):
    """Return a picture of soft spots and sharp boxes, unlike every other."""
    draw = Stream(0, "picture", index)
    spots = Image.fromarray(draw.integers(7 * 7 * 3, 256).astype(np.uint8).reshape(7, 7, 3))
    image = spots.resize((side, side * 3 // 4), Image.Resampling.BICUBIC)
    for left, top, *colour in draw.integers(5 * 5, side // 2).reshape(5, 5).tolist():
        image.paste(tuple(colour), (left, top, left + side // 4, top + side // 5))
    return image


def encoded(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def with_shades(image):
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def turned(image, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, "JPEG", exif=exif)


def made(index, earlier):
    """Return suffix and bytes of a file: mostly sound ones of several kinds, some copies, some broken."""
    kind = index % 10
    if kind == 5 and index > 20:
        return earlier[index - 15]  # the same bytes again
    if kind == 6 and index > 20:
        smaller = Image.open(io.BytesIO(earlier[index - 16][1])).convert("RGB").resize((150, 110))
        return "jpg", encoded(smaller, "JPEG", quality=70)
    image = picture(index, 200 + 60 * (index % 9))
    whole = encoded(image, compress_level=1)
    if index % 30 == 7:
        return "png", (whole[: len(whole) // 2], b"", b"words")[index // 30 % 3]
    rest = {
        0: lambda: ("jpg", turned(image, 1 + index // 10 % 8)),
        1: lambda: ("png", encoded(image.convert("L"))),
        2: lambda: ("png", encoded(image.convert("P"))),
        3: lambda: ("png", encoded(with_shades(image), compress_level=1)),
        4: lambda: ("webp", encoded(image, "WEBP", quality=60)),
    }
    return rest.get(kind, lambda: ("png", whole))()


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder of files of mixed kinds, in three classes."""
    folder = tmp_path_factory.mktemp("kills") / "photos"
    earlier = []
    for index in range(NUM_IMAGES):
        suffix, content = made(index, earlier)
        earlier.append((suffix, content))
        path = folder / "abc"[index % 3] / f"{index:03}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


class Command:
    """`python -m ganvas prepare ...` in a session of its own."""

    def __init__(self, photos, out, workers):
        self.out, self.working = out, out.with_name(out.name + ".unfinished")
        self.errors = out.with_name("errors.txt")
        words = ["prepare", str(photos), "--out", str(out), "--size", str(SIZE), "--near-duplicates", "drop"]
        words += ["--operations", SLOWLY]
        self.request = self.stamp("request.part")
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ganvas", *words, "--workers", str(workers)],
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                start_new_session=True,
                preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # a shell's `&` ignores it
            )

    def stamp(self, name):
        """Return what changes when a file of the working folder is written anew; None where there is none."""
        try:
            status = (self.working / name).stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def until(self, condition, timeout=120):
        """Wait until a condition holds or the process ends; return whether it still ran."""
        deadline = time.monotonic() + timeout
        while self.process.poll() is None and not condition():
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.0003)
        return self.process.poll() is None

    def until_at_work(self):
        """Wait until it is past its start: it has opened the working folder."""
        return self.until(lambda: self.stamp("request.part") not in (None, self.request))

    def until_phase(self, name):
        """Wait until the part of the work that begins with the file `name`."""
        self.until_at_work()
        before = self.stamp(name)
        return self.until(lambda: self.stamp(name) not in (None, before))

    def until_committed(self):
        """Wait until rows are safe on the disk, long before all are."""
        self.until_at_work()
        return self.until(lambda: committed(self.working) > 0)

    def until_read(self, share, num_readable):
        """Wait until that share of the readable files has been read."""
        self.until_at_work()
        path, size = self.working / "pixels.part", share * num_readable * SIZE * SIZE * 3
        return self.until(lambda: path.exists() and path.stat().st_size >= size)

    def children(self):
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        return [int(word) for word in found.stdout.split()]

    def kill(self):
        """Kill it with SIGKILL, and see its workers end; return whether it was still at work."""
        workers = self.children()
        self.process.kill()
        code = self.process.wait()
        assert code in (0, -signal.SIGKILL), self.said()
        deadline = time.monotonic() + 5
        while any(is_worker(pid) for pid in workers):
            assert time.monotonic() < deadline, "workers outlive the command"
            time.sleep(0.01)
        return code != 0

    def finish(self):
        """Wait for its end; return its messages."""
        code = self.process.wait(120)
        assert code == 0, self.said()
        return self.said()

    def said(self):
        return self.errors.read_text(errors="replace")


def is_worker(pid):
    try:
        return b"engines.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def committed(working):
    """Return how many files an interrupted run has recorded, without touching what it left."""
    if not (working / "manifest.part").exists() or not (working / "request.part").exists():
        return 0
    copy = working.with_name("copy-of-ledger")
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    try:
        for name in ("manifest.part-journal", "manifest.part"):
            if (working / name).exists():
                shutil.copy(working / name, copy)
        with closing(sqlite3.connect(copy / "manifest.part")) as database:
            return database.execute("SELECT COUNT(*) FROM files").fetchone()[0]
    except (OSError, sqlite3.Error):  # of one that is still being written
        return 0
    finally:
        shutil.rmtree(copy)


def gone_on_after(messages):
    found = re.search(r"Going on after the ([\d,]+) files", messages)
    return int(found[1].replace(",", "")) if found else 0


def remove_lock(out):
    """Remove what may stay of a run that was killed after its last act, until another writes there."""
    out.with_name(out.name + ".lock").unlink(missing_ok=True)


def files_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def expect_same(out, whole):
    """Check that a folder is complete, has just the bytes of the other, and lies alone."""
    found = files_of(out)
    assert found.keys() == whole.keys()
    assert [name for name in whole if found[name] != whole[name]] == []
    assert {path.name for path in out.parent.iterdir()} - {"errors.txt"} == {out.name}


@pytest.fixture(scope="session")
def undisturbed(photos, tmp_path_factory):
    """The files of an uninterrupted run with one worker."""
    out = tmp_path_factory.mktemp("undisturbed") / "set"
    assert gone_on_after(Command(photos, out, 1).finish()) == 0
    return files_of(out)


@pytest.fixture(scope="session")
def num_readable(undisturbed):
    outcomes = json.loads(undisturbed["dataset.json"])["outcomes"]
    assert all(outcomes[name] > 5 for name in ("kept", "refused", "duplicate"))
    return sum(outcomes.values()) - outcomes["refused"]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 4])
def test_the_number_of_workers_changes_nothing(photos, undisturbed, tmp_path, workers):
    out = tmp_path / "set"
    Command(photos, out, workers).finish()
    expect_same(out, undisturbed)


class Moment(NamedTuple):
    """When to kill: at a share of the reading, or (0) when the part of the work that begins with a file has begun."""

    share: float
    phase: str
    seconds: float

    def strike(self, command, num_readable):
        """Kill a command then; return whether it was still at work."""
        if self.share:
            command.until_read(self.share, num_readable)
        else:
            command.until_phase(self.phase)
        time.sleep(self.seconds)
        return command.kill()


def moments(seed, num):
    """Draw moments: half of them while files are read, half in the parts before and after."""
    draw = random.Random(seed)
    for index in range(num):
        share, seconds = draw.uniform(0.01, 1), draw.random() * 0.02
        yield Moment(share * (index % 2), PHASES[(index // 2 * 4 + 3) % len(PHASES)], seconds)


@pytest.mark.slow
@pytest.mark.parametrize("num", [2, pytest.param(50, marks=pytest.mark.timeout(3600))])
def test_killed_at_random_moments_it_resumes_and_ends_the_same(photos, undisturbed, num_readable, tmp_path, num):
    kills = resumed = saved = 0
    for index, moment in enumerate(moments(num, num)):
        out = tmp_path / str(index) / "set"
        out.parent.mkdir()
        kills += moment.strike(Command(photos, out, (1, 2, 4)[index % 3]), num_readable)
        if out.exists():  # killed after its last act
            remove_lock(out)
            expect_same(out, undisturbed)
            continue
        before = committed(out.with_name("set.unfinished"))
        again = Command(photos, out, (4, 1, 2)[index % 3])
        assert gone_on_after(again.finish()) == before, moment
        resumed += before > 0
        saved += before
        expect_same(out, undisturbed)
    print(f"{kills} kills, {resumed} resumed, {saved} files not read again")
    assert kills >= num * 0.8
    assert resumed >= num // 2


@pytest.mark.slow
def test_killed_again_and_again_it_comes_to_its_end(photos, undisturbed, num_readable, tmp_path):
    out, sizes = tmp_path / "set", [0]
    chosen = Moment(0.6, "", 0), Moment(0.9, "", 0), Moment(0, "pixels-test.npy", 0), Moment(0, "dataset.json", 0)
    for moment in chosen:
        assert moment.strike(Command(photos, out, 2), num_readable)
        sizes.append(committed(out.with_name("set.unfinished")))
    assert sizes == sorted(sizes)
    assert sizes[-1] == NUM_IMAGES
    assert gone_on_after(Command(photos, out, 1).finish()) == NUM_IMAGES
    expect_same(out, undisturbed)


@pytest.mark.parametrize("phase", ["reading", pytest.param("dataset.json", marks=pytest.mark.slow)])
def test_interrupted_by_the_user_it_says_so_and_resumes(photos, undisturbed, tmp_path, phase):
    out = tmp_path / "set"
    command = Command(photos, out, 2)
    assert command.until_committed() if phase == "reading" else command.until_phase(phase)
    workers = command.children()
    os.killpg(command.process.pid, signal.SIGINT)  # as a terminal does
    assert command.process.wait(10) == 130
    assert command.said().splitlines()[-1] == "ganvas: stopped."
    assert "Traceback" not in command.said()
    assert not any(is_worker(pid) for pid in workers)
    assert {path.name for path in tmp_path.iterdir()} == {"errors.txt", "set.unfinished"}
    before = committed(command.working)
    assert gone_on_after(Command(photos, out, 2).finish()) == before > 0
    expect_same(out, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("change", ["added", "modified", "removed"])
def test_a_source_that_changed_meanwhile_is_read_anew(photos, tmp_path, change):
    mine = shutil.copytree(photos, tmp_path / "photos")
    out = tmp_path / "one" / "set"
    out.parent.mkdir()
    command = Command(mine, out, 2)
    assert command.until_committed()
    assert command.kill()
    first = mine / "a" / "000.jpg"
    if change == "added":
        (mine / "a" / "000-new.png").write_bytes(encoded(picture(1000, 90)))
    elif change == "modified":
        first.write_bytes(encoded(picture(1000, 90)))
    else:
        first.unlink()
    assert gone_on_after(Command(mine, out, 2).finish()) == 0
    fresh = tmp_path / "two" / "set"
    fresh.parent.mkdir()
    Command(mine, fresh, 2).finish()
    expect_same(out, files_of(fresh))


@pytest.mark.slow
def test_two_at_once_into_one_place(photos, undisturbed, tmp_path):
    out = tmp_path / "set"
    first = Command(photos, out, 1)
    assert first.until_at_work()
    first.errors = first.errors.rename(tmp_path / "errors-of-first.txt")
    second = Command(photos, out, 1)
    assert second.process.wait(60) == 1
    message = second.said()
    assert message.startswith("ganvas: Another process is writing") and str(out) in message
    assert len(message.splitlines()) == 1
    assert first.process.poll() is None, "the second came too late"
    assert gone_on_after(first.finish()) == 0
    first.errors.unlink()
    expect_same(out, undisturbed)


class Stopping(Silent):
    """Stops the work, as Ctrl-C does, when that many files are read and when all are judged."""

    def __init__(self, after):
        self.left = after

    def advance(self, amount=1, note=""):
        self.left -= amount
        if self.left < 0:
            raise KeyboardInterrupt


def test_what_a_kill_leaves_of_later_work_is_neither_in_the_way_nor_in_the_dataset(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(12):
        (folder / f"{index}.png").write_bytes(encoded(picture(index, 40)))

    def made_into(out, progress):
        return prepare(folder, out=out, size=16, engine="here", progress=progress).folder

    whole = files_of(made_into(tmp_path / "one" / "set", Silent()))
    out = tmp_path / "two" / "set"
    with pytest.raises(KeyboardInterrupt):
        made_into(out, Stopping(12))
    working = out.with_name("set.unfinished")
    assert committed(working) == 12
    for name in (*whole, "ATTRIBUTION.md", "scaling.json", "manifest.sqlite-journal"):
        (working / name).write_text("half of it")
    for name in ("request.part", "report.html", "ATTRIBUTION.md", "dataset.json"):
        (working / f"{name}.unfinished").write_text("half of it")
    made_into(out, Silent())
    expect_same(out, whole)
