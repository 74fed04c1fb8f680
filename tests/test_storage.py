import errno
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from disks import leftovers

from ganvas import storage
from ganvas.errors import DamagedError, StorageError
from ganvas.storage import (
    MANIFEST,
    new_folder,
    on_disk,
    read_json,
    read_manifest,
    remove_folder,
    remove_unfinished,
    replace_file,
    sha256_of_file,
    verify_folder,
    write_file,
    write_json,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def sealed(tmp_path):
    """A sealed folder of three files, one of them empty."""
    with new_folder(tmp_path / "sealed") as working:
        write_file(working / "a.bin", bytes(range(256)) * 20)
        write_file(working / "b.json", b'{"step": 3}')
        write_file(working / "c.empty", b"")
    return tmp_path / "sealed"


class Calls(list):
    """Records the calls that make writing lasting, while the real ones are made."""

    def __init__(self, monkeypatch):
        super().__init__()
        really = {name: getattr(os, name) for name in ("fsync", "rename", "replace")}

        def fsync(descriptor):
            self.append(("sync", Path(f"/proc/self/fd/{descriptor}").readlink().name))
            really["fsync"](descriptor)

        def move(name):
            def recorded(source, target, **places):
                self.append(("move", Path(target).name))
                really[name](source, target, **places)

            return recorded

        monkeypatch.setattr(os, "fsync", fsync)
        for name in ("rename", "replace"):
            monkeypatch.setattr(os, name, move(name))


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc to read the names of files from")


@needs_proc
def test_file_is_flushed_then_renamed_then_its_folder_flushed(tmp_path, monkeypatch):
    calls = Calls(monkeypatch)
    write_json(tmp_path / "x.json", [1])
    assert calls == [("sync", "x.json.unfinished"), ("move", "x.json"), ("sync", tmp_path.name)]


@needs_proc
def test_folder_is_flushed_from_the_inside_out(tmp_path, monkeypatch):
    calls = Calls(monkeypatch)
    with new_folder(tmp_path / "new") as working:
        write_file(working / "one", b"1")
        write_file(working / "two", b"2")
    assert calls == [
        ("sync", "one"),
        ("sync", "two"),
        ("sync", MANIFEST),
        ("sync", "new.unfinished"),
        ("move", "new"),
        ("sync", tmp_path.name),
    ]


def test_failed_block_leaves_the_old_folder_and_nothing_else(sealed):
    with pytest.raises(ZeroDivisionError), new_folder(sealed) as working:
        write_file(working / "a.bin", b"new")
        raise ZeroDivisionError
    verify_folder(sealed)
    assert names(sealed.parent) == ["sealed"]


def test_folder_is_replaced_whole(sealed):
    with new_folder(sealed) as working:
        write_file(working / "only", b"new")
    verify_folder(sealed)
    assert names(sealed) == [MANIFEST, "only"]
    assert names(sealed.parent) == ["sealed"]


def test_move_interrupted_by_a_kill_is_finished(sealed):
    sealed.rename(sealed.with_name("sealed.replaced"))
    sealed.with_name("sealed.unfinished").mkdir()
    with pytest.raises(ZeroDivisionError), new_folder(sealed):
        raise ZeroDivisionError
    verify_folder(sealed)
    assert names(sealed.parent) == ["sealed"]


def test_every_flipped_bit_and_every_lost_byte_is_found(sealed):
    draw = random.Random(1)
    for path in sorted(sealed.iterdir()):
        whole = path.read_bytes()
        for place in draw.sample(range(len(whole) * 8), min(60, len(whole) * 8)):
            flipped = bytearray(whole)
            flipped[place // 8] ^= 1 << place % 8
            path.write_bytes(flipped)
            with pytest.raises(DamagedError, match=str(sealed)):
                verify_folder(sealed)
        for length in {0, 1, len(whole) // 2, len(whole) - 1} if whole else ():
            path.write_bytes(whole[:length])
            with pytest.raises(DamagedError, match=str(sealed)):
                verify_folder(sealed)
        path.unlink()
        with pytest.raises(DamagedError, match=path.name):
            verify_folder(sealed)
        path.write_bytes(whole)
    verify_folder(sealed)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"files": []}',
        b'{"files": {"a.bin": 3}, "sha256": "0"}',
        b'{"files": {}, "sha256": null}',
        b'{"files": {"../a.bin": {"size": 0, "sha256": ""}}, "sha256": "0"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b"1" * 5000,
        b'{"files": NaN}',
    ],
)
def test_manifest_that_is_none(sealed, content):
    (sealed / MANIFEST).write_bytes(content)
    with pytest.raises(DamagedError, match=MANIFEST):
        read_manifest(sealed)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "sub/file", "..", "", "."])
def test_manifest_naming_files_outside_its_folder(sealed, name):
    (sealed.parent / "secret").write_bytes(b"")
    entries = {name: {"size": 0, "sha256": sha256_of_file(sealed.parent / "secret")}}
    write_json(sealed / MANIFEST, {"files": entries, "sha256": storage._digest_of(entries)})
    with pytest.raises(DamagedError):
        verify_folder(sealed)


def test_removed_folder_has_no_half_under_its_name(sealed, monkeypatch):
    def killed(folder):
        (folder / "a.bin").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        remove_folder(sealed)
    monkeypatch.undo()
    assert names(sealed.parent) == ["sealed.unfinished"]
    remove_unfinished(sealed.parent)
    assert names(sealed.parent) == []
    remove_folder(sealed)


def test_json_of_ours_is_strict(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", float("nan"))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DamagedError, match=r"x\.json` is missing"):
        read_json(tmp_path / "x.json")
    (tmp_path / "x.json").write_text('{"a": Infinity}')
    with pytest.raises(DamagedError, match="holds Infinity"):
        read_json(tmp_path / "x.json")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file here whose reading fails")
def test_failing_disk_is_named_when_reading():
    with pytest.raises(StorageError, match=r"Could not read `/proc/self/mem`: Input/output error"):
        sha256_of_file(Path("/proc/self/mem"))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "may not write"),
        (errno.EIO, "reports a failure"),
        (errno.ENOTDIR, "is a file"),
        (errno.ENAMETOOLONG, "Nothing that was there before is lost"),
    ],
)
def test_each_failure_of_the_disk_has_its_advice(number, words):
    def fail():
        raise OSError(number, os.strerror(number))

    with pytest.raises(StorageError, match=f"`/some/place`: {os.strerror(number)}.*{words}"):
        on_disk(fail, Path("/some/place"))


@pytest.mark.parametrize("free", [0, 4096, 65536, 100_000])
def test_full_disk_leaves_the_old_file_and_no_temporary(disk, free):
    path = disk.folder / "file"
    replace_file(path, b"old")
    disk.leave(free)
    with pytest.raises(StorageError, match=r"file`: No space left on device\. The disk is full"):
        replace_file(path, bytes(200_000))
    assert path.read_bytes() == b"old"
    assert leftovers(disk.folder) == []


def test_read_only_disk(disk):
    replace_file(disk.folder / "file", b"old")
    disk.remount("ro")
    with pytest.raises(StorageError, match="read-only"):
        replace_file(disk.folder / "file", b"new")
    with pytest.raises(StorageError, match="read-only"), new_folder(disk.folder / "new"):
        pass
    assert names(disk.folder) == ["file"]


def test_files_limited_in_size(tmp_path):
    """Where nothing can be mounted, the limit of a process ends its files as a full disk would."""
    script = """
import resource, sys
from pathlib import Path
from ganvas.errors import StorageError
from ganvas.storage import replace_file
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    replace_file(Path(sys.argv[1]), bytes(60_000))
except StorageError as error:
    print(error)
"""
    path = tmp_path / "file"
    replace_file(path, b"old")
    shown = subprocess.run([sys.executable, "-c", script, path], check=True, capture_output=True, text=True).stdout
    assert shown == f"Could not write `{path}`: File too large. Nothing that was there before is lost.\n"
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


WRITER = """
import itertools, sys
from pathlib import Path
from ganvas.storage import new_folder, replace_file, write_file
place = Path(sys.argv[1])
for number in itertools.count():
    replace_file(place / "file", bytes([number % 256]) * 300_000)
    with new_folder(place / "folder") as working:
        for name in "abc":
            write_file(working / name, bytes([number % 256]) * 100_000)
    print(number, flush=True)
"""


@pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_writer_leaves_whole_files_and_folders(tmp_path, kills):
    draw = random.Random(3)
    for _ in range(kills):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE)
        assert writer.stdout.readline()
        try:
            writer.wait(draw.random() * 0.2)
        except subprocess.TimeoutExpired:
            writer.send_signal(signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
        writer.stdout.close()
        content = (tmp_path / "file").read_bytes()
        assert content == content[:1] * 300_000
        place = tmp_path / "folder"
        whole = place if place.exists() else tmp_path / "folder.replaced"
        verify_folder(whole)
        assert read_manifest(whole).keys() == set("abc")
