"""The desk: takes a request to the drawing thread, waits for its images, and has them made a file."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np

from ganvas.errors import UsageError
from ganvas.serving.answers import Answer, answer_of
from ganvas.serving.asked import Request
from ganvas.serving.drawing import Drawer
from ganvas.serving.limits import Limits
from ganvas.serving.models import Served
from ganvas.serving.refusals import Refusal, late
from ganvas.serving.waiting import Order

_NUM_ENCODERS = 2


class Desk:
    """Where requests are in hand, between the event loop and the threads that work."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.drawer = limits, Drawer(limits)
        self.encoders = ThreadPoolExecutor(_NUM_ENCODERS, "encoding")
        self.in_hand = 0

    async def answer(self, served: Served, request: Request, receive: Callable[[], Awaitable[Any]]) -> Answer:
        """Return the file that is asked for; raise `Refusal` or `GanvasError` where it cannot be, or not in time.

        `receive` tells when whoever asks has gone: then nothing more is drawn for them.
        """
        order, drawn = self._order(served, request)
        self.in_hand += 1
        try:
            self.drawer.take(order)
            try:
                await self._until(drawn, receive)
                if order.error is not None:
                    raise order.error
                return await asyncio.get_running_loop().run_in_executor(self.encoders, _file_of, order)
            finally:
                self.drawer.release(order)
        finally:
            self.in_hand -= 1

    async def drain(self) -> None:
        """Take no more, and return when all in hand is answered, or refused because its time is over."""
        self.drawer.refuse_new()
        end = time.monotonic() + self.limits.drain_seconds
        while self.in_hand and time.monotonic() < end:
            await asyncio.sleep(0.02)
        self.drawer.stop()

    def close(self) -> None:
        """End the threads."""
        self.drawer.stop()
        self.encoders.shutdown(wait=False, cancel_futures=True)

    def _order(self, served: Served, request: Request) -> tuple[Order, asyncio.Future[None]]:
        asked, limits, loop = request.asked, self.limits, asyncio.get_running_loop()
        total, drawn = asked.addresses.total, loop.create_future()
        if total > limits.most_images:
            raise UsageError(f"{total:,} images were asked for; one request draws {limits.most_images:,} at most.")
        labels = served.model.class_numbers(asked.wanted, total)

        def done(_: Order) -> None:
            with suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(_settle, drawn)

        order = Order(served, request, labels, time.monotonic() + limits.request_seconds, done)
        if order.num_bytes > limits.most_answer_bytes:
            raise UsageError(
                f"{total:,} images of this model are {order.num_bytes:,} bytes of values; one request draws "
                f"{limits.most_answer_bytes:,} at most. Ask for fewer at once."
            )
        return order, drawn

    async def _until(self, drawn: asyncio.Future[None], receive: Callable[[], Awaitable[Any]]) -> None:
        """Wait until the images are drawn; raise `Refusal` when time is over or nobody waits any more."""
        gone = asyncio.ensure_future(receive())
        try:
            await asyncio.wait({drawn, gone}, timeout=self.limits.request_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
        if drawn.done():
            return
        raise (
            Refusal(503, "gone", "Whoever asked has gone.", "Ask again.")
            if gone.done()
            else late(self.limits.request_seconds)
        )


def _settle(drawn: asyncio.Future[None]) -> None:
    if not drawn.done():
        drawn.set_result(None)


def _file_of(order: Order) -> Answer:
    return answer_of(order.served.model, order.prepare(), np.stack(order.drawn), order.request)
