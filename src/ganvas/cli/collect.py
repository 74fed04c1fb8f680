"""`ganvas collect WHERE... --out FOLDER`."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from ganvas.cli.arguments import parse
from ganvas.cli.invocation import program
from ganvas.cli.terminal import progress


def run(arguments: list[str]) -> None:
    """Collect images from the web and print what became of the candidates."""
    parse(collect, "collect", arguments)


def collect(
    where: Annotated[
        Positional[tuple[str, ...]],
        arg(metavar="WHERE ...", help="files of addresses, openverse or commons"),
    ],
    /,
    out: Annotated[Path, arg(help="folder to make, or to go on with")],
    query: Annotated[str | None, arg(help="what to search for; of commons also Category:...")] = None,
    licences: Annotated[tuple[str, ...], arg(help="licences to keep: families, or SPDX names such as CC-BY-4.0")] = (
        "CC0",
        "PDM",
        "CC-BY",
        "CC-BY-SA",
    ),
    keep_unknown_licence: Annotated[bool, arg(help="keep images of which no licence is said")] = False,
    contact: Annotated[str | None, arg(help="your e-mail or web address, told to the sites asked")] = None,
    limit: Annotated[int | None, arg(help="images wanted in the folder; by default all there are")] = None,
    parallel: Annotated[int, arg(help="requests at the same time; at most 2 of them to one host")] = 16,
    delay_seconds: Annotated[float, arg(help="seconds between two requests to one host")] = 0.5,
    file_seconds: Annotated[float, arg(help="longest seconds of one file")] = 120.0,
    max_file_bytes: Annotated[int, arg(help="files of more bytes are refused")] = 64 * 2**20,
    max_total_bytes: Annotated[int, arg(help="bytes received before the run stops")] = 20 * 2**30,
    ports: Annotated[tuple[int, ...], arg(help="ports of servers that may be asked")] = (80, 443),
    allow: Annotated[tuple[str, ...], arg(help="address:port of servers of your own network that may be asked")] = (),
) -> None:
    """Collect images from the web, with their licences, into a folder that `ganvas prepare` reads.

    WHERE is a file of addresses (txt, csv, tsv, jsonl or parquet; a column `url`, and `label`, `licence`, `creator`
    ... where there are), `openverse` or `commons` (with --query). Sites that reserve rights against training are left
    alone: robots.txt, X-Robots-Tag noai and noimageai, TDMRep. A stopped run goes on when it is given again.
    """
    from ganvas.workflows.collect import collect as work

    collected = work(
        *where,
        out=out,
        query=query,
        licences=licences,
        keep_unknown_licence=keep_unknown_licence,
        contact=contact,
        limit=limit,
        parallel=parallel,
        delay_seconds=delay_seconds,
        file_seconds=file_seconds,
        max_file_bytes=max_file_bytes,
        max_total_bytes=max_total_bytes,
        ports=ports,
        allow=allow,
        progress=progress(),
    )
    print(collected.summary())
    if collected.num_kept:
        print(f"Next: {program()} prepare {out} --out data/{out.name} --size 64")
