import numpy as np
import pytest
from PIL import Image

from ganvas.catalogue import find
from ganvas.errors import UsageError
from ganvas.metrics import FEATURES, METRICS
from ganvas.metrics.features import pixels, pixels8
from ganvas.metrics.protocol import ImageSet, Metric
from ganvas.seeds import Stream


def noise(count, height, width, channels):
    words = Stream(0, "noise").uniform(count, height * width * channels)
    return (words * 256).astype(np.uint8).reshape(count, height, width, channels)


@pytest.mark.parametrize("name", METRICS)
def test_every_row_of_metrics_is_a_metric_of_that_name(name):
    metric = find(METRICS, "metric", name)
    assert isinstance(metric, Metric)
    assert metric.name == name


@pytest.mark.parametrize("name", ["pixels8", "pixels"])
@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (17, 33, 3)])
def test_every_weightless_row_maps_images_to_numbers(name, shape):
    network = find(FEATURES, "feature network", name)()
    images = noise(3, *shape)
    features = network.features(images)
    assert network.name == network.row == name
    assert not network.expensive
    assert "cannot" in network.tells or "counts" in network.tells
    assert features.dtype == np.float32
    assert features.shape[0] == 3
    assert features.ndim == 2
    assert features.min() >= 0
    assert features.max() <= 1


def test_the_classifier_row_is_never_replaced_when_its_weights_are_absent():
    with pytest.raises(UsageError, match="none was given"):
        find(FEATURES, "feature network", "classifier")()


def test_pixels8_is_the_mean_over_each_cell():
    images = noise(2, 16, 24, 3)
    expected = images.reshape(2, 8, 2, 8, 3, 3).mean(axis=(2, 4)).reshape(2, -1) / 255
    np.testing.assert_allclose(pixels8().features(images), expected, rtol=1e-6)


def test_pixels8_shares_out_pixels_by_area_like_pillow():
    image = noise(1, 28, 21, 1)
    expected = np.asarray(Image.fromarray(image[0, :, :, 0]).resize((8, 8), Image.Resampling.BOX))
    found = pixels8().features(image).reshape(8, 8) * 255
    # Pillow rounds to whole grey levels and, unlike us, gives a pixel wholly to the cell its centre is in
    np.testing.assert_allclose(found.mean(), image.mean(), rtol=1e-6)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.9


def test_pixels8_of_half_covered_pixels_by_hand():
    image = np.zeros((1, 12, 8, 1), np.uint8)  # a cell is 1.5 rows high: row 1 is half in cell 0, half in cell 1
    image[0, 1] = 240
    found = pixels8().features(image).reshape(8, 8) * 255
    np.testing.assert_allclose(found[:3, 0], [80, 80, 0], atol=1e-4)


def test_batches_change_nothing_but_rounding():
    images = noise(501, 9, 9, 1)
    for network in (pixels8(), pixels()):
        whole = network.features(images)
        np.testing.assert_allclose(whole[300:], network.features(images[300:]), rtol=1e-6)


def test_view_carries_labels_and_no_logits():
    view = pixels8().view(ImageSet(noise(2, 8, 8, 1), np.array([1, 0])))
    assert view.logits is None
    assert view.labels is not None
    np.testing.assert_array_equal(view.labels, [1, 0])
