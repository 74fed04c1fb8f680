"""Requests at once: how long each takes, how many images a second, whether each is the very file of `generate`.

`python -m benchmarks.serving_load RUN_OR_MODEL [--requests 1000] [--turns 3] [--slow 500] [--json-out FILE]`
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.generation_speed import untrained
from benchmarks.outcome import Occasion, Outcome
from benchmarks.serving_client import Reply, Server, Watcher, insist
from benchmarks.turns import Turn, plain, row, take_turns
from ganvas.workflows.export import export

_ROW = 16
"""Images of each seed that are asked for: with them `generate --seeds` has each in the row that it has alone."""
CONTESTANTS = {
    "ganvas serve": ("-m", "ganvas", "serve", "{model}", "--port", "0"),
    "plain FastAPI": ("-m", "benchmarks.plain_server", "{model}"),
}


HEAD = (
    "Requests at once, one image each; seconds to each answer, retries included\n"
    f"{'':<16}{'p50':>8}{'p95':>8}{'p99':>8}{'images/s':>10}{'CPU s':>8}{'retried':>9}{'health max':>12}{'same':>11}"
)


def benchmark(occasion: Occasion) -> Outcome:
    """Ask both servers for pictures of an untrained `compact` of 28 px, all requests at once."""
    num, model = occasion.either(20, 1000), str(export(untrained(), occasion.folder / "model", "model"))
    files = _by_the_command_line(model, num, occasion.folder / "pictures")
    turns, rows = _load(model, files, occasion.either(1, 3), lambda line: None)
    name, peer = CONTESTANTS
    found = row(f"{num:,} requests at once, `compact`", "images/s", turns, name, peer, rate=True)
    seconds = [turn._replace(values={who: rows[who][index]["p50"] for who in rows}) for index, turn in enumerate(turns)]
    waited = row(f"{num:,} requests at once, median answer", "s", seconds, name, peer)
    return Outcome([found, waited], {"turns": plain(turns), "servers": rows})


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="run or model folder")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--slow", type=int, default=500)
    parser.add_argument("--json-out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = _by_the_command_line(given.model, given.requests, Path(folder))
        print(HEAD)
        _, rows = _load(given.model, files, given.turns, print)
        told = {"load": rows, "slow": _beside_slow_ones(given)}
    if given.json_out:
        given.json_out.write_text(json.dumps(told, indent=2))


def _by_the_command_line(model: str, num: int, folder: Path) -> dict[tuple[int, int], bytes]:
    """Return the files that `ganvas generate` writes, by seed and index."""
    last = -(-num // _ROW) - 1
    command = ["-m", "ganvas", "generate", model, "--seeds", f"0-{last}", "--num", str(_ROW), "--out", str(folder)]
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    numbers = [(index // _ROW, index % _ROW) for index in range(num)]
    return {(seed, index): (folder / f"seed{seed}-{index:06d}.png").read_bytes() for seed, index in numbers}


def _load(
    model: str, files: dict[tuple[int, int], bytes], repetitions: int, say: Callable[[str], None]
) -> tuple[list[Turn], dict[str, list[dict[str, Any]]]]:
    """Return the images a second of each turn, and all that was measured of each server."""
    servers = {name: Server(*(part.format(model=model) for part in command)) for name, command in CONTESTANTS.items()}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in servers}

    def rate(name: str) -> float:
        asyncio.run(_at_once(servers[name], dict(list(files.items())[:50])))  # warms up
        rows[name].append(asyncio.run(_at_once(servers[name], files)))
        say(_line(name, rows[name][-1]))
        return rows[name][-1]["images_per_second"]

    try:
        turns = take_turns({name: lambda name=name: rate(name) for name in servers}, repetitions)
    finally:
        for name, server in servers.items():
            code, said = server.stop()
            say(f"{name}: exit code {code}; {said.count('Traceback')} tracebacks")
    return turns, rows


def _line(name: str, row: dict[str, Any]) -> str:
    return (
        f"{name:<16}{row['p50']:>8.2f}{row['p95']:>8.2f}{row['p99']:>8.2f}{row['images_per_second']:>10.0f}"
        f"{row['processor_seconds']:>8.2f}{row['retried']:>9}{row['health_max']:>12.3f}"
        f"{row['same']:>6}/{row['requests']}"
    )


async def _at_once(server: Server, files: dict[tuple[int, int], bytes]) -> dict[str, Any]:
    watcher = Watcher(server.port, "/health/live")
    used, began = server.processor_seconds(), time.perf_counter()
    asked = [insist(server.port, "/v1/generate", {"seed": seed, "first": first}) for seed, first in files]
    replies: list[tuple[Reply, int]] = await asyncio.gather(*asked)
    seconds = time.perf_counter() - began
    health = watcher.seconds()
    assert all(reply.status == 200 for reply, _ in replies), {reply.status for reply, _ in replies}
    cuts = statistics.quantiles([reply.seconds for reply, _ in replies], n=100)
    return {
        "requests": len(files),
        "p50": cuts[49],
        "p95": cuts[94],
        "p99": cuts[98],
        "images_per_second": len(files) / seconds,
        "processor_seconds": server.processor_seconds() - used,
        "retried": sum(refused for _, refused in replies),
        "health_max": max(health, default=float("nan")),
        "same": sum(reply.body == content for (reply, _), content in zip(replies, files.values(), strict=True)),
    }


def _beside_slow_ones(given: argparse.Namespace) -> dict[str, Any]:
    """Hold connections with half a request each, and ask for health meanwhile, until all are closed."""
    server = Server(*(part.format(model=given.model) for part in CONTESTANTS["ganvas serve"]))
    watcher = Watcher(server.port, "/health/live")
    time.sleep(2)
    calm, watcher = watcher.seconds(), Watcher(server.port, "/health/live")
    closed = asyncio.run(_slow(server.port, given.slow))
    shares = sorted(watcher.seconds())
    code, said = server.stop()
    told = {
        "connections": given.slow,
        "closed_after": [min(closed), max(closed)],
        "health_calm_max": max(calm),
        "health_p50": shares[len(shares) // 2],
        "health_p99": shares[int(0.99 * len(shares))],
        "health_max": shares[-1],
        "asked": len(shares),
        "exit_code": code,
        "tracebacks": said.count("Traceback"),
    }
    print(f"{given.slow} slow connections: " + json.dumps(told))
    return told


async def _slow(port: int, num: int) -> list[float]:
    return list(await asyncio.gather(*(_drip(port) for _ in range(num))))


async def _drip(port: int) -> float:
    """Send a header's letters one by one; return the seconds until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()
    closing = asyncio.create_task(reader.read())
    writer.write(b"POST /v1/generate HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
    while not closing.done():
        writer.write(b"a")
        await asyncio.wait({closing}, timeout=1)
    writer.close()
    if closing.exception() is None:
        assert closing.result()[:12] in (b"", b"HTTP/1.1 408"), closing.result()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
