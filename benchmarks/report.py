"""What all benchmarks found, as one table for people and as JSON."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table

from benchmarks.benchmark import NEEDS, Benchmark
from benchmarks.measuring import Taken
from benchmarks.outcome import Row

QUICK = "QUICK: these figures only show that all runs. "


def tabulate(taken: Iterable[Taken], machine: Mapping[str, Any], quick: bool) -> Table:
    """Return one table of all comparisons."""
    title = (
        f"{QUICK if quick else ''}Measured side by side, in turns; medians, and ratios within a turn (least to most)"
    )
    table = Table(title=title, caption=caption(machine), caption_justify="left")
    for name in ("what is measured", "ours", "the other", "the other is", "ours is times better"):
        table.add_column(name, overflow="fold")
    table.add_column("alone: python -m benchmarks", no_wrap=True)
    for one in taken:
        for row in one.rows:
            table.add_row(*_cells(row), f"--only {one.name}")
        table.add_section()
    return table


def _cells(row: Row) -> tuple[str, ...]:
    if row.ours is None or row.theirs is None or row.times is None:
        return row.name, row.note, "", row.peer, ""
    return row.name, f"{row.ours:,.4g} {row.unit}", f"{row.theirs:,.4g}", row.peer, row.times.words(".2f")


def caption(machine: Mapping[str, Any]) -> str:
    """Return on what machine, and what it was able to at the start and at the end."""
    start, end = machine["start"], machine["end"]
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} threads, {machine['memory_gib']} GiB, "
        f"GPU {machine['gpu'] or 'none'}; torch {machine['torch']}, Python {machine['python']}; pictures of 28x28 are "
        f"{machine['digits']}. Float32 matrix products {start['gflops']} GFLOP/s at the start, {end['gflops']} at the "
        f"end; load {start['load']:.1f} and {end['load']:.1f}: above the threads used it was not quiet."
    )


def plain(taken: Iterable[Taken], machine: Mapping[str, Any], quick: bool) -> dict[str, Any]:
    """Return all figures as plain values."""
    benchmarks = {}
    for one in taken:
        rows = [row._asdict() | {"times": row.times._asdict() if row.times else None} for row in one.rows]
        benchmarks[one.name] = {key: value for key, value in one._asdict().items() if key != "name"} | {"rows": rows}
    return {"machine": dict(machine), "quick": quick, "benchmarks": benchmarks}


def listing(benchmarks: Mapping[str, Benchmark]) -> Table:
    """Return what each measures, what it costs, and what it needs."""
    total = sum(benchmark.minutes for benchmark in benchmarks.values())
    table = Table(caption=f"Together about {total:.0f} minutes on two quiet cores.", caption_justify="left")
    for name in ("name", "what is measured", "minutes", "needs"):
        table.add_column(name, justify="right" if name == "minutes" else "left", overflow="fold")
    for name, benchmark in benchmarks.items():
        needs = ", ".join(NEEDS[need].name for need in benchmark.needs) or "nothing"
        table.add_row(name, benchmark.summary, f"{benchmark.minutes:g}", needs)
    return table
