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

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from ganvas.serving.connections import CONNECTION, Connection
from ganvas.serving.door import COOKIE, Door, Headers, token_needed
from ganvas.serving.exchange import Exchange, Message, Receive, Send
from ganvas.serving.limits import Limits
from ganvas.serving.refusals import Refusal

Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
ADMITTED = "ganvas_admitted"


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

    async def _answer(self, scope: MutableMapping[str, Any], exchange: Exchange) -> None:
        headers = headers_of(scope)
        try:
            self._check_size(scope)
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

    def _check_size(self, scope: MutableMapping[str, Any]) -> None:
        """Raise `Refusal` for too large a head; uvicorn itself bounds only those that come in pieces."""
        size = len(scope["raw_path"]) + len(scope["query_string"])
        size += sum(len(name) + len(value) + 4 for name, value in scope["headers"])
        if size > (most := self.limits.most_head_bytes):
            raise Refusal(431, "too_large", f"The headers are larger than {most:,} bytes.", "Send smaller ones.")

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


def headers_of(scope: MutableMapping[str, Any]) -> dict[str, list[str]]:
    """Return the headers of an ASGI scope."""
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found
