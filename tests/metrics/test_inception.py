"""The Inception of FID: its form on the meta device, its poolings by hand, its file; features where it is here."""

import hashlib

import numpy as np
import pytest
import torch

from ganvas.cli.main import main
from ganvas.data.download import RemoteFile
from ganvas.errors import ModelError
from ganvas.metrics.inception import Inception, inception, load_inception
from ganvas.metrics.weights import WEIGHTS, find_weights
from ganvas.seeds import Stream

SHAPES = {  # as listed in the published file
    "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
    "Conv2d_1a_3x3.bn.running_var": (32,),
    "Conv2d_4a_3x3.conv.weight": (192, 80, 3, 3),
    "Mixed_5b.branch_pool.conv.weight": (32, 192, 1, 1),
    "Mixed_5d.branch5x5_2.conv.weight": (64, 48, 5, 5),
    "Mixed_6a.branch3x3dbl_3.conv.weight": (96, 96, 3, 3),
    "Mixed_6b.branch7x7_2.conv.weight": (128, 128, 1, 7),
    "Mixed_6e.branch7x7dbl_5.conv.weight": (192, 192, 1, 7),
    "Mixed_7a.branch7x7x3_4.conv.weight": (192, 192, 3, 3),
    "Mixed_7b.branch3x3_2b.conv.weight": (384, 384, 3, 1),
    "Mixed_7c.branch3x3dbl_1.conv.weight": (448, 2048, 1, 1),
    "fc.weight": (1008, 2048),
    "fc.bias": (1008,),
}


@pytest.fixture(scope="module")
def on_meta():
    with torch.device("meta"):
        return Inception()


def test_its_tensors_are_those_of_the_published_file(on_meta):
    state = on_meta.state_dict()
    assert {name: tuple(state[name].shape) for name in SHAPES} == SHAPES
    assert len(state) == 94 * 5 + 2  # a convolution and four numbers a channel each, and the linear layer
    assert sum(parameter.numel() for parameter in on_meta.parameters()) == 23_850_960
    # 34,432 running statistics more; all in float32 are the file but for its index
    num_elements = sum(tensor.numel() for tensor in state.values())
    assert num_elements == 23_850_960 + 34_432
    assert 0 < WEIGHTS["inception"].file.num_bytes - 4 * num_elements < 100_000


def test_the_shapes_of_features_and_logits(on_meta):
    images = torch.empty(2, 3, 299, 299, device="meta")
    assert on_meta.features(images).shape == (2, 2048)
    assert on_meta(images).shape == (2, 1008)


def test_averages_leave_the_padding_out_and_the_last_block_takes_the_maximum(on_meta):
    x = torch.arange(1.0, 10.0).view(1, 1, 3, 3)
    average, maximum = on_meta.Mixed_7b.pool(x)[0, 0], on_meta.Mixed_7c.pool(x)[0, 0]
    torch.testing.assert_close(average[0], torch.tensor([(1 + 2 + 4 + 5) / 4, (1 + 2 + 3 + 4 + 5 + 6) / 6, 4.0]))
    torch.testing.assert_close(maximum, torch.tensor([[5.0, 6, 6], [8, 9, 9], [8, 9, 9]]))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A file of the published form, its numbers drawn, and the row of WEIGHTS that it would be published by."""
    folder, stream = tmp_path_factory.mktemp("weights"), Stream(0, "inception")
    with torch.device("meta"):
        state = Inception().state_dict()
    tensors = {}
    for index, (name, tensor) in enumerate(state.items()):
        drawn = torch.from_numpy(stream._replace(step=index).uniform(1, tensor.numel())).float().view(tensor.shape)
        if tensor.ndim == 4:
            tensors[name] = (drawn - 0.5) * (24 / tensor[0].numel()) ** 0.5  # variance 2 / fan-in
        else:
            tensors[name] = drawn + 0.5 if name.endswith("running_var") else drawn
        if name.endswith("running_var"):
            tensors[name.replace("running_var", "num_batches_tracked")] = torch.tensor(0)  # some files have it
    path = folder / WEIGHTS["inception"].file.name
    torch.save(tensors, path, _use_new_zipfile_serialization=False)
    content = path.read_bytes()
    file = RemoteFile(path.name, len(content), hashlib.sha256(content).hexdigest())
    return folder, tensors, WEIGHTS["inception"]._replace(file=file)


def test_from_file_to_features(made, monkeypatch):
    folder, tensors, row = made
    monkeypatch.setitem(WEIGHTS, "inception", row)
    network = inception(folder)
    assert network.name == f"inception-{row.file.sha256[:8]}"
    assert network.row == "inception"
    assert network.resizer == "clean299"
    images = (Stream(0, "images").uniform(3, 16 * 16) * 256).astype(np.uint8).reshape(3, 16, 16, 1)
    features = network.features(images)
    assert features.shape == (3, 2048)
    assert features.dtype == np.float32
    np.testing.assert_allclose(network.features(images[2:]), features[2:], rtol=1e-4, atol=1e-5)
    assert network.classify is not None
    expected = features.astype(np.float64) @ tensors["fc.weight"].double().numpy().T  # the Inception score's: no bias
    np.testing.assert_allclose(network.classify(features), expected, rtol=1e-4, atol=1e-3)


def test_a_file_that_lacks_a_tensor_is_refused_by_name(made, monkeypatch):
    folder, tensors, row = made
    lacking = {name: tensor for name, tensor in tensors.items() if name != "Mixed_6a.branch3x3.bn.bias"}
    path = folder / "lacking.pth"
    torch.save(lacking, path)
    content = path.read_bytes()
    file = RemoteFile(path.name, len(content), hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(WEIGHTS, "inception", row._replace(file=file))
    with pytest.raises(ModelError, match=r"lacks 1 tensors of its network, `Mixed_6a\.branch3x3\.bn\.bias`"):
        load_inception(folder)


def test_with_the_published_weights_features_tell_frogs_from_ships(cifar):
    if find_weights("inception") is None:
        pytest.skip("the weights of Inception are not on this machine: `ganvas weights inception`")
    frogs, ships = (cifar.pixels[cifar.labels == label][:30] for label in (6, 8))
    features = inception().features(np.concatenate([frogs, ships]))
    assert features.min() >= 0
    assert 0.2 < features.mean() < 0.8
    distances = [((features - features[start : start + 20].mean(0)) ** 2).sum(1) for start in (0, 30)]
    is_frog = distances[0] < distances[1]
    assert is_frog[20:30].mean() >= 0.9
    assert is_frog[50:60].mean() <= 0.1


def test_absent_weights_end_the_command_with_one_message_and_exit_code_1(
    finished_run, digits_at, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("GANVAS_WEIGHTS", raising=False)
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", str(finished_run), "--data", str(digits_at(8)), "--features", "inception"])
    told = capsys.readouterr()
    assert ended.value.code == 1, told.err
    assert told.err.startswith("ganvas: The features `inception` need the file ")
    file, mirrors, _ = WEIGHTS["inception"]
    for part in (file.name, file.sha256, f"{mirrors[0]}/{file.name}", "`ganvas weights inception`"):
        assert part in told.err
    assert told.out == ""
