"""What every collector gives: candidates, each an address with what was said of its rights."""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol


class Candidate(NamedTuple):
    """An image that may be collected; `licence` is as the place that names the image words it."""

    url: str
    page: str | None = None
    """The address of a page about the image."""
    licence: str | None = None
    licence_url: str | None = None
    creator: str | None = None
    title: str | None = None
    label: str | None = None
    split: str | None = None
    evidence: str | None = None
    """What the licence was read from."""
    is_synthetic: bool = False
    opt_out: str | None = None
    """A reservation of rights against training, in words."""


class AsksInterface(Protocol):
    """Asks a web interface for a JSON object, with its retries and limits of rate."""

    async def __call__(self, url: str, parameters: Mapping[str, str | int]) -> dict[str, Any]:
        """Return the object that `url` answers with; raise `DataError` where there is none."""
        ...


class Search(NamedTuple):
    """What a collector is asked for: a file or words, and how to ask a web interface."""

    path: Path | None
    query: str | None
    licences: tuple[str, ...]
    ask: AsksInterface
    base_url: str | None
    say: Callable[[str], None]


class Collector(NamedTuple):
    """One row of `COLLECTORS`: gives the candidates of a search, in a stable order where the place has one."""

    candidates: Callable[[Search], AsyncIterator[Candidate]]
    needs_query: bool
    needs_contact: bool = False
    base_url: str | None = None
    num_in: Callable[[Path], int] | None = None
    """How many candidates a file has."""


def words(value: object) -> str | None:
    """Return a value as one line of text; None where it says nothing."""
    if value is None or isinstance(value, dict | list):
        return None
    return " ".join(str(value).encode("utf-8", "replace").decode().split())[:10_000] or None
