"""`ganvas data`: what can be prepared; `ganvas data trace WHAT`: where an image went."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.data.sources import SOURCES


def run(arguments: list[str]) -> None:
    """Print the catalogue of sources, or do as the first argument says."""
    if arguments[:1] == ["trace"]:
        parse(trace, "data trace", arguments[1:])
    else:
        parse(catalogue, "data", arguments)


def catalogue() -> None:
    """List the sources that `ganvas prepare` reads; `ganvas data trace WHAT` finds the datasets that hold an image."""
    width = max(map(len, SOURCES))
    for name, entry in SOURCES.items():
        print(f"  {name:<{width}}  {entry.summary}")


def trace(
    what: Annotated[Positional[str], arg(metavar="WHAT", help="whose traces to look for")],
    /,
    within: Annotated[Path, arg(help="folder that holds datasets, runs and models")] = Path(),
) -> None:
    """Find the datasets that hold an image, and the runs and models that learnt from them.

    WHAT is the SHA-256 of a file, such a file, the address it came from, or its creator.
    """
    from ganvas.workflows.trace import trace as work

    found = work(what, within)
    for traced in found:
        print(f"{traced.dataset}: {len(traced.rows)} {'file' if len(traced.rows) == 1 else 'files'}")
        for row in traced.rows:
            print(f"  {row.outcome} {row.path} (sha256 {row.sha256})" + (f": {row.reason}" if row.reason else ""))
        for learner in traced.learners:
            print(f"  learnt from it: {learner}")
    if not found:
        print(f"No dataset below `{within.resolve()}` names `{what}`. --within FOLDER looks in another folder.")
