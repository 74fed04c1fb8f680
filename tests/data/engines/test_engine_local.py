"""Decoding in worker processes: the same findings as in this process, and a death costs one file at most."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.data.engines import ENGINES, here, local
from ganvas.data.engines.engine import Limits
from ganvas.data.engines.messages import answer, finding_of, item_of, question, read_frame, write_frame
from ganvas.data.inspection import inspect
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.sources.source import Item, Refusal
from ganvas.seeds import Stream

HOW = Preprocessing(size=16, channels=3)
ONE = Limits(workers=1)


def encoded(index, size=(24, 20), kind="PNG"):
    values = Stream(0, "photograph", index).integers(size[0] * size[1] * 3, 256).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(values.reshape(size[1], size[0], 3)).save(buffer, kind)
    return buffer.getvalue()


def mixed_items(folder):
    file, odd = folder / "a.png", folder / os.fsdecode(b"odd-\xff.png")
    file.write_bytes(encoded(0))
    yield Item("path", file)
    yield Item("gone", folder / "gone.png")
    yield Item("link", None, refusal=Refusal("outside", "It is a link that leaves the folder."))
    yield Item("known", file, refusal=Refusal("not-an-image", "It is a hidden file."))
    yield Item("array", np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    yield Item("words", b"hello")
    if sys.platform == "linux":
        odd.write_bytes(encoded(1))
        yield Item("odd", odd)
    for index in range(40):
        yield Item(f"bytes-{index}", encoded(index, kind=("PNG", "JPEG", "WEBP")[index % 3]))


def plain(results):
    return [(item.name, *(repr(part) for part in finding)) for item, finding in results]


@pytest.mark.parametrize("workers", [1, 3])
def test_findings_are_those_of_this_process_in_order(tmp_path, workers):
    items = list(mixed_items(tmp_path))
    expected = plain(here.inspect_all(items, HOW, ONE))
    assert plain(local.inspect_all(iter(items), HOW, Limits(workers=workers))) == expected
    assert len(expected) == len(items)


def test_frames_carry_items_and_findings_unchanged(tmp_path):
    for item in mixed_items(tmp_path):
        found = inspect(item, HOW)
        stream = io.BytesIO()
        write_frame(stream, *question(item))
        write_frame(stream, *answer(found))
        stream.seek(0)
        assert repr(inspect(item_of(*read_frame(stream)), HOW)) == repr(found)
        assert repr(finding_of(*read_frame(stream))) == repr(found)
        with pytest.raises(EOFError):
            read_frame(stream)


def test_items_are_taken_only_a_little_ahead():
    taken = 0

    def items():
        nonlocal taken
        for index in range(2000):
            taken += 1
            yield Item(str(index), encoded(index % 5))

    results = local.inspect_all(items(), HOW, ONE)
    for done in range(200):
        next(results)
        assert taken - done <= 16 * 6
    results.close()


def children():
    found = subprocess.run(["pgrep", "-P", str(os.getpid()), "-f", "engines.worker"], capture_output=True, check=False)
    return [int(word) for word in found.stdout.split()]


def slow_png():
    buffer = io.BytesIO()
    Image.new("RGB", (9000, 9000)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def is_decoding(process):
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return False
    return pages * os.sysconf("SC_PAGESIZE") > 200 * 2**20


class Killer(threading.Thread):
    """Kills a worker `times` times, each when it has worked for a while."""

    def __init__(self, times):
        super().__init__(daemon=True)
        self.times, self.killed = times, []

    def run(self):
        while len(self.killed) < self.times:
            time.sleep(0.05)
            for process in children():
                if process not in self.killed and is_decoding(process):
                    os.kill(process, signal.SIGKILL)
                    self.killed.append(process)


@pytest.mark.skipif(sys.platform != "linux", reason="needs pgrep and SIGKILL")
@pytest.mark.parametrize(("times", "kind"), [pytest.param(1, None, marks=pytest.mark.slow), (2, "crashed")])
def test_a_file_at_which_the_process_dies_twice_is_refused_alone(times, kind):
    slow = [Item(f"slow-{index}", slow_png()) for index in range(1 + 4 * (times == 1))]
    items = [Item("first", encoded(1)), *slow, Item("last", encoded(2))]
    if times == 2:
        items[1:2] = [Item("slow", slow_png())]
    killer = Killer(times)
    killer.start()
    found = {item.name: finding for item, finding in local.inspect_all(items, HOW, ONE)}
    assert len(killer.killed) >= times
    assert found["first"].pixels is not None
    assert found["last"].pixels is not None
    refused = [finding.refusal for finding in found.values() if finding.refusal]
    assert [refusal.kind for refusal in refused] == ([kind] if kind else [])
    assert all("signal 9" in refusal.reason for refusal in refused)


def test_a_file_that_takes_too_long_is_refused_alone():
    items = [Item("a", encoded(1)), Item("slow", slow_png()), Item("b", encoded(2))]
    limits = Limits(workers=1, seconds_per_image=0.3)
    found = [finding.refusal for _, finding in local.inspect_all(items, HOW, limits)]
    assert found[0] is found[2] is None
    assert found[1] == Refusal("too-slow", "Decoding it took longer than 0.3 s.")


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are those of Linux")
def test_a_file_that_needs_too_much_memory_is_refused_alone():
    items = [Item("a", encoded(1)), Item("large", slow_png()), Item("b", encoded(2))]
    limits = Limits(workers=1, memory_per_worker=420 * 2**20)
    found = [finding.refusal for _, finding in local.inspect_all(items, HOW, limits)]
    assert found[0] is found[2] is None
    assert found[1] is not None
    assert found[1].kind == "too-large"


def test_processes_end_when_the_caller_stops_early():
    results = local.inspect_all((Item(str(index), encoded(index % 3)) for index in range(10**6)), HOW, ONE)
    next(results)
    assert children()
    results.close()
    assert not children()


def test_every_engine_gives_the_same(tmp_path):
    items = list(mixed_items(tmp_path))
    expected = plain(here.inspect_all(items, HOW, ONE))
    for name, entry in ENGINES.items():
        if name == "ray":
            pytest.importorskip("ray", reason="the `cluster` extra is not installed")
        assert plain(entry.load()(iter(items), HOW, Limits(workers=2))) == expected, name
