"""What a ranking needs: the more images are spoilt, the worse the score, whichever way, for each metric and network."""

import numpy as np
import pytest
from corruptions import CORRUPTIONS, LEVELS, as_bytes, greyed, some

from ganvas.catalogue import find
from ganvas.metrics import FEATURES, METRICS
from ganvas.metrics.protocol import ImageSet, Reference
from ganvas.seeds import Stream

COUNT = 400
RANKING = ("fid", "kid", "mind", "cmmd")
SHIPPED = [name for name in ("grey", "colour") if name in FEATURES]


def spearman(values):
    """Return the rank correlation of values with their order: 1 - 6 sum d^2 / (n (n^2 - 1))."""
    ranks = np.argsort(np.argsort(values))
    count = len(values)
    return 1 - 6 * np.sum((ranks - np.arange(count)) ** 2) / (count * (count**2 - 1))


def test_spearman_by_hand():
    assert spearman([1, 2, 3, 4]) == 1
    assert spearman([4, 3, 2, 1]) == -1
    assert spearman([1, 3, 2, 4]) == pytest.approx(0.8)


@pytest.fixture(scope="module", params=SHIPPED)
def scale(request):
    """A network, the images to spoil, what reads each metric off a view of them, and what it reads of them unspoilt."""
    images = request.getfixturevalue("mnist")[1] if request.param == "grey" else request.getfixturevalue("cifar")
    network = find(FEATURES, "feature network", request.param)(None)
    real, sample = some(images, COUNT, "response")
    seen = network.view(real)
    metrics = {name: find(METRICS, "metric", name) for name in RANKING}
    read = {name: metric.against(Reference(seen, seen), Stream(0, name)) for name, metric in metrics.items()}
    return network, sample, read, values_of(read, network, sample)


def values_of(read, network, images):
    """Return the value of every metric."""
    view = network.view(images)
    return {name: reader(view).value for name, reader in read.items()}


@pytest.mark.slow
@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_every_metric_for_ranking_follows_every_corruption(scale, corruption):
    network, sample, read, unspoilt = scale
    spoilt = [ImageSet(CORRUPTIONS[corruption](sample, level), sample.labels) for level in range(LEVELS)]
    levels = [unspoilt, *(values_of(read, network, images) for images in spoilt)]
    values = {name: [level[name] for level in levels] for name in RANKING}
    assert {name: spearman(found) for name, found in values.items() if spearman(found) < 0.95} == {}, values


@pytest.mark.parametrize("scale", ["grey"], indirect=True)
def test_the_order_holds_up_to_the_noise_and_is_told_to_end_there(scale):
    """Digits on a brighter ground are soon farther off than noise; among such images there is no order to rely on."""
    network, sample, read, unspoilt = scale
    noise = values_of(read, network, ImageSet(as_bytes(256 * uniform_like(sample)), sample.labels))
    levels = [values_of(read, network, ImageSet(greyed(sample, kept))) for kept in (0.98, 0.95, 0.9, 0.8, 0.5, 0.15)]
    for name in RANKING:
        values = [unspoilt[name], *(level[name] for level in levels)]
        nearer = [value for value in values if value < noise[name]]
        assert values[: len(nearer)] == nearer == sorted(nearer), name
    assert "worse than noise" in network.tells


def uniform_like(images):
    shape = images.pixels.shape
    return Stream(0, "uniform").uniform(shape[0], int(np.prod(shape[1:]))).reshape(shape)
