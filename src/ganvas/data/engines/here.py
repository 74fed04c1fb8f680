"""The engine that is this process."""

from collections.abc import Iterable, Iterator

from ganvas.data.engines.engine import Limits
from ganvas.data.inspection import Finding, inspect
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.sources.source import Item


def inspect_all(items: Iterable[Item], how: Preprocessing, limits: Limits) -> Iterator[tuple[Item, Finding]]:
    """Yield each item with its finding, in order."""
    for item in items:
        yield item, inspect(item, how)
