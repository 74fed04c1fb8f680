import json
import pickle
import shutil
import time

import numpy as np
import pytest
import torch

from ganvas.errors import DamagedError, DataError, GanvasError, ModelError
from ganvas.images import ImageShape
from ganvas.metrics.classifier import CARD, WEIGHTS, Classifier, ClassifierNetwork, build_network, load_classifier
from ganvas.metrics.classifier_training import ClassifierTraining, shifted, train_classifier
from ganvas.metrics.features import classifier
from ganvas.metrics.protocol import ImageSet
from ganvas.progress import Silent
from ganvas.seeds import Stream
from ganvas.storage import sha256_of_file

SHORT = ClassifierTraining(fewest_images=2, most_images=640)


def train(folder, sets, config=SHORT, num_classes=10):
    return train_classifier(folder, *sets, num_classes, "content-hash", config, Silent())


@pytest.fixture(scope="module")
def trained(tmp_path_factory, digits16):
    folder = tmp_path_factory.mktemp("classifier") / "digits"
    return folder, train(folder, digits16)


@pytest.fixture
def copied(trained, tmp_path):
    return shutil.copytree(trained[0], tmp_path / "copy")


def test_reaches_98_percent_on_held_out_digits_within_15_seconds(tmp_path, digits16):
    began = time.process_time()
    found = train(tmp_path / "full", digits16, ClassifierTraining())
    assert found.card.accuracy >= 0.98
    assert time.process_time() - began < 15


@pytest.mark.slow
def test_reaches_99_2_percent_on_held_out_mnist(tmp_path, mnist):
    found = train(tmp_path / "mnist", mnist, ClassifierTraining())
    assert found.card.accuracy >= 0.992
    assert (tmp_path / "mnist" / WEIGHTS).stat().st_size < 2_000_000


def test_two_trainings_give_the_same_weights_and_touch_no_global_state(trained, tmp_path, digits16, two_threads):
    state = torch.random.get_rng_state()
    again = train(tmp_path / "again", digits16)
    assert again.card == trained[1].card
    assert torch.equal(state, torch.random.get_rng_state())
    assert torch.get_num_threads() == 2
    other = train(tmp_path / "other", digits16, SHORT.override(seed=1))
    assert other.card.sha256 != again.card.sha256


def test_saved_and_loaded_is_the_same_classifier(trained, digits16):
    folder, found = trained
    loaded = load_classifier(folder)
    pixels = digits16[1].pixels[:20]
    assert isinstance(loaded, Classifier)
    assert loaded.card == found.card
    assert loaded.card.sha256 == sha256_of_file(folder / WEIGHTS)
    assert loaded.name == f"classifier-{loaded.card.sha256[:8]}" == classifier(folder).name
    np.testing.assert_array_equal(loaded.features(pixels), found.features(pixels))
    assert loaded.features(pixels).shape == (20, 64)


def test_logits_of_the_feature_network_classify_as_well_as_the_card_says(trained, digits16):
    folder, found = trained
    view = classifier(folder).view(digits16[1])
    assert view.logits is not None
    assert np.mean(view.logits.argmax(axis=1) == digits16[1].labels) == pytest.approx(found.card.accuracy)
    assert f"{found.card.accuracy:.2%}" in classifier(folder).tells


def test_card_says_what_it_was_trained_on(trained):
    card = json.loads((trained[0] / CARD).read_text())
    assert card["dataset"] == "content-hash"
    assert (card["num_training"], card["num_held_out"]) == (1437, 360)
    assert card["image_shape"] == [1, 16, 16]


def test_a_pickle_in_place_of_the_weights_is_refused(copied):
    class Attack:
        def __reduce__(self):
            return (print, ("executed",))

    (copied / WEIGHTS).write_bytes(pickle.dumps(Attack()))
    with pytest.raises(ModelError, match="pickle"):
        load_classifier(copied)
    torch.save({"a": torch.zeros(1)}, copied / WEIGHTS)
    with pytest.raises(ModelError, match="pickle"):
        load_classifier(copied)


@pytest.mark.parametrize("name", [WEIGHTS, CARD, "manifest.json"])
@pytest.mark.parametrize("where", [0, 100, -1])
def test_a_flipped_bit_anywhere_is_refused(copied, name, where):
    content = bytearray((copied / name).read_bytes())
    content[where] ^= 4
    (copied / name).write_bytes(content)
    with pytest.raises(GanvasError):
        load_classifier(copied)


@pytest.mark.parametrize("name", [WEIGHTS, CARD, "manifest.json"])
def test_truncated_and_missing_files_are_refused(copied, name):
    content = (copied / name).read_bytes()
    (copied / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(DamagedError):
        load_classifier(copied)
    (copied / name).unlink()
    with pytest.raises(DamagedError):
        load_classifier(copied)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 8, 64), (3, 13, 29), (3, 33, 33), (1, 64, 64)])
def test_every_size_and_channel_count_gives_64_features(shape):
    network = build_network(ImageShape(*shape), 3, Stream(0, "weights")).train()
    images = torch.linspace(-1, 1, 2 * int(np.prod(shape))).reshape(2, *shape)
    assert network.features(images).shape == (2, 64)
    assert network(images).shape == (2, 3)
    network(images).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize("side", [8, 64])
def test_colour_images_of_both_extreme_sizes_train(tmp_path, side):
    pixels = np.zeros((40, side, side, 3), np.uint8)
    pixels[::2, :, :, 0] = 200
    images = ImageSet(pixels, np.arange(40) % 2)
    config = SHORT.override(batch_size=16, most_images=320)
    assert train(tmp_path / "colour", (images, images), config, 2).card.accuracy == 1


def test_one_epoch_shows_every_image_once_and_a_small_set_fills_a_batch(tmp_path, digits16):
    tiny = [ImageSet(images.pixels[:5], images.labels[:5]) for images in digits16]
    assert train(tmp_path / "tiny", tiny).card.num_training == 5
    assert ClassifierTraining(batch_size=100).num_steps(1_437) == 300
    assert ClassifierTraining(batch_size=100).num_steps(5_000) == 1_000
    assert ClassifierTraining(batch_size=100).num_steps(60_000) == 1_500


def test_shifts_move_each_image_whole_and_repeat_its_edge():
    pixels = np.arange(6 * 5 * 4, dtype=np.uint8).reshape(6, 5, 4, 1)
    moved = shifted(pixels, 1, Stream(0, "shifts"))
    padded = np.pad(pixels, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    offsets = [
        next((y, x) for y in range(3) for x in range(3) if (one[y : y + 5, x : x + 4] == other).all())
        for one, other in zip(padded, moved, strict=True)
    ]
    assert len(set(offsets)) > 1
    np.testing.assert_array_equal(moved[2:], shifted(pixels[2:], 1, Stream(0, "shifts", first=2)))


@pytest.mark.parametrize(
    ("shape", "num_classes", "words"),
    [((1, 7, 7), 10, "8 to 64 pixels"), ((1, 65, 65), 10, "8 to 64 pixels"), ((1, 16, 16), 1, "at least 2 classes")],
)
def test_what_it_cannot_do_is_refused_in_words(shape, num_classes, words):
    with pytest.raises(ModelError, match=words):
        build_network(ImageShape(*shape), num_classes, Stream(0, "weights"))


def test_images_and_labels_that_do_not_fit_are_refused_in_words(tmp_path, trained, digits16):
    training, held_out = digits16
    with pytest.raises(DataError, match="needs labelled training images"):
        train(tmp_path / "x", (ImageSet(training.pixels), held_out))
    with pytest.raises(DataError, match="0 to 4; found 1437 labels, 0 to 9"):
        train(tmp_path / "x", digits16, num_classes=5)
    with pytest.raises(DataError, match="were expected, as for training"):
        train(tmp_path / "x", (training, ImageSet(held_out.pixels[:, :8], held_out.labels)))
    with pytest.raises(ModelError, match="trained on images of 16x16 greyscale"):
        trained[1].features(held_out.pixels[:, :8])
    assert not (tmp_path / "x").exists()


def test_network_state_is_small_and_plain():
    with torch.device("meta"):
        network = ClassifierNetwork(ImageShape(3, 64, 64), 100)
    assert sum(tensor.numel() for tensor in network.state_dict().values()) * 4 < 2_000_000
