"""Drawing: one thread that draws, chunk by chunk, what waits; the event loop stays free."""

import logging
import math
import threading
import time
from typing import Any

from numpy.typing import NDArray

from ganvas.errors import GanvasError
from ganvas.generation.decoding import decoder_of, deep_decoder_of
from ganvas.generation.drawing import CHUNK, draw_chunks
from ganvas.generation.sharing import Seat, shared
from ganvas.serving.limits import Limits
from ganvas.serving.refusals import crowded, late, stopping
from ganvas.serving.waiting import Order, Waiting

_LOG = logging.getLogger("ganvas.serving")
_SLOWEST_RETRY = 60
_REMEMBERED = 0.1
"""Share of the newest chunk in the running mean of their seconds."""


class Drawer:
    """Takes orders from any thread, and draws them in its own."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.waiting = limits, Waiting()
        self.changed = threading.Condition()
        self.stopped = self.refuses = False
        self.held_bytes = 0
        self.chunk_seconds = 0.05
        self.num_chunks = self.num_images = 0
        self.thread = threading.Thread(target=self._work, name="drawing", daemon=True)

    def start(self) -> None:
        """Begin to draw."""
        self.thread.start()

    def take(self, order: Order) -> None:
        """Let an order wait for its turn; raise `Refusal` where too much waits, or the server stops."""
        with self.changed:
            if self.refuses:
                raise stopping()
            waits = self.waiting.num_images
            full = waits + order.num > self.limits.most_waiting
            full |= self.held_bytes + order.num_bytes > self.limits.most_held_bytes
            if full and (waits or self.held_bytes):
                raise crowded(waits, self._seconds_until(waits))
            self.held_bytes += order.num_bytes
            self.waiting.add(order)
            self.changed.notify()

    def release(self, order: Order) -> None:
        """Forget an order: it is answered, or nobody waits for it any more."""
        with self.changed:
            self.waiting.remove(order)
            self.held_bytes -= order.num_bytes

    def refuse_new(self) -> None:
        """Take no more orders; those that wait are drawn."""
        with self.changed:
            self.refuses = True

    def stop(self) -> None:
        """Stop drawing; what still waits is refused."""
        with self.changed:
            self.refuses = self.stopped = True
            left = list(self.waiting.orders.values())
            self.waiting.orders.clear()
            self.changed.notify()
        for order in left:
            _fail(order, stopping())

    def _seconds_until(self, waits: int) -> int:
        return min(_SLOWEST_RETRY, max(1, math.ceil(waits / CHUNK * self.chunk_seconds)))

    def _work(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.waiting.orders or self.stopped)
                if self.stopped:
                    return
                too_late, orders = self.waiting.late(), self.waiting.alike()
            for order in too_late:
                _fail(order, late(self.limits.request_seconds))
            if ready := self._prepared(orders):
                self._draw(ready)

    def _prepared(self, orders: list[Order]) -> list[Order]:
        """Return the orders that can be drawn, as many as a chunk may need; the others are told why not."""
        ready: list[Order] = []
        wanted = 0
        for order in orders:
            if wanted >= CHUNK and order.any_row:
                break
            try:
                order.prepare()
            except Exception as error:
                self._drop(order, error)
                continue
            ready.append(order)
            wanted += order.num - order.taken
        return ready

    def _draw(self, orders: list[Order]) -> None:
        began = time.monotonic()
        with self.changed:
            rows = self.waiting.fill(orders)
        try:
            self._share_out(rows, _pixels_of(rows))
        except Exception as error:
            for order in {id(order): order for order, _ in rows.values()}.values():
                self._drop(order, error)
        seconds = time.monotonic() - began
        self.chunk_seconds += _REMEMBERED * (seconds - self.chunk_seconds)
        self.num_chunks += 1
        self.num_images += len(rows)

    def _share_out(self, rows: dict[int, tuple[Order, int]], pixels: NDArray[Any]) -> None:
        for row, (order, place) in rows.items():
            order.drawn[place] = pixels[row].copy()
            order.left -= 1
            if order.left == 0:
                order.done(order)

    def _drop(self, order: Order, error: Exception) -> None:
        if not isinstance(error, GanvasError):
            _LOG.error("A request could not be drawn.", exc_info=error)
        with self.changed:
            self.waiting.remove(order)
        _fail(order, error)


def _pixels_of(rows: dict[int, tuple[Order, int]]) -> NDArray[Any]:
    """Return the pixels [CHUNK, H, W, C] of a chunk."""
    lead = next(iter(rows.values()))[0]
    served, bits = lead.served, lead.request.choice.bits
    seats = {row: Seat(order.prepare().request, place) for row, (order, place) in rows.items()}
    decode = (decoder_of if bits == 8 else deep_decoder_of)(served.model.scaling)
    return next(draw_chunks(served.model.generator, shared(seats), decode, served.mean))


def _fail(order: Order, error: Exception) -> None:
    if order.error is None:
        order.error = error
        order.done(order)
