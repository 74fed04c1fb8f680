"""What a ranking needs: the more images are spoilt, the worse the score, whichever way, for each metric and network."""

import numpy as np
import pytest
from corruptions import CORRUPTIONS, LEVELS, some

from ganvas.catalogue import find
from ganvas.metrics import METRICS
from ganvas.metrics.protocol import ImageSet, Reference
from ganvas.metrics.small import colour, grey
from ganvas.seeds import Stream

COUNT = 400
RANKING = ("fid", "kid", "mind", "cmmd")


def spearman(values):
    """Return the rank correlation of values with their order: 1 - 6 sum d^2 / (n (n^2 - 1))."""
    ranks = np.argsort(np.argsort(values))
    count = len(values)
    return 1 - 6 * np.sum((ranks - np.arange(count)) ** 2) / (count * (count**2 - 1))


def test_spearman_by_hand():
    assert spearman([1, 2, 3, 4]) == 1
    assert spearman([4, 3, 2, 1]) == -1
    assert spearman([1, 3, 2, 4]) == pytest.approx(0.8)


@pytest.fixture(scope="module", params=["grey", "colour"])
def scale(request):
    """A network, the images to spoil, and what reads each metric off a view of them."""
    images = request.getfixturevalue({"grey": "mnist", "colour": "cifar"}[request.param])
    network = {"grey": grey, "colour": colour}[request.param]()
    held_out = images[1] if request.param == "grey" else images
    real, sample = some(held_out, COUNT, "response")
    seen = network.view(real)
    metrics = {name: find(METRICS, "metric", name) for name in RANKING}
    read = {name: metric.against(Reference(seen, seen), Stream(0, name)) for name, metric in metrics.items()}
    return network, sample, read, {name: reader(network.view(sample)).value for name, reader in read.items()}


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_every_metric_for_ranking_follows_every_corruption(scale, corruption):
    network, sample, read, unspoilt = scale
    spoilt = [ImageSet(CORRUPTIONS[corruption](sample, level), sample.labels) for level in range(LEVELS)]
    views = [network.view(images) for images in spoilt]
    values = {name: [unspoilt[name], *(reader(view).value for view in views)] for name, reader in read.items()}
    assert {name: spearman(found) for name, found in values.items() if spearman(found) < 0.95} == {}, values
