"""What every engine does: findings for items, in the order of the items."""

import os
from collections.abc import Callable, Iterable, Iterator

from ganvas.config import RESUMABLE, Config, Field
from ganvas.data.inspection import Finding
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.sources.source import Item


class Limits(Config):
    """What decoding may cost; none of it changes an image."""

    engine: str = Field(
        default="local", description="Where files are decoded: local, ray or here.", json_schema_extra=RESUMABLE
    )
    workers: int = Field(
        default=0, ge=0, description="Processes that decode; 0: one for each core.", json_schema_extra=RESUMABLE
    )
    seconds_per_image: float = Field(
        default=60.0, gt=0, description="A file that takes longer is refused.", json_schema_extra=RESUMABLE
    )
    memory_per_worker: int = Field(
        default=3 * 2**30,
        ge=2**28,
        description="A file that needs more is refused, in bytes.",
        json_schema_extra=RESUMABLE,
    )

    @property
    def num_workers(self) -> int:
        """How many processes that is here."""
        if self.workers:
            return self.workers
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


Engine = Callable[[Iterable[Item], Preprocessing, Limits], Iterator[tuple[Item, Finding]]]
"""Takes items as they come, never far ahead, and yields each with its finding, in their order."""
