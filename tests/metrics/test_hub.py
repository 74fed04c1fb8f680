"""Feature networks of other libraries: found or not, normalised as published; without their large weights."""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file
from torch import nn

from ganvas.errors import ModelError
from ganvas.metrics.clip import CLIP
from ganvas.metrics.dinov2 import DINOV2, dinov2
from ganvas.metrics.hub import HubNetwork, Way, hub_features
from ganvas.storage import sha256_of_file

GREY_AND_RED = np.stack([np.full((8, 8, 3), 128, np.uint8), np.full((8, 8, 3), [200, 0, 0], np.uint8)])


class Means(nn.Module):
    """The mean of each channel, scaled."""

    def __init__(self, scale):
        super().__init__()
        self.scale = nn.Parameter(scale)

    def forward(self, images):
        assert images.shape[1:] == (3, 16, 16)
        return images.mean(dim=(2, 3)) * self.scale


def build(weights):
    network = Means(load_file(weights)["scale"])
    return network, network


def fails(weights):
    raise RuntimeError("size mismatch for head")


def a_network(*ways):
    mean, deviation = (0.5, 0.25, 0.125), (0.5, 0.25, 1.0)
    return HubNetwork("made", "tiny", "a network made here", "It tells little.", 16, mean, deviation, ways)


READY = Way("json", "json", "ganvas/made", ("config.json", "model.safetensors"), build)
NOT_INSTALLED = Way("no_such_library", "no-such-package", "else/where", ("model.safetensors",), build)


@pytest.fixture
def weights(tmp_path):
    """A folder with the files of the ready way."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    save_file({"scale": torch.tensor([1.0, 2.0, 3.0])}, folder / "model.safetensors")
    return folder


def test_images_are_normalised_as_published_and_weights_are_named_by_their_hash(weights):
    network = hub_features(a_network(NOT_INSTALLED, READY), weights)
    expected = [  # (x / 255 - mean) / deviation, times the scale
        [(128 / 255 - 0.5) / 0.5, 2 * (128 / 255 - 0.25) / 0.25, 3 * (128 / 255 - 0.125)],
        [(200 / 255 - 0.5) / 0.5, -2.0, -0.375],
    ]
    np.testing.assert_allclose(network.features(GREY_AND_RED), expected, rtol=1e-5, atol=1e-6)
    assert network.name == f"made-tiny-{sha256_of_file(weights / 'model.safetensors')[:8]}"
    assert network.row == "made"
    assert network.resizer == "clean16"
    assert "by json from ganvas/made. It tells little." in network.tells


def test_the_folder_of_the_environment_is_looked_in(weights, monkeypatch):
    monkeypatch.setenv("GANVAS_WEIGHTS", str(weights.parent))
    weights.rename(weights.with_name("made"))
    assert hub_features(a_network(READY)).name.startswith("made-tiny-")


def test_the_hubs_cache_is_looked_in_and_only_a_complete_set_of_files_counts(weights):
    repository = Path(constants.HF_HUB_CACHE) / "models--ganvas--made"
    snapshot = repository / "snapshots" / "0123abcd"
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123abcd")
    (weights / "model.safetensors").rename(snapshot / "model.safetensors")
    with pytest.raises(ModelError, match="its weights"):
        hub_features(a_network(READY))
    (snapshot / "config.json").write_text("{}")
    assert hub_features(a_network(READY)).name.startswith("made-tiny-")


def test_what_is_lacking_is_told_for_each_way_with_its_commands(tmp_path):
    other = READY._replace(repository="ganvas/absent")
    with pytest.raises(ModelError) as told:
        hub_features(a_network(NOT_INSTALLED, other), tmp_path)
    message = str(told.value)
    assert "`made` are those of a network made here, and nothing here can give them" in message
    assert (
        f"  by no_such_library: the library (`{sys.executable} -m pip install no-such-package`) and its weights "
        "(`hf download else/where model.safetensors`)\n"
        "  by json: its weights (`hf download ganvas/absent config.json model.safetensors`)\n"
    ) in message


def test_a_library_that_fails_is_told_in_words(weights):
    with pytest.raises(ModelError, match=r"`json` could not build a network made here from .*size mismatch for head"):
        hub_features(a_network(READY._replace(build=fails)), weights)


@pytest.mark.parametrize(("network", "size"), [(DINOV2, 224), (CLIP, 336)], ids=["dinov2", "clip"])
def test_the_published_sizes_and_files(network, size):
    assert network.size == size
    assert all(way.files[-1].endswith(".safetensors") for way in network.ways), "no pickle"
    assert (np.array(network.deviation) < 0.3).all()
    assert all(0.4 < mean < 0.5 for mean in network.mean)
    assert network.ways[0].library != network.ways[1].library


@pytest.mark.skipif(find_spec("transformers") is None, reason="transformers is not installed")
def test_a_small_dinov2_of_random_weights_through_transformers(tmp_path):
    from transformers import Dinov2Config, Dinov2Model  # type: ignore[import-not-found]

    torch.manual_seed(0)
    small = Dinov2Config(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=518)
    model = Dinov2Model(small).eval()
    model.save_pretrained(tmp_path)
    network = dinov2(tmp_path)
    found = network.features(GREY_AND_RED)
    assert found.shape == (2, 32)
    plain = torch.from_numpy(GREY_AND_RED[:, 0, 0] / np.float32(255))  # one colour stays one at any size
    mean, deviation = torch.tensor(DINOV2.mean), torch.tensor(DINOV2.deviation)
    images = ((plain - mean) / deviation)[:, :, None, None].expand(2, 3, 224, 224)
    with torch.inference_mode():
        expected = model(pixel_values=images).last_hidden_state[:, 0]
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)
