"""One address to its bytes: redirects followed by hand, every size and time limited, passing failures tried again."""

import asyncio
import ssl
import zlib
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import NamedTuple, NoReturn, Self
from urllib.parse import urljoin

import httpcore
import httpx

from ganvas.data.collecting.addresses import Guard, Target
from ganvas.data.collecting.network import PinnedBackend, PinnedTransport, Resolve, resolve
from ganvas.data.collecting.settings import Collecting
from ganvas.data.collecting.waiting import Hosts, backoff, retry_after
from ganvas.errors import RefusedImage

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_GONE_ON = "The server says it is at another address, and "

Permit = Callable[[Target], Awaitable[None]]
Inspect = Callable[[httpx.Response], None]


class Failure(Exception):  # noqa: N818
    """A fetch failed; `is_passing` where another day may be better."""

    def __init__(self, kind: str, reason: str, is_passing: bool, status: int | None = None) -> None:
        super().__init__(reason)
        self.kind, self.is_passing, self.status = kind, is_passing, status
        self.wait: float | None = None


class Spent(Exception):  # noqa: N818
    """The run has received all the bytes it may."""


class Fetched(NamedTuple):
    """What an address answered: its bytes, unpacked, and the address they came from in the end."""

    content: bytes
    url: str


class Limits(NamedTuple):
    """Of one fetch: bytes (compressed and unpacked alike), whether the rest is cut off (or refused), and tries."""

    max_bytes: int
    cut: bool = False
    tries: int = 1


async def permit_all(target: Target) -> None:
    """Permit every address that the guard does."""


def inspect_nothing(answer: httpx.Response) -> None:
    """Take every answer."""


class Fetcher:
    """The one client of a run."""

    def __init__(self, how: Collecting, trust: ssl.SSLContext | None = None, resolve_names: Resolve = resolve) -> None:
        self.how, self.num_bytes = how, 0
        self.guard = Guard(how.ports, how.allow)
        self.hosts = Hosts(how)
        contact = f"; {how.contact}" if how.contact else ""
        self.agent = f"ganvas/{version('ganvas')} (+https://pypi.org/project/ganvas{contact})"
        backend = PinnedBackend(self.guard, resolve_names)
        trust = trust or httpx.create_ssl_context(trust_env=False)
        self.client = httpx.AsyncClient(
            transport=PinnedTransport(backend, trust, how.parallel),
            headers={"User-Agent": self.agent, "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(how.silence_seconds, pool=None),
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def fetch(
        self, url: str, limits: Limits, permit: Permit = permit_all, inspect: Inspect = inspect_nothing
    ) -> Fetched:
        """Return what `url` answers.

        `permit` is asked before each request, `inspect` sees each answer's header before its body is read; both
        raise `RefusedImage`. Raises `RefusedImage` for what will not do, `Failure` for what did not work.
        """
        for number in range(limits.tries):
            try:
                return await self._follow(url, limits, permit, inspect)
            except Failure as failure:
                if not failure.is_passing or number + 1 == limits.tries:
                    raise
                wait = backoff(self.how, url, number, failure.wait)
                if failure.wait:
                    self.hosts.pause(self.guard.target(url).host, wait)
            await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    async def _follow(self, url: str, limits: Limits, permit: Permit, inspect: Inspect) -> Fetched:
        target = self.guard.target(url)
        for _ in range(MAX_REDIRECTS + 1):
            await permit(target)
            async with self.hosts.turn(target.host):
                found = await self._timed(target, limits, inspect)
            if isinstance(found, bytes):
                return Fetched(found, target.url)
            target = self._next(target, found.location)
        raise RefusedImage("redirects", f"It leads on more than {MAX_REDIRECTS} times.")

    def _next(self, target: Target, location: str) -> Target:
        try:
            following = self.guard.target(urljoin(target.url, location))
        except ValueError as error:
            raise RefusedImage("address", _GONE_ON + f"that cannot be read ({error}).") from error
        except RefusedImage as refused:
            raise RefusedImage(refused.kind, _GONE_ON + f"that is refused: {refused}") from refused
        if target.scheme == "https" and following.scheme != "https":
            raise RefusedImage("downgrade", _GONE_ON + "that one is not encrypted (https to http).")
        return following

    async def _timed(self, target: Target, limits: Limits, inspect: Inspect) -> "bytes | _Redirect":
        try:
            async with asyncio.timeout(self.how.file_seconds):
                return await self._once(target, limits, inspect)
        except TimeoutError as error:
            raise RefusedImage("too-slow", f"It took longer than {self.how.file_seconds:g} s.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:  # httpx reads where an answer leads before we do
            raise RefusedImage("address", f"The address, or the one it leads to, cannot be read: {error}.") from error
        except httpcore.TimeoutException as error:
            silence = f"The server is silent for {self.how.silence_seconds:g} s."
            raise Failure("silent", silence, is_passing=True) from error
        except httpcore.RemoteProtocolError as error:
            raise Failure("incomplete", f"The answer breaks off or is not HTTP: {error}.", is_passing=True) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ssl.SSLError) as error:
            raise Failure("unreachable", f"The server cannot be reached: {error}.", is_passing=True) from error

    async def _once(self, target: Target, limits: Limits, inspect: Inspect) -> "bytes | _Redirect":
        async with self.client.stream("GET", target.url) as answer:
            if answer.status_code in _REDIRECTS and (location := answer.headers.get("location")):
                inspect(answer)
                return _Redirect(location)
            if answer.status_code != 200:
                _fail(answer)
            inspect(answer)
            return await self._body(answer, limits)

    async def _body(self, answer: httpx.Response, limits: Limits) -> bytes:
        declared = answer.headers.get("content-length", "")
        if not limits.cut and declared.isdigit() and int(declared) > limits.max_bytes:
            raise _too_large(limits)
        unpack = Unpacker(answer.headers.get("content-encoding", ""), limits.max_bytes + 1)
        received = 0
        async for part in answer.aiter_raw():
            received += len(part)
            self.num_bytes += len(part)
            if self.num_bytes > self.how.max_total_bytes:
                raise Spent
            unpack.add(part)
            if max(received, unpack.num_bytes) > limits.max_bytes:
                if limits.cut:
                    return unpack.content[: limits.max_bytes]
                raise _too_large(limits)
        unpack.finish()
        return unpack.content


class _Redirect(NamedTuple):
    location: str


class Unpacker:
    """Undoes a Content-Encoding (gzip or deflate), never past `max_bytes`, whatever a part unpacks to."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        name = encoding.strip().lower()
        if name not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise RefusedImage("encoding", f"It is packed by `{name[:40]}`, which was not asked for.")
        packed = name not in ("", "identity")
        self.inflate = zlib.decompressobj(zlib.MAX_WBITS | 32) if packed else None  # 32: gzip or zlib, by its header
        self.max_bytes, self.num_bytes = max_bytes, 0
        self.parts: list[bytes] = []

    @property
    def content(self) -> bytes:
        """What was unpacked."""
        return b"".join(self.parts)

    def add(self, part: bytes) -> None:
        """Unpack one more part; nothing more is unpacked once there are `max_bytes`.

        Raises `RefusedImage` where it cannot be unpacked.
        """
        room = self.max_bytes - self.num_bytes
        if room <= 0:
            return
        if self.inflate is not None:
            try:
                part = self.inflate.decompress(part, room)
            except zlib.error as error:
                raise RefusedImage("encoding", f"It cannot be unpacked ({error}).") from error
        self.parts.append(part)
        self.num_bytes += len(part)

    def finish(self) -> None:
        """Check that the packed bytes were whole.

        Raises `RefusedImage` where they were not.
        """
        if self.inflate is not None and not self.inflate.eof:
            raise RefusedImage("incomplete", "What the server packed it in breaks off.")


def _fail(answer: httpx.Response) -> NoReturn:
    status = answer.status_code
    is_passing = status in _PASSING or status >= 500
    failure = Failure(f"http-{status}", f"The server answers {status} {answer.reason_phrase}.", is_passing, status)
    failure.wait = retry_after(answer.headers.get("retry-after")) if is_passing else None
    raise failure


def _too_large(limits: Limits) -> RefusedImage:
    return RefusedImage("too-large", f"The file is larger than {limits.max_bytes:,} bytes.")
