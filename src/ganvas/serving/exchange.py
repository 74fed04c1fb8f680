"""An exchange: one request and its answer, counted and timed on the way in, made safe for browsers on the way out."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from ganvas.serving.door import Headers
from ganvas.serving.limits import Limits
from ganvas.serving.refusals import Refusal

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Headers that every answer carries, unless it says otherwise."""
_DROPPED_BYTES, _DROPPED_SECONDS = 1 << 20, 1.0
"""What is still read of a body that is refused, so that its sender comes to reading the refusal."""


class Exchange:
    """One request and its answer: what is received is counted and timed, what is sent carries security headers."""

    def __init__(self, limits: Limits, receive: Receive, send: Send) -> None:
        self.limits, self._receive, self._send = limits, receive, send
        self.received, self.began = 0, time.monotonic()
        self.whole = self.started = self.waits = False
        self.refusal: Refusal | None = None

    def expect(self, headers: Headers) -> None:
        """Raise `Refusal` where the headers announce too large a body."""
        self.waits = "expect" in headers
        lengths = headers.get("content-length", [])
        if any(length.isdecimal() and int(length[:20]) > self.limits.most_body_bytes for length in lengths):
            raise self._too_large()

    async def receive(self) -> Message:
        """Return the next part of the body; raise `Refusal` where it is too large or too slow."""
        if self.refusal is not None:
            raise self.refusal
        if self.whole:
            return await self._receive()
        allowed = self.limits.body_seconds + self.received / self.limits.least_bytes_per_second
        try:
            async with asyncio.timeout(max(0.0, self.began + allowed - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            self.refusal = self._too_slow()
            raise self.refusal from None
        self.received += len(message.get("body", b""))
        self.whole = not message.get("more_body", False)
        if self.received > self.limits.most_body_bytes:
            self.refusal = self._too_large()
            raise self.refusal
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer; raises what was refused on the way in, whatever was made of that."""
        if message["type"] == "http.response.start":
            if self.refusal is not None:
                raise self.refusal
            self.started = True
            given = list(message.get("headers", []))
            named = {name.lower() for name, _ in given}
            kept = [] if b"cache-control" in named else [(b"cache-control", b"no-store")]
            own = [pair for pair in SECURITY if pair[0] not in named]
            message = {**message, "headers": [*given, *kept, *own]}
        await self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with a refusal, unless an answer has begun; a body that is not read ends the connection."""
        if self.started:
            return
        self.refusal = None
        if not self.whole and not self.waits and refusal.status != 408:
            await self._drop()
        closing = [] if self.whole else [(b"connection", b"close")]
        await self.send(
            {"type": "http.response.start", "status": refusal.status, "headers": [*refusal.headers(), *closing]}
        )
        await self.send({"type": "http.response.body", "body": refusal.body()})

    async def _drop(self) -> None:
        """Read what still comes of a body, for a while, and keep nothing of it."""
        dropped = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_DROPPED_SECONDS):
                while not self.whole and dropped < _DROPPED_BYTES:
                    message = await self._receive()
                    dropped += len(message.get("body", b""))
                    self.whole = not message.get("more_body", False)

    def _too_large(self) -> Refusal:
        most = self.limits.most_body_bytes
        return Refusal(413, "too_large", f"The body is larger than {most:,} bytes.", "Send a smaller one.")

    def _too_slow(self) -> Refusal:
        seconds = self.limits.body_seconds
        message = f"The body did not arrive in time: {seconds:g} s and its size's share were allowed."
        return Refusal(408, "too_slow", message, "Send it again, in one go.")
