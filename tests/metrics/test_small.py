"""The small networks that ship: what is shipped, how they see, how they were trained."""

import shutil

import numpy as np
import pytest
import torch

from ganvas.catalogue import find
from ganvas.data.store import Dataset
from ganvas.errors import DamagedError, DataError, ModelError
from ganvas.metrics import FEATURES
from ganvas.metrics.small import SHIPPED, SmallNetwork, as_input, colour, folded, grey, load_small
from ganvas.metrics.small_training import (
    LARGEST_FILE,
    MADE,
    SmallTraining,
    augmented,
    build_small,
    fit_small,
    rate_at,
    share_right,
    train_small,
)
from ganvas.progress import Silent
from ganvas.seeds import Stream
from ganvas.storage import sha256_of_file

GATES = {"grey": 0.993, "colour": 0.88}
ROWS = {name: row for name, row in {"grey": grey, "colour": colour}.items() if name in FEATURES}
each = pytest.mark.parametrize("name", ROWS)


def noise(count, height, width, channels):
    words = Stream(0, "noise").uniform(count, height * width * channels)
    return (words * 256).astype(np.uint8).reshape(count, height, width, channels)


@each
def test_the_shipped_weights_are_those_of_their_card(name):
    network, card = load_small(name)
    path = SHIPPED / f"{name}.safetensors"
    assert sha256_of_file(path) == card.sha256
    assert path.stat().st_size < LARGEST_FILE == 2_000_000
    assert card.num_parameters == sum(parameter.numel() for parameter in network.parameters())
    print(f"{name}: {card.accuracy:.2%} of the test images, {GATES[name]:.1%} wanted; {path.stat().st_size:,} bytes")
    assert card.accuracy >= GATES[name]
    assert card.num_test == 10_000
    made = MADE[name]
    assert (card.name, card.channels, card.data, card.licence) == (name, made.channels, made.data, made.licence)
    assert {"widths": list(card.widths), **card.recipe} == made.recipe.plain()
    assert find(FEATURES, "feature network", name)().name == f"{name}-{card.sha256[:8]}"


@each
@pytest.mark.parametrize("size", [8, 28, 32, 45, 64])
def test_images_of_any_size_become_as_many_features(name, size):
    network, (_, card) = ROWS[name](), load_small(name)
    images = noise(5, size, size, card.channels)
    features = network.features(images)
    assert features.shape == (5, card.widths[-1])
    assert features.dtype == np.float32
    np.testing.assert_allclose(network.features(images[3:]), features[3:], rtol=1e-4, atol=1e-5)


def test_other_channels_are_refused_with_the_row_that_takes_them():
    for name, row in ROWS.items():
        ours, other = (1, 3) if name == "grey" else (3, 1)
        told = rf"`{name}` take images with {ours} channels; these have {other}.*`grey` takes 1 channel.*`colour` 3"
        with pytest.raises(ModelError, match=told):
            row().features(noise(1, 28, 28, other))


@each
def test_what_they_can_and_cannot_tell_is_said(name):
    network = ROWS[name]()
    assert "cannot tell" in network.tells
    assert "Not comparable with scores from Inception features" in network.tells
    assert network.resizer == "area32"
    assert network.classify is None, "their classes are not those of another dataset"


@pytest.mark.parametrize("file", ["grey.safetensors", "grey.json"])
def test_damage_is_told(file, tmp_path):
    shutil.copytree(SHIPPED, tmp_path / "shipped")
    path = tmp_path / "shipped" / file
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DamagedError, match=file):
        grey(tmp_path / "shipped")


@each
def test_a_thousand_test_images_agree_with_the_card(name, request):
    images = request.getfixturevalue("mnist")[1] if name == "grey" else request.getfixturevalue("cifar")
    chosen = np.sort(Stream(0, "thousand").permutation(10_000)[:1_000])
    network, card = load_small(name)
    allowed = 4 * (card.accuracy * (1 - card.accuracy) / 1_000) ** 0.5  # four standard errors
    assert abs(share_right(network, images.pixels[chosen], images.labels[chosen]) - card.accuracy) < allowed


@pytest.mark.slow
@each
def test_all_test_images_give_the_accuracy_of_the_card(name, request):
    images = request.getfixturevalue("mnist")[1] if name == "grey" else request.getfixturevalue("cifar")
    network, card = load_small(name)
    assert share_right(network, images.pixels, images.labels) == pytest.approx(card.accuracy, abs=5e-4)


def test_the_network_halves_the_image_at_each_stage():
    with torch.device("meta"):
        network = SmallNetwork(3, (8, 16, 24), 5)
        images = torch.empty(2, 3, 32, 32)
    assert network.stages(images).shape == (2, 24, 8, 8)
    assert network.features(images).shape == (2, 24)
    assert network(images).shape == (2, 5)
    # a convolution and its norm: 9 C D + 2 D; then the linear layer
    blocks = [(3, 8), (8, 16), (16, 16), (16, 16), (16, 24), (24, 24), (24, 24)]
    expected = sum(9 * before * after + 2 * after for before, after in blocks) + 24 * 5 + 5
    assert sum(parameter.numel() for parameter in network.parameters()) == expected


def test_bytes_become_minus_one_to_one():
    images = np.array([0, 255], np.uint8)[:, None, None, None].repeat(32, 1).repeat(32, 2)
    found = as_input(images)
    assert found.shape == (2, 1, 32, 32)
    torch.testing.assert_close(found[:, 0, 0, 0], torch.tensor([-1.0, 1.0]))


def test_a_fresh_network_finds_every_class_as_likely_and_its_blocks_change_nothing():
    network = build_small(1, SmallTraining(widths=(8, 16)), 4).eval()
    images = as_input(noise(3, 32, 32, 1))
    torch.testing.assert_close(network(images), torch.zeros(3, 4))
    strided = network.stages[1](network.stages[0](images))
    torch.testing.assert_close(network.stages[2](strided), strided)
    weight = network.stages[2].layers[0][0].weight
    assert abs(weight.std().item() - (2 / (9 * 16)) ** 0.5) < 0.01


def test_augmentation_moves_every_image_and_mirrors_half_of_them():
    ramp = np.arange(9, dtype=np.uint8)[None, None, :, None].repeat(9, 1).repeat(400, 0)
    recipe = SmallTraining(largest_shift=1, flips=True)
    found = augmented(ramp, recipe, step=3)
    falling = found[:, 4, 2, 0] > found[:, 4, 6, 0]
    assert 0.4 < falling.mean() < 0.6
    centre = np.unique(found[:, 4, 4, 0], return_counts=True)
    np.testing.assert_array_equal(centre[0], [3, 4, 5])
    assert (centre[1] > 100).all()
    assert not (augmented(ramp, recipe.override(flips=False), 3)[:, 4, 2] > 4).any()
    np.testing.assert_array_equal(found, augmented(ramp, recipe, step=3))
    assert (found != augmented(ramp, recipe, step=4)).any()


def test_the_learning_rate_rises_and_falls_in_straight_lines():
    assert [rate_at(done, 0.2) for done in (0, 0.1, 0.2, 0.6)] == pytest.approx([0, 0.5, 1, 0.5])
    assert rate_at(0, 0) == 1
    assert rate_at(0.999, 0.2) < 0.002


@pytest.mark.slow
def test_training_learns(digits16, one_thread):
    training, held_out = digits16
    recipe = SmallTraining(widths=(8, 16, 32), epochs=6, batch_size=32, largest_shift=1)
    network = build_small(1, recipe, 10)
    fit_small(network, training.pixels, training.labels, recipe, Silent())
    assert (network.stages[2].layers[2].weight != 0).all(), "the blocks take part, though they begin as nothing"
    assert share_right(network, held_out.pixels, held_out.labels) > 0.8


def test_the_script_writes_weights_and_a_card_that_load(digits_at, tmp_path, one_thread):
    card = train_small("grey", digits_at(8), tmp_path / "out", epochs=1, limit=250, progress=Silent())
    network, read = load_small("grey", tmp_path / "out")
    assert read == card
    dataset = Dataset.open(digits_at(8))
    assert share_right(network, dataset.pixels("test"), dataset.labels("test")) == card.accuracy
    assert card.num_test == dataset.count("test")
    assert card.content_hash == dataset.content_hash
    assert card.recipe["epochs"] == 1


def test_the_script_wants_a_dataset_of_the_right_kind(two_kinds, tmp_path):
    with pytest.raises(DataError, match=r"`grey` learns from the handwritten digits of MNIST; .*16x16 colour"):
        train_small("grey", two_kinds, tmp_path / "out", progress=Silent())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ROWS)
def test_folded_normalisations_change_no_feature(name):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 28, 28, 1 if name == "grey" else 3), dtype=np.uint8)
    network, _ = load_small(name)
    plain = network.features(as_input(pixels))
    assert not [layer for layer in folded(network).modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    torch.testing.assert_close(network.features(as_input(pixels)), plain, rtol=1e-4, atol=1e-5)
