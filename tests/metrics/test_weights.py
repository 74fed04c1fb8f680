"""Published weights: found, checked, downloaded when asked for, and nothing but tensors ever read."""

import hashlib
import http.server
import io
import os
import pickle
import threading
from functools import partial

import pytest
import torch

from ganvas.data.download import RemoteFile
from ganvas.errors import DamagedError, DataError, ModelError, UsageError
from ganvas.metrics.weights import WEIGHTS, PublishedWeights, fetch_weights, find_weights, load_published
from ganvas.progress import Silent


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        """Say nothing."""


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Four folders: one given by hand, that of GANVAS_WEIGHTS, that of downloads, and a server's."""
    monkeypatch.setenv("GANVAS_WEIGHTS", str(tmp_path / "named"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folders = [tmp_path / "given", tmp_path / "named", tmp_path / "cache" / "ganvas" / "weights", tmp_path / "served"]
    for folder in folders:
        folder.mkdir(parents=True)
    return folders


@pytest.fixture
def server(places):
    handler = partial(Quiet, directory=str(places[3]))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture
def content(monkeypatch, server):
    """The bytes of the file that the row `made` publishes, as the torch of 2019 wrote files."""
    buffer = io.BytesIO()
    torch.save({"weight": torch.arange(6.0).view(2, 3)}, buffer, _use_new_zipfile_serialization=False)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setitem(
        WEIGHTS, "made", PublishedWeights(RemoteFile("made.pth", len(content), digest), (server,), "made here")
    )
    return content


def test_the_first_place_that_has_the_file_decides(places, content):
    assert find_weights("made", places[0]) is None
    for folder in places[2::-1]:
        (folder / "made.pth").write_bytes(content)
        assert find_weights("made", places[0]) == folder / "made.pth"
    assert find_weights("made") == places[1] / "made.pth"


def test_the_tensors_of_the_published_file_are_read(places, content):
    (places[0] / "made.pth").write_bytes(content)
    tensors = load_published("made", places[0])
    torch.testing.assert_close(tensors["weight"], torch.arange(6.0).view(2, 3))


def test_absent_weights_are_told_with_file_hash_address_and_command(places):
    with pytest.raises(ModelError) as told:
        load_published("inception", places[0])
    message = str(told.value)
    for part in (
        "pt_inception-2015-12-05-6726825d.pth",
        "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        "95,628,359 bytes",
        "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception",
        "`ganvas weights inception`",
        "GANVAS_WEIGHTS",
        *(f"`{folder}`" for folder in places[:3]),
    ):
        assert part in message, part
    assert not any(file.name.startswith("pt_") for folder in places for file in folder.iterdir())


class Trap:
    """Runs a command when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_another_file_of_that_name_is_refused_unread_and_not_passed_over(places, content, tmp_path):
    (places[0] / "made.pth").write_bytes(pickle.dumps(Trap(tmp_path / "sprung"), protocol=2))
    (places[1] / "made.pth").write_bytes(content)
    with pytest.raises(DamagedError, match=r"given/made\.pth` is not made here: its SHA-256 .*`ganvas weights made`"):
        load_published("made", places[0])
    assert not (tmp_path / "sprung").exists()


def test_even_a_file_of_the_right_hash_gives_tensors_alone(places, content, tmp_path, monkeypatch):
    trap = pickle.dumps(Trap(tmp_path / "sprung"), protocol=2)
    file = RemoteFile("made.pth", len(trap), hashlib.sha256(trap).hexdigest())
    monkeypatch.setitem(WEIGHTS, "made", WEIGHTS["made"]._replace(file=file))
    (places[0] / "made.pth").write_bytes(trap)
    with pytest.raises(pickle.UnpicklingError):
        load_published("made", places[0])
    assert not (tmp_path / "sprung").exists()


def test_weights_are_downloaded_once_and_checked(places, content):
    (places[3] / "made.pth").write_bytes(content)
    path = fetch_weights("made", Silent())
    assert path == places[2] / "made.pth"
    assert path.read_bytes() == content
    (places[3] / "made.pth").unlink()
    assert fetch_weights("made", Silent()) == path
    path.write_bytes(content[:-1])
    with pytest.raises(DamagedError, match="Remove it"):
        fetch_weights("made", Silent())


def test_a_download_of_another_file_leaves_nothing_and_says_where_to_put_the_right_one(places, content):
    (places[3] / "made.pth").write_bytes(b"x" * len(content))
    with pytest.raises(DataError, match=r"(?s)made\.pth.*SHA-256.*variable GANVAS_WEIGHTS names") as told:
        fetch_weights("made", Silent())
    assert "GANVAS_DATA" not in str(told.value)
    assert list(places[2].iterdir()) == []


def test_only_published_weights_can_be_got():
    with pytest.raises(UsageError, match=r"no download for the features `inceptoin`.*Did you mean `inception`"):
        fetch_weights("inceptoin", Silent())
