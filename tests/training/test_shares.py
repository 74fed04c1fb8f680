"""Shares of a batch: who has which samples, and what looks at the whole of it, with gradients of gradients."""

import copy

import numpy as np
import pytest
import torch
from ranks import together
from torch import nn

from ganvas.data.feed import Feed
from ganvas.errors import ConfigurationError, DataError, GanvasError
from ganvas.layers.minibatch_standard_deviation import MinibatchStandardDeviation
from ganvas.losses.contrastive import data_to_data_cross_entropy
from ganvas.seeds import Stream
from ganvas.training.batch_norm import SharedBatchNorm
from ganvas.training.interrupt import StopRequest
from ganvas.training.ranks import Ranks
from ganvas.training.shares import Share, made_together

X = torch.from_numpy(Stream(0, "test/shares").normal(10, 4 * 2 * 2)).view(10, 4, 2, 2)


def penalised(module, x):
    """Return the values of a module, and of a penalty on their gradients the gradients by x and by the weights."""
    x = x.clone().requires_grad_()
    y = module(x)
    (slope,) = torch.autograd.grad(y.pow(3).sum(), x, create_graph=True)
    gradients = torch.autograd.grad(slope.square().sum(), [x, *module.parameters()])
    return y.detach(), gradients[0], list(gradients[1:])


@pytest.mark.parametrize("options", [{}, {"momentum": None}, {"track_running_stats": False}])
@pytest.mark.parametrize("size", [2, 3])
def test_batch_norm_of_shares_is_that_of_the_batch(size, options):
    norm = nn.BatchNorm2d(4, **options).double()
    with torch.no_grad():
        norm.weight.uniform_(1, 2, generator=torch.Generator().manual_seed(0))
    ours, wanted = copy.deepcopy(norm), penalised(norm, X)
    unseen = norm.eval()(X)

    def play(ranks):
        share = Share.of(len(X), ranks)
        shared = SharedBatchNorm(copy.deepcopy(ours), ranks)
        y, by_x, by_weights = penalised(shared, share.own(X))
        assert shared.state_dict().keys() == norm.state_dict().keys()
        for name, value in shared.state_dict().items():
            torch.testing.assert_close(value, norm.state_dict()[name], rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(shared.eval()(X), unseen, rtol=1e-12, atol=1e-12)
        return share.gather(y), share.gather(by_x), [ranks.sum(gradient) for gradient in by_weights]

    for found in together(size, play):
        torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("group_size", [2, 4, 5])
def test_groups_reach_over_processes(group_size):
    layer = MinibatchStandardDeviation(group_size, 2)
    both = torch.cat([X, 2 * X.flip(0)])
    wanted, slopes, _ = penalised(layer, both)

    def play(ranks):
        share = Share.of(len(X), ranks).twice()
        own = MinibatchStandardDeviation(group_size, 2)
        share.given_to(own)
        y, by_x, _ = penalised(own, share.own(both))
        return share.gather(y), share.gather(by_x)

    for found in together(3, play):
        torch.testing.assert_close(found, (wanted, slopes), rtol=1e-9, atol=1e-9)


def test_contrast_is_with_the_samples_of_all():
    embeddings = nn.functional.normalize(X.flatten(1), dim=1)
    proxies, labels = embeddings[:3].clone(), torch.arange(10) % 3
    wanted = data_to_data_cross_entropy(embeddings, proxies, labels)

    def play(ranks):
        share = Share.of(10, ranks)
        own, classes = share.own(embeddings), share.own(labels)
        return share.gather(data_to_data_cross_entropy(own, proxies, classes, share.gather(own), share.gather(classes)))

    for found in together(3, play):
        torch.testing.assert_close(found, wanted)


def test_shares_are_all_samples_once_and_their_draws_are_those_of_the_batch():
    stream = Stream(3, "test", 5)

    def play(ranks):
        share = Share.of(10, ranks)
        twice = share.twice()
        rows = torch.arange(40.0).view(10, 4)
        assert torch.equal(share.columns(share.own(rows)), rows[:, ranks.rank * 4 // 3 : (ranks.rank + 1) * 4 // 3])
        return (
            share.gather(torch.from_numpy(share.draws(stream).normal(share.num, 5))),
            twice.gather(torch.from_numpy(twice.draws(stream.child("both")).uniform(2 * share.num, 3))),
            share.mean(share.own(rows).mean(0)),
        )

    for one, both, mean in together(3, play):
        assert np.array_equal(one, stream.normal(10, 5))
        assert np.array_equal(both, stream.child("both").uniform(20, 3))
        torch.testing.assert_close(mean, torch.arange(40.0).view(10, 4).mean(0))


@pytest.mark.parametrize("mirror", [False, True])
def test_feeds_of_shares_deal_the_batch(mirror):
    pixels = np.arange(25 * 12, dtype=np.uint8).reshape(25, 2, 2, 3)
    whole = Feed.from_arrays(pixels, np.arange(25), 10, seed=4, mirror=mirror)
    parts = [Feed.from_arrays(pixels, np.arange(25), 10, seed=4, mirror=mirror, part=part) for part in ((0, 3), (3, 7))]
    for index in range(6):
        dealt = [part.batch(index) for part in parts]
        assert torch.equal(torch.cat([batch.pixels for batch in dealt]), whole.batch(index).pixels)
        assert torch.equal(torch.cat([batch.labels for batch in dealt]), whole.batch(index).labels)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("total", [1, 4, 10, 33])
def test_each_makes_whole_blocks_and_all_have_all(total, kind):
    wanted = np.arange(total * 6).reshape(total, 2, 3).astype(kind)

    def play(ranks):
        asked = []

        def make(first, num):
            asked.append((first, num))
            return wanted[first : first + num]

        return made_together(ranks, total, 4, make), asked

    found = together(3, play)
    for rows, asked in found:
        assert rows.dtype == kind
        assert np.array_equal(rows, wanted)
        assert all(first % 4 == 0 for first, _ in asked)
    assert sum(num for _, asked in found for _, num in asked) == total


def test_all_hear_the_first_and_fail_with_it():
    def play(ranks):
        assert ranks.told({"from": ranks.rank, "text": "\u00fc", "nan": [1.5]}) == {
            "from": 0,
            "text": "\u00fc",
            "nan": [1.5],
        }
        assert ranks.first(lambda: 7) == (7 if ranks.is_first else None)

        def fail():
            raise DataError("no images")

        with pytest.raises(GanvasError, match="no images"):
            ranks.first(fail)
        ranks.expect_same("a", "dataset")
        with pytest.raises(ConfigurationError, match="do not have the same dataset"):
            ranks.expect_same(str(ranks.rank == 1), "dataset")
        return True

    assert together(3, play) == [True] * 3


def test_all_stop_after_the_step_in_which_one_was_asked():
    def play(ranks):
        asked = StopRequest()
        agreed, seconds = ranks.heed(asked), []
        for step in range(4):
            if (step, ranks.rank) == (2, 1):
                asked.signal = 15
                assert not agreed
            seconds.append(ranks.settle(ranks.rank + 1.0, 2.0))
            if agreed:
                break
        assert agreed.signal == 15
        return seconds

    assert together(3, play) == [[(1.0, 6.0)] * 3] * 3


def test_gradients_are_summed_and_those_that_nobody_has_stay_absent():
    def play(ranks):
        player = nn.Linear(2, 2, bias=True)
        player.unused = nn.Parameter(torch.ones(3))
        if ranks.is_first:
            player.weight.grad = torch.ones(2, 2)
        player.bias.grad = torch.full((2,), 2.0)
        ranks.add_gradients(player)
        return player.weight.grad.tolist(), player.bias.grad.tolist(), player.unused.grad

    assert together(2, play) == [([[1.0, 1.0], [1.0, 1.0]], [4.0, 4.0], None)] * 2


def test_a_process_alone_has_all():
    ranks = Ranks()
    share = Share.of(10, ranks)
    assert share.own(X) is share.gather(X) is share.columns(X) is ranks.sum(X) is share.mean(X) is share.part(X) is X
    assert share.draws(Stream(0, "test")) == share.twice().draws(Stream(0, "test")) == Stream(0, "test")


def test_fewer_samples_than_processes_are_refused():
    def play(ranks):
        with pytest.raises(ConfigurationError, match="A batch of 2 images cannot be shared by 3 processes"):
            Share.of(2, ranks)

    together(3, play)
