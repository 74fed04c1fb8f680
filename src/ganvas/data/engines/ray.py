"""The engine of a cluster: Ray tasks (Moritz et al. 2018, "Ray: A Distributed Framework for Emerging AI Applications").

The folders of the sources must be reachable under the same paths on every machine. What a machine cannot read, and
a chunk at which a task dies or takes too long, is done again here, under this machine's limits.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ganvas.data.engines import local
from ganvas.data.engines.engine import Limits
from ganvas.data.inspection import Finding, inspect
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.sources.source import Item
from ganvas.errors import UsageError
from ganvas.extras import install

_CHUNK_ITEMS = 64
_CHUNKS_AHEAD = 3  # for each processor of the cluster


def inspect_all(items: Iterable[Item], how: Preprocessing, limits: Limits) -> Iterator[tuple[Item, Finding]]:
    """Yield each item with its finding, in order; connects to the cluster of RAY_ADDRESS, or starts one here.

    Raises `UsageError` where Ray is not installed.
    """
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise UsageError(f"The engine `ray` needs Ray; or use --engine local. {install('cluster')}") from error
    if not ray.is_initialized():
        ray.init(log_to_driver=False, configure_logging=False, include_dashboard=False)
    task: Any = ray.remote(max_retries=0)(_inspect_chunk)
    settings = ray.put(how.plain())
    ahead = _CHUNKS_AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
    iterator, waiting = iter(items), deque[tuple[list[Item], Any]]()
    while chunk := list(islice(iterator, _CHUNK_ITEMS)):
        waiting.append((chunk, task.remote([(item.content, item.refusal) for item in chunk], settings)))
        if len(waiting) > ahead:
            yield from _results(*waiting.popleft(), how, limits)
    while waiting:
        yield from _results(*waiting.popleft(), how, limits)


def _inspect_chunk(contents: list[Any], settings: dict[str, Any]) -> list[Finding]:
    how = Preprocessing.read(settings, "the preprocessing")
    return [inspect(Item("", content, refusal=refusal), how) for content, refusal in contents]


def _results(
    chunk: list[Item],
    result: Any,  # noqa: ANN401
    how: Preprocessing,
    limits: Limits,
) -> Iterator[tuple[Item, Finding]]:
    import ray  # pyright: ignore[reportMissingImports]

    try:
        findings = ray.get(result, timeout=limits.seconds_per_image * len(chunk))
    except (ray.exceptions.RayError, TimeoutError):
        ray.cancel(result, force=True)
        yield from local.inspect_all(chunk, how, limits)
        return
    for item, finding in zip(chunk, findings, strict=True):
        unreadable = finding.refusal is not None and finding.refusal.kind == "unreadable"
        yield item, inspect(item, how) if unreadable and isinstance(item.content, Path) else finding
