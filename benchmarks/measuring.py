"""Takes measurements one after the other; what cannot be taken here, or fails, costs only itself."""

import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from benchmarks.benchmark import Benchmark, missing
from benchmarks.outcome import Occasion, Outcome, Row

State = Literal["measured", "missing", "failed"]


class Taken(NamedTuple):
    """What became of one benchmark, in how many seconds; `error` is the traceback of one that failed."""

    name: str
    state: State
    rows: list[Row]
    seconds: float = 0.0
    details: Mapping[str, Any] = {}
    error: str = ""


def measure(benchmarks: Mapping[str, Benchmark], occasion: Occasion) -> Iterator[Taken]:
    """Yield what becomes of each benchmark, each in a new empty folder."""
    for number, (name, benchmark) in enumerate(benchmarks.items(), 1):
        occasion.say(f"[{number} of {len(benchmarks)}] {name}: {benchmark.summary} ...")
        yield _take(name, benchmark, occasion)


def _take(name: str, benchmark: Benchmark, occasion: Occasion) -> Taken:
    if lacking := missing(benchmark.needs, occasion):
        return Taken(name, "missing", [Row(benchmark.summary, note=f"Not measured. {lacking}")])
    begun = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=occasion.folder) as folder:
            found = _outcome(benchmark, replace(occasion, folder=Path(folder)))
    except Exception as error:
        last = str(error).strip().splitlines()[-1:] or [""]
        note = f"Failed: {type(error).__name__}: {last[0]}"
        rows, said = [Row(benchmark.summary, note=note)], traceback.format_exc()
        return Taken(name, "failed", rows, time.perf_counter() - begun, error=said)
    return Taken(name, "measured", found.rows, time.perf_counter() - begun, found.details)


def _outcome(benchmark: Benchmark, occasion: Occasion) -> Outcome:
    found = benchmark.load()(occasion)
    if lacking := missing(benchmark.uses, occasion):
        return found._replace(rows=[*found.rows, Row("more of it", note=f"Not measured. {lacking}")])
    return found
