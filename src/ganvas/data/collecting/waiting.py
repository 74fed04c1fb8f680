"""Patience and politeness: how long to wait before another try, and between requests to one host."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ganvas.data.collecting.settings import Collecting
from ganvas.seeds import Stream


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for, in either form (RFC 9110, 10.2.3); None without one."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def backoff(how: Collecting, url: str, number: int, asked: float | None) -> float:
    """Return the seconds to wait after the failed try `number` (from 0): doubled each time, half of it by chance.

    What a server asked for is kept to, at most `max_wait_seconds`.
    """
    chance = float(Stream(how.seed, f"collect/backoff/{url}", number).uniform(1, 1)[0, 0])
    usual = how.backoff_seconds * 2**number * (0.5 + 0.5 * chance)
    return min(max(usual, asked or 0.0), how.max_wait_seconds)


class Hosts:
    """Gives requests their turn: few at a time to each host, a delay between them, and `parallel` in all."""

    def __init__(self, how: Collecting) -> None:
        self.how = how
        self.everywhere = asyncio.Semaphore(how.parallel)
        self.hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for a turn at `host`, and hold it."""
        state = self._of(host)
        async with state.places:
            while (pause := state.next_start - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            state.next_start = time.monotonic() + state.delay
            async with self.everywhere:
                yield

    def slow_down(self, host: str, delay: float) -> None:
        """Keep at least `delay` seconds between requests to `host`, up to the limit, as its robots.txt asks."""
        state = self._of(host)
        state.delay = max(state.delay, min(delay, self.how.max_delay_seconds))
        state.next_start = max(state.next_start, time.monotonic() + state.delay)

    def pause(self, host: str, seconds: float) -> None:
        """Start no request to `host` for some seconds."""
        state = self._of(host)
        state.next_start = max(state.next_start, time.monotonic() + seconds)

    def _of(self, host: str) -> "_Host":
        return self.hosts.setdefault(host, _Host(self.how))


class _Host:
    def __init__(self, how: Collecting) -> None:
        self.places = asyncio.Semaphore(how.per_host)
        self.delay = how.delay_seconds
        self.next_start = 0.0
