"""Kept features: computed once, found again, never stale, never wrong; and a disk that fails stops nothing."""

from dataclasses import replace

import numpy as np
import pytest

from ganvas.metrics.caching import FeatureCache
from ganvas.metrics.features import FeatureNetwork
from ganvas.metrics.protocol import ImageSet
from ganvas.progress import Silent
from ganvas.storage import verify_folder

IMAGES = ImageSet(np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4, 1), np.array([1, 0]))


class Counting:
    """Means of images, and how often they were asked for."""

    def __init__(self):
        self.calls = 0

    def __call__(self, pixels):
        self.calls += 1
        return pixels.reshape(len(pixels), -1).astype(np.float32)[:, :3]


@pytest.fixture
def counting():
    return Counting()


@pytest.fixture
def network(counting):
    return FeatureNetwork("made-1a2b3c4d", "It counts.", counting, lambda features: features * 2)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    return FeatureCache(tmp_path / "dataset" / "features", "c0ffee")


def test_features_are_computed_once_and_the_view_is_the_same(cache, network, counting):
    first, second = (cache.view(network, IMAGES, "training") for _ in range(2))
    assert counting.calls == 1
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, two)
    plain = network.view(IMAGES)
    for one, two in zip(second, plain, strict=True):
        np.testing.assert_array_equal(one, two)
    assert second.logits is not None
    assert second.labels is IMAGES.labels
    assert second.pixels is IMAGES.pixels


def test_progress_is_told_of_every_image_however_it_is_had(cache, network):
    class Sum(Silent):
        done = 0

        def advance(self, amount=1, note=""):
            self.done += amount

    for _ in range(2):
        progress = Sum()
        cache.view(network, IMAGES, "training", progress)
        assert progress.done == 2


def test_the_folder_is_sealed_and_named_by_network_and_part(cache, network):
    cache.view(network, IMAGES, "held-out-2-of-seed-0")
    (folder,) = cache.folder.iterdir()
    assert folder.name.startswith("made-1a2b3c4d-held-out-2-of-seed-0-")
    verify_folder(folder)


CHANGES = {
    "other weights": lambda cache, network: (cache, replace(network, name="made-99999999"), IMAGES, "training"),
    "other resizer": lambda cache, network: (cache, replace(network, resizer="clean8"), IMAGES, "training"),
    "other content": lambda cache, network: (FeatureCache(cache.folder, "decaf"), network, IMAGES, "training"),
    "other part": lambda cache, network: (cache, network, IMAGES, "held-out"),
    "other count": lambda cache, network: (cache, network, ImageSet(IMAGES.pixels[:1]), "training"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_features_depend_on_is_part_of_the_key(change, cache, network, counting):
    cache.view(network, IMAGES, "training")
    changed, other, images, key = CHANGES[change](cache, network)
    changed.view(other, images, key)
    assert counting.calls == 2


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "a flipped bit": lambda folder: flip_a_bit(folder / "features.safetensors"),
    "a file cut short": lambda folder: (folder / "features.safetensors").write_bytes(b"12345678"),
    "a file gone": lambda folder: (folder / "features.safetensors").unlink(),
    "no seal": lambda folder: (folder / "manifest.json").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_features_are_computed_again(damage, cache, network, counting):
    expected = cache.view(network, IMAGES, "training").features
    DAMAGES[damage](next(cache.folder.iterdir()))
    np.testing.assert_array_equal(cache.view(network, IMAGES, "training").features, expected)
    assert counting.calls == 2
    np.testing.assert_array_equal(cache.view(network, IMAGES, "training").features, expected)
    assert counting.calls == 2, "and kept again"


def test_where_the_dataset_folder_cannot_be_written_the_users_cache_is_used(cache, network, counting, tmp_path):
    (tmp_path / "dataset").write_text("a file where a folder should be")
    for _ in range(2):
        cache.view(network, IMAGES, "training")
    assert counting.calls == 1
    assert len(list((tmp_path / "user" / "ganvas" / "features").iterdir())) == 1


def test_where_nothing_can_be_written_features_are_computed_each_time(cache, network, counting, tmp_path):
    for name in ("dataset", "user"):
        (tmp_path / name).write_text("a file where a folder should be")
    for _ in range(2):
        assert cache.view(network, IMAGES, "training").features.shape == (2, 3)
    assert counting.calls == 2


def test_features_that_cost_nothing_are_not_kept(cache, network, counting):
    for _ in range(2):
        cache.view(replace(network, expensive=False), IMAGES, "training")
    assert counting.calls == 2
    assert not cache.folder.exists()
