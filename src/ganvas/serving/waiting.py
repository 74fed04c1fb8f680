"""Waiting: the orders that are to be drawn, in turn, and which of their images share the next chunk.

Each lead gets one chunk, then goes to the end, so a large order does not hold up small ones. What is left of a chunk
is filled from the others of its kind, the oldest first.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import UsageError
from ganvas.generation.drawing import CHUNK
from ganvas.generation.sharing import Seat, free_row
from ganvas.serving.asked import Request
from ganvas.serving.models import Served
from ganvas.workflows.choice import Part, parts

_LOOKED_AT = 128
"""Orders that are looked at to fill a chunk."""


@dataclass(eq=False)
class Order:
    """Images of one request: what is asked of which model, until when, and how far it is."""

    served: Served
    request: Request
    labels: NDArray[np.int64] | None
    deadline: float
    done: Callable[["Order"], None]
    """Told, in the drawing thread, when all is drawn or `error` is set."""
    part: Part | None = None
    drawn: list[NDArray[Any]] = field(default_factory=list)
    taken: int = 0
    error: Exception | None = None

    def __post_init__(self) -> None:
        self.drawn = [np.zeros(0, np.uint8)] * self.num
        self.left = self.num

    @property
    def num(self) -> int:
        """How many images."""
        return self.request.asked.addresses.total

    @property
    def num_bytes(self) -> int:
        """How much memory they take."""
        channels, height, width = self.served.model.image_shape
        return self.num * channels * height * width * self.request.choice.bits // 8

    @property
    def kind(self) -> Hashable:
        """What orders must have in common to share chunks, as far as is known before they are prepared."""
        choice = self.request.choice
        strengths = tuple(sorted(choice.directions.items()))
        ways = (bool(choice.mixture), choice.mix_seed is None, choice.bits)
        return id(self.served), choice.truncation, strengths, ways

    @property
    def any_row(self) -> bool:
        """Whether its images may be drawn in any row: only where that was tried out."""
        return self.served.rows_alike and not self.request.choice.mixture and self.request.choice.mix_seed is None

    def prepare(self) -> Part:
        """Return the latents and classes of its images; raises what the model cannot do."""
        if self.part is None:
            asked, choice = self.request
            self.part, *more = parts(self.served.model, asked.addresses, self.labels, choice)
            if more:
                raise UsageError(f"{self.num:,} images are too many for one request.")
        return self.part


class Waiting:
    """Orders in turn; not safe by itself among threads."""

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}

    @property
    def num_images(self) -> int:
        """How many images wait to be drawn."""
        return sum(order.num - order.taken for order in self.orders.values())

    def add(self, order: Order) -> None:
        """Put an order at the end."""
        self.orders[id(order)] = order

    def remove(self, order: Order) -> None:
        """Forget an order."""
        self.orders.pop(id(order), None)

    def late(self) -> list[Order]:
        """Return, and forget, the orders whose time is over."""
        now = time.monotonic()
        late = [order for order in self.orders.values() if order.deadline < now]
        for order in late:
            self.remove(order)
        return late

    def alike(self) -> list[Order]:
        """Return the orders that may share the next chunk, the lead first."""
        if not self.orders:
            return []
        lead = next(iter(self.orders.values()))
        return [order for order in islice(self.orders.values(), _LOOKED_AT) if order.kind == lead.kind]

    def fill(self, orders: list[Order]) -> dict[int, tuple[Order, int]]:
        """Return which image of which order goes into each row of a chunk; those that are all taken leave."""
        rows: dict[int, tuple[Order, int]] = {}
        for order in orders:
            if len(rows) == CHUNK:
                break
            part = order.prepare()
            while order.taken < order.num:
                row = free_row(rows, Seat(part.request, order.taken).row, order.any_row)
                if row is None:
                    break
                rows[row] = (order, order.taken)
                order.taken += 1
            if order.taken == order.num:
                self.remove(order)
        if (lead := orders[0]).taken < lead.num and id(lead) in self.orders:
            self.orders[id(lead)] = self.orders.pop(id(lead))
        return rows
