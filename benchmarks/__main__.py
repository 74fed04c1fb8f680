"""Takes every measurement that this machine can, one after the other, into one table: `python -m benchmarks`."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import arg

from benchmarks import BENCHMARKS, report
from benchmarks.console import wide_console
from benchmarks.measuring import Session, session
from benchmarks.outcome import Occasion
from ganvas.errors import GanvasError, UsageError, unknown_name
from ganvas.storage import write_json


def main(
    only: tuple[str, ...] = (),
    quick: bool = False,
    listed: Annotated[bool, arg(name="list")] = False,
    out: Path = Path("benchmarks-of-this-machine.json"),
    threads: int = 2,
    keras_python: Path | None = None,
    peers: Path | None = None,
    work: Path | None = None,
) -> int:
    """Measure this system beside other ways to do the same work, in one run; print one table of ratios.

    Args:
        only: Names of benchmarks; by default all.
        quick: Few turns and small sizes, to see that all runs; the figures mean nothing.
        listed: Say what each measures, what it costs and what it needs, and measure nothing.
        out: File for all figures (JSON), written again after each benchmark.
        threads: CPU threads of each contestant.
        keras_python: An interpreter that has TensorFlow.
        peers: A folder with checkouts of others' programs.
        work: Where files that are slow to make are kept for the next time.
    """
    for name in only:
        if name not in BENCHMARKS:
            raise unknown_name("benchmark", name, BENCHMARKS)
    chosen = {name: benchmark for name, benchmark in BENCHMARKS.items() if not only or name in only}
    console = wide_console()
    if listed:
        console.print(report.listing(chosen))
        return 0
    if not out.parent.is_dir():
        raise UsageError(f"There is no folder `{out.parent}` for the figures. Make it, or name another with --out.")
    latest: list[Session] = []

    def keep(found: Session) -> None:
        latest[:] = [found]
        write_json(out, report.plain(*found, quick))

    with tempfile.TemporaryDirectory() as folder:
        occasion = Occasion(Path(folder), quick, threads, keras_python, peers, work, _say)
        try:
            session(chosen, occasion, keep)
        finally:
            for found in latest:
                console.print(report.tabulate(*found, quick))
                console.print(f"All figures are in {out}.")
    return _verdict(latest[0])


def _verdict(found: Session) -> int:
    """Return the exit code, 1 where one failed, and say why."""
    failed = [one for one in found.taken if one.state == "failed"]
    for one in failed:
        _say(f"{one.name} failed:\n{one.error}")
    return int(bool(failed))


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(tyro.cli(main, prog="python -m benchmarks"))
    except GanvasError as error:
        _say(f"benchmarks: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        _say("benchmarks: stopped; what was measured until then is above, and in the file.")
        sys.exit(130)
