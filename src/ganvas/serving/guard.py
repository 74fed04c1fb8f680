"""The guard: ASGI middleware that any server of ours stands behind, the HTTP interface and the studio alike.

    door = open_door(host, token, names)                   # raises where a token is missing
    application = Guard(application, door, Limits(), unguarded=("/health/live",))

or, in a Starlette, FastAPI or NiceGUI application, `app.add_middleware(Guard, door=door, limits=limits)`. It refuses
foreign Hosts and Origins (also of WebSockets), requests without the token, bodies that are too large or too slow, and
sends browsers' security headers with every answer. `?token=TOKEN` in a browser becomes a cookie. Behind it
`scope["ganvas_admitted"]` says whether the token was shown: paths in `unguarded` are open without. Together with
`connections.Connections` as uvicorn's protocol, slow headers and slow readers are cut off as well; without it nothing
else changes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from ganvas.serving.connections import CONNECTION, Connection
from ganvas.serving.door import COOKIE, Door, Headers, token_needed
from ganvas.serving.limits import Limits
from ganvas.serving.refusals import Refusal

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
ADMITTED = "ganvas_admitted"
SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_DROPPED_BYTES, _DROPPED_SECONDS = 1 << 20, 1.0
"""What is still read of a body that is refused, so that its sender comes to reading the refusal."""


class Guard:
    """Lets an ASGI application see only what may come in."""

    def __init__(
        self, app: Application, door: Door, limits: Limits | None = None, unguarded: tuple[str, ...] = ()
    ) -> None:
        self.app, self.door, self.limits, self.unguarded = app, door, limits or Limits(), unguarded

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        connection = scope.get("state", {}).get(CONNECTION)
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send, connection)
            return
        exchange = Exchange(self.limits, receive, send)
        if connection is not None:
            connection.begin()
        try:
            await self._answer(scope, exchange)
        finally:
            if connection is not None:
                connection.end()

    async def _answer(self, scope: MutableMapping[str, Any], exchange: "Exchange") -> None:
        headers = headers_of(scope)
        try:
            self.door.check(headers)
            if cookie := self._cookie(scope, headers):
                await exchange.send(cookie[0])
                await exchange.send(cookie[1])
                return
            scope[ADMITTED] = self.door.admits(headers)
            if not scope[ADMITTED] and scope["path"] not in self.unguarded:
                raise token_needed()
            exchange.expect(headers)
            await self.app(scope, exchange.receive, exchange.send)
        except Refusal as refusal:
            await exchange.refuse(refusal)

    async def _websocket(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send, connection: Connection | None
    ) -> None:
        if connection is not None:
            connection.leave()
        headers = headers_of(scope)
        try:
            self.door.check(headers)
            if not self.door.admits(headers):
                raise token_needed()
        except Refusal:
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        scope[ADMITTED] = True
        await self.app(scope, receive, send)

    def _cookie(self, scope: MutableMapping[str, Any], headers: Headers) -> tuple[Message, Message] | None:
        """Return the answer that makes ?token=... a cookie; None where none is shown, or it is not needed."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        shown = [value for name, value in query if name == "token"]
        if not self.door.token or scope["method"] != "GET" or not shown or self.door.admits(headers):
            return None
        if not self.door.is_token(shown[0]):
            raise token_needed()
        left = urlencode([(name, value) for name, value in query if name != "token"])
        path = "/" + quote(scope["path"].lstrip("/\\"))  # never //elsewhere
        secure = "; Secure" if scope["scheme"] == "https" else ""
        told = [
            (b"location", (path + (f"?{left}" if left else "")).encode()),
            (b"set-cookie", f"{COOKIE}={self.door.cookie()}; HttpOnly; SameSite=Strict; Path=/{secure}".encode()),
            (b"content-length", b"0"),
        ]
        return {"type": "http.response.start", "status": 303, "headers": told}, {"type": "http.response.body"}


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


def headers_of(scope: MutableMapping[str, Any]) -> dict[str, list[str]]:
    """Return the headers of an ASGI scope."""
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found
