import io
import json
import os
import pickle
import random
import struct
import zipfile

import pytest
import torch
from torch import nn

from ganvas.errors import DamagedError, ModelError
from ganvas.tensors import adopt_file, is_pickle, load_state, read_tensors, write_tensors


class Trap:
    """An object whose unpickling makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def safetensors_of(header, data=b"", length=None):
    """Return the bytes of a safetensors file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def test_tensors_come_back_bit_by_bit(tmp_path):
    wanted = {
        "weights": torch.tensor([[0.1, -0.0, 3e-42], [1e38, -1.5, 2.0]]),
        "transposed": torch.arange(6.0).reshape(2, 3).T,
        "channels_last": torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
        "count": torch.tensor(7),
        "none": torch.zeros(0, 3),
    }
    write_tensors(tmp_path / "x.safetensors", wanted)
    found = read_tensors(tmp_path / "x.safetensors")
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert found[name].dtype == value.dtype
        assert found[name].shape == value.shape
        assert found[name].contiguous().numpy().tobytes() == value.contiguous().numpy().tobytes()


def test_what_was_read_is_free_of_its_file(tmp_path):
    write_tensors(tmp_path / "x.safetensors", {"a": torch.ones(10_000)})
    found = read_tensors(tmp_path / "x.safetensors")
    (tmp_path / "x.safetensors").write_bytes(bytes(100))
    assert found["a"].sum() == 10_000


def test_header_whose_length_starts_like_a_pickle(tmp_path):
    """Lengths are multiples of 8, so one file in 32 starts with the byte of a pickle, 0x80."""
    starts = set()
    for length in range(1, 400, 4):
        path = tmp_path / f"{length}.safetensors"
        write_tensors(path, {"x" * length: torch.ones(2)})
        starts.add(path.read_bytes()[0])
        assert not is_pickle(path)
        assert len(read_tensors(path)) == 1
    assert 0x80 in starts


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [None, {}, [1] * 300, {"weights": b"x" * 70_000}])
def test_pickles_of_all_protocols_are_refused(tmp_path, protocol, value):
    path = tmp_path / "x.safetensors"
    path.write_bytes(pickle.dumps(value, protocol))
    with pytest.raises(ModelError, match="is a pickle"):
        read_tensors(path)


def traps(trap):
    """Return pickles that would make a folder, as attackers write them."""
    torch_file = io.BytesIO()
    torch.save({"weight": Trap(trap)}, torch_file)
    legacy = io.BytesIO()
    torch.save({"weight": Trap(trap)}, legacy, _use_new_zipfile_serialization=False)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps(Trap(trap)))
    return {
        "torch.save": torch_file.getvalue(),
        "old torch.save": legacy.getvalue(),
        "zip": archive.getvalue(),
        "text protocol": pickle.dumps(Trap(trap), 0),
        "protocol 1": pickle.dumps(Trap(trap), 1),
        **{f"protocol {number}": pickle.dumps(Trap(trap), number) for number in range(2, 6)},
    }


def test_no_pickle_runs(tmp_path):
    trap = tmp_path / "trapped"
    for kind, content in traps(trap).items():
        path = tmp_path / "x.safetensors"
        path.write_bytes(content)
        with pytest.raises((ModelError, DamagedError), match=r"x\.safetensors` is (a pickle|not a valid safetensors)"):
            read_tensors(path)
        assert not trap.exists(), kind
    pickle.loads(content)
    assert trap.exists(), "the trap itself must work"


HOSTILE = {
    "empty": b"",
    "7 bytes": bytes(7),
    "no header": bytes(8),
    "header of 2^64 - 1 bytes": b"\xff" * 8 + b"{}",
    "header of 2^63 bytes": safetensors_of(b"{}", length=2**63),
    "header longer than the file": safetensors_of(b"{}", length=3),
    "header of 100 MB": safetensors_of(b"{}", length=100_000_000),
    "header not JSON": safetensors_of(b"hello, world"),
    "header a list": safetensors_of([1, 2]),
    "header nested": safetensors_of(b"[" * 900_000),
    "shape 2^63": safetensors_of({"a": tensor([2**63], 0, 4)}, bytes(4)),
    "shape overflowing to 0": safetensors_of({"a": tensor([2**32, 2**32], 0, 0)}),
    "shape overflowing to 4 bytes": safetensors_of({"a": tensor([2**62 + 1], 0, 4)}, bytes(4)),
    "negative shape": safetensors_of({"a": tensor([-1], 0, 4)}, bytes(4)),
    "shape of text": safetensors_of({"a": tensor(["1"], 0, 4)}, bytes(4)),
    "offsets overlap": safetensors_of({"a": tensor([2], 0, 8), "b": tensor([2], 4, 12)}, bytes(12)),
    "offsets the same": safetensors_of({"a": tensor([2], 0, 8), "b": tensor([2], 0, 8)}, bytes(8)),
    "offsets backwards": safetensors_of({"a": tensor([2], 8, 0)}, bytes(8)),
    "offsets beyond the end": safetensors_of({"a": tensor([2], 0, 8)}, bytes(4)),
    "offsets 2^63": safetensors_of({"a": tensor([2], 2**63, 2**63 + 8)}, bytes(8)),
    "offsets with a hole": safetensors_of({"a": tensor([1], 4, 8)}, bytes(8)),
    "bytes left over": safetensors_of({"a": tensor([1], 0, 4)}, bytes(400)),
    "shape not as long as its bytes": safetensors_of({"a": tensor([3], 0, 8)}, bytes(8)),
    "unknown dtype": safetensors_of({"a": tensor([1], 0, 4, "PICKLE")}, bytes(4)),
    "metadata not text": safetensors_of({"__metadata__": {"a": 1}}),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_are_refused_with_their_reason(tmp_path, kind):
    path = tmp_path / "x.safetensors"
    path.write_bytes(HOSTILE[kind])
    with pytest.raises(DamagedError, match=r"x\.safetensors` is not a valid safetensors file \(.+\)\.$"):
        read_tensors(path)


def test_truncated_anywhere(tmp_path):
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"first": torch.ones(1000), "second": torch.ones(3, 5)})
    whole = path.read_bytes()
    assert whole[0] != 0x80  # less than 8 bytes of it would be taken for a pickle, and be refused for that
    for length in {0, 7, 8, 9, len(whole) - 1, *random.Random(1).sample(range(len(whole)), 100)}:
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedError, match="not a valid safetensors"):
            read_tensors(path)


def test_things_that_are_no_files(tmp_path):
    with pytest.raises(DamagedError, match=r"none` is missing"):
        read_tensors(tmp_path / "none")
    with pytest.raises(DamagedError, match="is not a file"):
        read_tensors(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DamagedError, match=r"pipe` is not a file"):
        read_tensors(tmp_path / "pipe")
    with pytest.raises(DamagedError, match=r"pipe` is not a file"):
        adopt_file(network(), tmp_path / "pipe")


def broken(change):
    tensors = network().state_dict()
    change(tensors)
    return {name: value.clone() for name, value in tensors.items()}


MISFITS = {
    r"lacks 1 tensors of its network, `0.bias` first": lambda found: found.pop("0.bias"),
    r"holds 1 tensors its network has no place for, `extra` first": lambda found: found.update(extra=torch.ones(1)),
    r"`0.weight` is torch.float32 \[3, 4\]; its network has torch.float32 \[4, 3\]": lambda found: found.update(
        {"0.weight": torch.ones(3, 4)}
    ),
    r"`0.bias` is torch.float64": lambda found: found.update({"0.bias": torch.ones(4, dtype=torch.float64)}),
    r"`0.bias` holds NaN or infinity": lambda found: found["0.bias"][2].fill_(float("nan")),
    r"`1.running_var` holds NaN or infinity": lambda found: found["1.running_var"][0].fill_(float("inf")),
    r"`1.num_batches_tracked` is torch.float32": lambda found: found.update(
        {"1.num_batches_tracked": torch.tensor(0.0)}
    ),
}


@pytest.mark.parametrize("reason", MISFITS)
def test_tensors_that_do_not_fit_are_refused_and_change_nothing(tmp_path, reason):
    found = broken(MISFITS[reason])
    player = network()
    before = {name: value.clone() for name, value in player.state_dict().items()}
    with pytest.raises(ModelError, match=f"`the file`.*{reason}"):
        load_state(player, found, "`the file`")
    for name, value in player.state_dict().items():
        assert torch.equal(value, before[name])
    path = tmp_path / "x.safetensors"
    write_tensors(path, found)
    with torch.device("meta"):
        empty = network()
    with pytest.raises(ModelError, match=reason):
        adopt_file(empty, path)
    assert all(value.is_meta for value in empty.state_dict().values())


def test_file_larger_than_its_network_is_not_read(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(safetensors_of({"a": tensor([2**35], 0, 2**37)}))
    with path.open("ab") as file:
        file.truncate(path.stat().st_size + 2**37)  # 128 GiB that take no space
    with pytest.raises(ModelError, match=r"has 137,438,953,\d+ bytes; the weights of its network are 136"):
        adopt_file(network(), path)


def test_adopted_network_is_the_written_one(tmp_path):
    player = network()
    write_tensors(tmp_path / "x.safetensors", player.state_dict())
    with torch.device("meta"):
        empty = network()
    adopt_file(empty, tmp_path / "x.safetensors")
    images = torch.randn(5, 3)
    assert torch.equal(player.eval()(images), empty.eval()(images))
