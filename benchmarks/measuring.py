"""Takes measurements one after the other; what cannot be taken here, or fails, costs only itself."""

import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from benchmarks.benchmark import Benchmark, missing
from benchmarks.outcome import Occasion, Outcome, Row
from ganvas.storage import json_bytes

State = Literal["measured", "missing", "failed"]


class Taken(NamedTuple):
    """What became of one benchmark, in how many seconds; `error` is the traceback of one that failed."""

    name: str
    state: State
    rows: list[Row]
    seconds: float = 0.0
    details: Mapping[str, Any] = {}
    error: str = ""


class Session(NamedTuple):
    """What became of each benchmark so far, and the machine that it ran on."""

    taken: list[Taken]
    machine: dict[str, Any]


def session(benchmarks: Mapping[str, Benchmark], occasion: Occasion, keep: Callable[[Session], None]) -> Session:
    """Take all benchmarks; `keep` is told of the session after each of them."""
    from benchmarks.machine import facts, state
    from benchmarks.pictures import origin
    from ganvas.training.engine import cpu_threads

    with cpu_threads(occasion.threads):
        machine = facts(occasion.threads) | {"digits": origin(), "start": state(), "end": state()}
        found = Session([], machine)
        for one in measure(benchmarks, occasion):
            found.taken.append(one)
            machine["end"] = state()
            keep(found)
    return found


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
            found: Outcome = benchmark.load()(replace(occasion, folder=Path(folder)))
        json_bytes(found.details)
    except Exception as error:
        last = str(error).strip().splitlines()[-1:] or [""]
        note = f"Failed: {type(error).__name__}: {last[0]}"
        rows, said = [Row(benchmark.summary, note=note)], traceback.format_exc()
        return Taken(name, "failed", rows, time.perf_counter() - begun, error=said)
    return Taken(name, "measured", found.rows, time.perf_counter() - begun, found.details)
