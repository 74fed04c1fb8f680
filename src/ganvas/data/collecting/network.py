"""The connections of collecting: a name is resolved once, its addresses checked, and the connection made to them.

There is no moment between check and use in which a name could come to mean another address (DNS rebinding). The
name stays in the Host header and in TLS, so certificates are checked as usual.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import httpcore
import httpx

from ganvas.data.collecting.addresses import Address, Guard

Resolve = Callable[[str, int], Awaitable[list[Address]]]


async def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses of a name, as this machine resolves it; raise `OSError` where it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ipaddress.ip_address(row[4][0]) for row in found))


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the addresses that were checked; refuses a name that has one forbidden address among others."""

    def __init__(self, guard: Guard, resolve: Resolve = resolve) -> None:
        self.guard = guard
        self.resolve = resolve
        self.inner: Any = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect; raise `RefusedImage` (`address`) where that is not allowed."""
        try:
            addresses: list[Address] = [ipaddress.ip_address(host)]
        except ValueError:
            addresses = await self._resolved(host, port, timeout)
        for address in addresses:
            self.guard.check(address, port)
        last: Exception = httpcore.ConnectError(f"`{host}` has no address")
        for address in addresses[:4]:
            try:
                return await self.inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: nothing on this machine is asked."""
        raise httpcore.UnsupportedProtocol("sockets of this machine are not asked")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _resolved(self, host: str, port: int, timeout: float | None) -> list[Address]:
        try:
            return await asyncio.wait_for(self.resolve(host, port), timeout)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"the name `{host}` is not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name `{host}` cannot be resolved: {error}") from error


class PinnedTransport(httpx.AsyncBaseTransport):
    """What httpx sends requests by: plain HTTP/1.1 connections of `PinnedBackend`, no proxies."""

    def __init__(self, backend: PinnedBackend, trust: ssl.SSLContext, parallel: int) -> None:
        self.pool = httpcore.AsyncConnectionPool(
            ssl_context=trust,
            max_connections=2 * parallel,
            max_keepalive_connections=parallel,
            keepalive_expiry=10.0,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; errors are those of httpcore."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = await self.pool.handle_async_request(
            httpcore.Request(request.method, url, headers=request.headers.raw, extensions=request.extensions)
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    async def aclose(self) -> None:
        """Close all connections."""
        await self.pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self.answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self.answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self.answer.aclose()
