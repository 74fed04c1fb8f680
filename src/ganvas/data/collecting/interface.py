"""Asking the web interfaces of image collections: JSON objects, with their retries and limits of rate."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ganvas.data.collecting.fetching import Failure, Fetcher, Limits
from ganvas.data.collecting.waiting import backoff
from ganvas.errors import DataError, RefusedImage

_MAX_BYTES = 32 * 2**20
_PASSING_CODES = frozenset({"maxlag", "ratelimited", "readonly", "internal_api_error_DBQueryTimeoutError"})


class NoMore(DataError):  # noqa: N818
    """An interface refuses the question, such as one for pages beyond those it shows."""


class Interface:
    """Asks by GET; robots.txt is for crawlers of pages and not asked for interfaces made for programs."""

    def __init__(self, fetcher: Fetcher) -> None:
        self.fetcher = fetcher

    async def ask(self, url: str, parameters: Mapping[str, str | int]) -> dict[str, Any]:
        """Return the object answered; raise `NoMore` where the question is refused, `DataError` where it fails."""
        how = self.fetcher.how
        address = f"{url}?{urlencode(parameters)}"
        for number in range(how.tries):
            value = await self._object(address)
            error = value.get("error")
            code = error.get("code") if isinstance(error, dict) else None
            if code is None:
                return value
            if code not in _PASSING_CODES:
                raise NoMore(f"`{url}` refuses the question: {str(error)[:300]}.")
            await asyncio.sleep(backoff(how, address, number, 5.0 if code == "maxlag" else None))
        raise DataError(f"`{url}` is too busy; try again later. What was collected is kept.")

    async def _object(self, address: str) -> dict[str, Any]:
        place = address.split("?", 1)[0]
        try:
            found = await self.fetcher.fetch(address, Limits(_MAX_BYTES, tries=self.fetcher.how.tries))
            value = json.loads(found.content)
        except Failure as failure:
            if failure.status is not None and 400 <= failure.status < 500 and not failure.is_passing:
                raise NoMore(f"`{place}` refuses the question: {failure}") from failure
            raise DataError(f"`{place}` does not answer: {failure} What was collected is kept; try again.") from failure
        except RefusedImage as refused:
            raise DataError(f"`{place}` cannot be asked: {refused}") from refused
        except (ValueError, RecursionError) as error:
            raise DataError(f"`{place}` answers with something else than JSON ({error}).") from error
        if not isinstance(value, dict):
            raise DataError(f"`{place}` answers with something else than a JSON object.")
        return value
