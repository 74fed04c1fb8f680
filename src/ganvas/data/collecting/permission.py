"""Whether a site lets us collect: its robots.txt (RFC 9309) and tdmrep.json, each asked once per site and run."""

import asyncio
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
from protego import Protego

from ganvas.data.collecting.addresses import Target
from ganvas.data.collecting.fetching import Failure, Fetcher, Limits
from ganvas.data.collecting.reservations import (
    AGENT,
    Rule,
    reserved_by_header,
    reserved_by_robots_tag,
    reserved_by_rules,
    rules_of,
)
from ganvas.errors import RefusedImage

MAX_ROBOTS_BYTES = 500 * 1024
_MAX_RULES_BYTES = 1 << 20


class _Site(NamedTuple):
    robots: Protego | None
    rules: list[Rule]


class Permissions:
    """Asks sites, and remembers what they said."""

    def __init__(self, fetcher: Fetcher) -> None:
        self.fetcher = fetcher
        self.sites: dict[str, asyncio.Task[_Site]] = {}

    async def permit(self, target: Target) -> None:
        """Raise `RefusedImage` (`opt-out`) where the site does not let us; `Failure` where it cannot be asked."""
        if target.origin not in self.sites:
            self.sites[target.origin] = asyncio.create_task(self._ask(target))
        site = await asyncio.shield(self.sites[target.origin])
        if site.robots and not site.robots.can_fetch(target.url, AGENT):
            raise RefusedImage("opt-out", "The site's robots.txt does not let us fetch it.")
        parts = urlsplit(target.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if reason := reserved_by_rules(site.rules, path):
            raise RefusedImage("opt-out", reason)

    async def _ask(self, target: Target) -> _Site:
        robots = await self._file(target, "/robots.txt", Limits(MAX_ROBOTS_BYTES, cut=True, tries=2))
        parsed = Protego.parse(robots.decode("utf-8-sig", "replace")) if robots else None
        if parsed and (delay := parsed.crawl_delay(AGENT)):
            self.fetcher.hosts.slow_down(target.host, float(delay))
        rules = await self._file(target, "/.well-known/tdmrep.json", Limits(_MAX_RULES_BYTES, cut=True, tries=2))
        return _Site(parsed, rules_of(rules) if rules else [])

    async def _file(self, target: Target, path: str, limits: Limits) -> bytes | None:
        """Return a file of a site, None where it has none; a site that cannot be asked lets us fetch nothing."""
        try:
            return (await self.fetcher.fetch(target.origin + path, limits)).content
        except Failure as failure:
            if failure.status is not None and 400 <= failure.status < 500 and failure.status != 429:
                return None
            reason = f"The site's {path} cannot be had, so nothing may be fetched: {failure}"
            raise Failure("no-permission", reason, is_passing=True) from failure
        except RefusedImage as refused:
            if refused.kind in ("redirects", "downgrade", "encoding"):  # as if there were none (RFC 9309, 2.3.1.2)
                return None
            raise


def expect_no_reservation(answer: httpx.Response) -> None:
    """Raise `RefusedImage` (`opt-out`) where the header of an answer reserves rights against training."""
    lines = answer.headers.get_list("x-robots-tag")
    reason = reserved_by_robots_tag(lines) or reserved_by_header(answer.headers.get("tdm-reservation"))
    if reason:
        raise RefusedImage("opt-out", reason)
