"""Requests that share a chunk: not a bit of an image changes by what is drawn beside it."""

import threading
import time

import numpy as np
import pytest
from small import FAMILIES

from ganvas.errors import UsageError
from ganvas.generation.drawing import CHUNK
from ganvas.generation.sharing import free_row, rows_alike
from ganvas.images import ImageShape
from ganvas.models.family import family_config
from ganvas.serving.asked import read_request
from ganvas.serving.drawing import Drawer
from ganvas.serving.limits import Limits
from ganvas.serving.models import Served
from ganvas.serving.refusals import Refusal
from ganvas.serving.waiting import Order, Waiting
from ganvas.workflows.choice import parts
from ganvas.workflows.generate import pictures_of
from ganvas.workflows.model import Model

CLASSES = ("circle", "square", "star")
ASKED = [
    {"seed": 1},
    {"seed": 2},
    {"seed": 2, "first": 5},
    {"seed": 3, "num": 20, "first": 9},
    {"seeds": [8, 4], "num": 3},
    {"seed": 5, "label": "star"},
    {"seed": 6, "num": 2, "labels": [0, "square"]},
    {"seed": 1, "truncation": 0.5},
    {"seed": 9, "num": 3, "truncation": 0.5},
    {"seed": 1, "bits": 16},
]
MIXING = [{"seed": 1, "mixture": {"star": 1, "0": 3}}, {"seed": 2, "num": 5, "mixture": {"square": 0.5, "star": 0.5}}]
STYLED = [{"seed": 1, "num": 2, "mix_seed": 7, "mix_layers": [1, 2]}, {"seed": 4, "mix_seed": 3, "mix_layers": [0, 0]}]


def served(family, alike):
    config = family_config(family, **FAMILIES[family])
    model = Model.untrained(config, ImageShape(1, 16, 16), CLASSES)
    return Served(family, None, model, alike, False, None, np.zeros(0, np.uint8))


def alone(one, values):
    """Return the images as `ganvas generate` draws them."""
    asked, choice = read_request(values)
    numbers = one.model.class_numbers(asked.wanted, asked.addresses.total)
    drawn = [
        chunk
        for part in parts(one.model, asked.addresses, numbers, choice)
        for chunk in pictures_of(one.model, part.request, choice.bits)
    ]
    return np.concatenate(drawn)


def order_of(one, values, done=lambda order: None, seconds=60.0):
    request = read_request(values)
    numbers = one.model.class_numbers(request.asked.wanted, request.asked.addresses.total)
    return Order(one, request, numbers, time.monotonic() + seconds, done)


def together(orders_of, limits=None):
    """Let a drawer draw orders that all wait when it begins; return them, with the number of chunks it took."""
    finished = threading.Semaphore(0)
    drawer = Drawer(limits or Limits())
    orders = orders_of(lambda order: finished.release())
    for order in orders:
        drawer.take(order)
    drawer.start()
    assert all(finished.acquire(timeout=300) for _ in orders)
    drawer.stop()
    drawer.thread.join(60)
    return orders, drawer.num_chunks


@pytest.mark.parametrize(
    ("family", "more", "alike"),
    [("compact", MIXING, True), ("compact", MIXING, False), ("stylegan2", MIXING + STYLED, False)],
)
def test_images_of_requests_drawn_together_are_those_drawn_alone(family, more, alike):
    one, asked = served(family, alike), ASKED + more
    if alike:
        assert rows_alike(one.model.generator), "this network on this machine gives the same in every row"
    orders, num_chunks = together(lambda done: [order_of(one, values, done) for values in asked])
    for order, values in zip(orders, asked, strict=True):
        assert order.error is None, (values, order.error)
        np.testing.assert_array_equal(np.stack(order.drawn), alone(one, values), err_msg=str(values))
    own = sum(-(-((order.request.asked.first % CHUNK) + order.num) // CHUNK) for order in orders)
    assert num_chunks < own, "some shared a chunk"


def test_one_that_cannot_be_drawn_fails_alone():
    one = served("compact", True)
    wrong = {"seed": 1, "directions": {"up": 1.0}}
    orders, _ = together(lambda done: [order_of(one, values, done) for values in ({"seed": 1}, wrong, {"seed": 2})])
    assert isinstance(orders[1].error, UsageError)
    assert [order.error for order in orders[::2]] == [None, None]


def test_rows():
    assert free_row({}, 3, False) == 3
    assert free_row({3: 1}, 3, False) is None
    assert free_row({3: 1, 0: 1}, 3, True) == 1
    assert free_row(range(CHUNK), 3, True) is None


def test_a_large_order_lets_small_ones_pass():
    one = served("compact", True)
    waiting = Waiting()
    large, small = order_of(one, {"num": 100}), order_of(one, {"seed": 1, "truncation": 0.5})
    waiting.add(large)
    waiting.add(small)
    assert {order for order, _ in waiting.fill(waiting.alike()).values()} == {large}
    assert {order for order, _ in waiting.fill(waiting.alike()).values()} == {small}, "it was its turn"
    rows = waiting.fill(waiting.alike())
    assert [place for _, place in rows.values()] == list(range(16, 32))


def test_what_is_too_much_is_refused_and_what_is_late_is_not_drawn():
    one = served("compact", True)
    drawer = Drawer(Limits(most_waiting=20))
    drawer.take(order_of(one, {"num": 16}))
    with pytest.raises(Refusal) as crowded:
        drawer.take(order_of(one, {"num": 5}))
    assert (crowded.value.status, crowded.value.code) == (429, "crowded")
    assert crowded.value.retry_after >= 1
    drawer.take(order_of(one, {"num": 4}))
    drawer.refuse_new()
    with pytest.raises(Refusal, match="stopping"):
        drawer.take(order_of(one, {}))
    orders, num_chunks = together(lambda done: [order_of(one, {"seed": 1}, done, seconds=-1)])
    assert (orders[0].error.code, num_chunks) == ("late", 0)
