"""The tables of `prepare_speed`."""

from typing import Any

from rich.table import Table

from benchmarks.outcome import Spread

MIB = 2**20


def work_table(report: dict[str, Any]) -> Table:
    """Return the ratios: who is how fast beside whom."""
    cores = report["machine"]["cores"]
    title = f"Files read to images of one size; median of the turns (least to most); {cores} cores"
    table = Table("", "images/s", "images/s/core", "times", "times, a core", "of", title=title)
    captions = []
    for name, work in report["works"].items():
        table.add_section()
        table.add_row(f"[bold]{name}[/bold]")
        for contestant, found in work["contestants"].items():
            alone = found["beside"] == contestant
            table.add_row(
                contestant,
                Spread(**found["images_a_second"]).words(",.4g"),
                Spread(**found["images_a_second_a_core"]).words(",.4g"),
                "1" if alone else Spread(**found["ratio"]).words(".2f"),
                "1" if alone else Spread(**found["ratio_a_core"]).words(".2f"),
                "" if alone else found["beside"],
            )
        captions.append(_caption(name, work))
    table.caption = "\n".join(captions)
    return table


def _caption(name: str, work: dict[str, Any]) -> str:
    rates, loads = ([turn[key] for turn in work["turns"]] for key in ("product_rate", "load"))
    ours = next(found for found in work["contestants"].values() if found["kept"] is not None)
    return (
        f"{name}: {work['mean_bytes'] / 1e3:,.4g} kB a file; Ganvas kept {ours['kept']:,}, on average "
        f"{ours['difference']:.2g} grey levels from the loop's pixels; matrix products at "
        f"{min(rates) / 1e9:.0f} to {max(rates) / 1e9:.0f} GFLOP/s, load {min(loads):.1f} to {max(loads):.1f}"
    )


def phase_table(report: dict[str, Any]) -> Table:
    """Return the seconds of each phase of Ganvas."""
    found = [
        (f"{name}: {contestant}", figures["phases"])
        for name, work in report["works"].items()
        for contestant, figures in work["contestants"].items()
        if figures["phases"]
    ]
    table = Table("", *found[0][1], title="Seconds of each phase of Ganvas, median of the turns")
    for name, phases in found:
        table.add_row(name, *(f"{seconds['median']:.3g}" for seconds in phases.values()))
    return table


def step_table(report: dict[str, Any]) -> Table:
    """Return the microseconds of each step of reading a file, in one process."""
    table = Table("", *report["steps"], title="Microseconds of processor time a file, in one process")
    for step in next(iter(report["steps"].values())):
        table.add_row(step, *(Spread(**steps[step]).words(",.4g") for steps in report["steps"].values()))
    return table


def memory_table(report: dict[str, Any]) -> Table:
    """Return the peaks of resident memory."""
    names = ("files", "its process", "of which imports", "largest worker", "bytes a file more than in the row above")
    table, before = Table(*names, title="Peak memory of Ganvas in MiB"), None
    for found in report["memory"]:
        peaks = (found[name] / MIB for name in ("peak_main", "peak_imports", "peak_worker"))
        table.add_row(f"{found['num_files']:,}", *(f"{peak:,.0f}" for peak in peaks), _growth(before, found))
        before = found
    return table


def _growth(before: dict[str, int] | None, found: dict[str, int]) -> str:
    if before is None or before["num_files"] == found["num_files"]:
        return ""
    return f"{(found['peak_main'] - before['peak_main']) / (found['num_files'] - before['num_files']):,.0f}"
