"""Connections: uvicorn's HTTP protocol with deadlines for those who send, or read, too slowly.

uvicorn waits for a request's headers for ever; so each connection has a deadline here: until a request has come in
whole headers (`head_seconds`), and while it is answered (`request_seconds` and as long again). The guard says when a
request begins and ends, by the connection that it finds in the ASGI scope's state.
"""

import asyncio
from typing import Any, cast

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from ganvas.serving.limits import Limits
from ganvas.serving.refusals import Refusal

CONNECTION = "ganvas_connection"
_LINGER_SECONDS = 1.0
_PATIENCE = 3
"""Rounds of the event loop: one to read, one to begin what was read."""


class Connections:
    """Makes the protocol of each new connection: what uvicorn's setting `http` takes."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.open: set[Connection] = set()

    def __call__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> "Connection":
        """Return the protocol of one connection."""
        connection = Connection(self)
        connection.inner = Http(config, server_state, app_state | {CONNECTION: connection}, _loop)
        connection.inner.connection = connection
        return connection


class Connection(asyncio.Protocol):
    """One connection: what uvicorn's protocol does, and a deadline."""

    inner: "Http"
    transport: asyncio.Transport

    def __init__(self, connections: Connections) -> None:
        self.connections, self.limits = connections, connections.limits
        self.timer: asyncio.Handle | None = None
        self.heard = self.passed_on = self.refused = False
        self.unread = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection in, or refuse it where there are too many."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own says so only by its methods
        self.connections.open.add(self)
        if len(self.connections.open) > self.limits.most_connections:
            message = f"{self.limits.most_connections:,} connections are open, as many as may."
            self.refuse(Refusal(503, "crowded", message, "Ask again in a moment.", 1))
            return
        self.passed_on = True
        self.inner.connection_made(self.transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Pass on what comes in, but nothing behind what was refused."""
        self.heard = True
        if self.passed_on and not self.refused and not self.transport.is_closing():
            self.inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass on that nothing more comes in."""
        return self.inner.eof_received() if self.passed_on else None

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass on that the connection is gone."""
        self.leave()
        if self.passed_on:
            self.inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass on that the other side reads slowly."""
        if self.passed_on:
            self.inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that it has read."""
        if self.passed_on:
            self.inner.resume_writing()

    def begin(self) -> None:
        """A request has come in: there is time until it is answered."""
        self._at(2 * self.limits.request_seconds, self.transport.abort)

    def end(self) -> None:
        """It has been answered: the next headers, or the reading of the answer, have their own time."""
        self.heard = False
        if self in self.connections.open and not self.refused:
            self._await_head()

    def leave(self) -> None:
        """Watch no longer: it is closed, or a WebSocket now."""
        self.connections.open.discard(self)
        self._at(None)

    def refuse(self, refusal: Refusal) -> None:
        """Answer without a request, and close when that is read, or soon.

        At once would lose the answer: closing on bytes that nobody has read resets a connection.
        """
        self.refused = True
        self.transport.write(refusal.raw())
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._at(_LINGER_SECONDS, self.transport.abort)

    def _await_head(self) -> None:
        self.unread = self.transport.get_write_buffer_size()
        self._at(self.limits.head_seconds, self._no_head)

    def _no_head(self) -> None:
        """Close: at once where nothing was begun, with words where half a request came, not yet where one reads."""
        unread = self.transport.get_write_buffer_size()
        if unread:
            if self.unread - unread >= self.limits.least_bytes_per_second * self.limits.head_seconds:
                self._await_head()
            else:
                self.transport.abort()
        elif self.heard and not self.refused and not self.transport.is_closing():
            message = f"The headers did not arrive within {self.limits.head_seconds:g} s."
            self.refuse(Refusal(408, "too_slow", message, "Send them in one go."))
        else:
            self.transport.abort()

    def _at(self, seconds: float | None, action: Any = None) -> None:  # noqa: ANN401
        if self.timer is not None:
            self.timer.cancel()
        loop = asyncio.get_running_loop()
        self.timer = None if seconds is None else loop.call_later(seconds, self._soon, action, _PATIENCE)

    def _soon(self, action: Any, patience: int) -> None:  # noqa: ANN401
        """Act some rounds of the event loop later: what came in and was not read, since we were busy, is in time."""
        loop = asyncio.get_running_loop()
        self.timer = loop.call_soon(self._soon, action, patience - 1) if patience else loop.call_soon(action)


class Http(H11Protocol):
    """uvicorn's own protocol, that answers what is no HTTP in our form: its one place to say so is this method."""

    connection: Connection

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read as a request, where that can still be answered, and close."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            message = "This is no HTTP request that can be read, or its headers are too large."
            self.connection.refuse(Refusal(400, "unreadable", message, "Send a valid one, with smaller headers."))
        else:
            self.transport.close()
