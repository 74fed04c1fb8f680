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
from pathlib import Path
from typing import Any

from benchmarks.serving_client import Reply, Server, Watcher, insist

_ROW = 16
"""Images of each seed that are asked for: with them `generate --seeds` has each in the row that it has alone."""
CONTESTANTS = {
    "ganvas serve": ("-m", "ganvas", "serve", "{model}", "--port", "0"),
    "plain FastAPI": ("-m", "benchmarks.plain_server", "{model}"),
}


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
        told = {"load": _load(given, files), "slow": _beside_slow_ones(given)}
    if given.json_out:
        given.json_out.write_text(json.dumps(told, indent=2))


def _by_the_command_line(model: str, num: int, folder: Path) -> dict[tuple[int, int], bytes]:
    """Return the files that `ganvas generate` writes, by seed and index."""
    last = -(-num // _ROW) - 1
    command = ["-m", "ganvas", "generate", model, "--seeds", f"0-{last}", "--num", str(_ROW), "--out", str(folder)]
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    numbers = [(index // _ROW, index % _ROW) for index in range(num)]
    return {(seed, index): (folder / f"seed{seed}-{index:06d}.png").read_bytes() for seed, index in numbers}


def _load(given: argparse.Namespace, files: dict[tuple[int, int], bytes]) -> dict[str, list[dict[str, Any]]]:
    servers = {
        name: Server(*(part.format(model=given.model) for part in command)) for name, command in CONTESTANTS.items()
    }
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in servers}
    print(f"{given.requests:,} requests at once, one image each; seconds to each answer, retries included")
    print(
        f"{'':<16}{'p50':>8}{'p95':>8}{'p99':>8}{'images/s':>10}{'CPU s':>8}{'retried':>9}"
        f"{'health max':>12}{'same':>11}"
    )
    for _ in range(given.turns):
        for name, server in servers.items():
            asyncio.run(_at_once(server, dict(list(files.items())[:50])))  # warms up
            row = asyncio.run(_at_once(server, files))
            rows[name].append(row)
            print(
                f"{name:<16}{row['p50']:>8.2f}{row['p95']:>8.2f}{row['p99']:>8.2f}{row['images_per_second']:>10.0f}"
                f"{row['processor_seconds']:>8.2f}{row['retried']:>9}{row['health_max']:>12.3f}"
                f"{row['same']:>6}/{row['requests']}"
            )
    for name, server in servers.items():
        code, said = server.stop()
        print(f"{name}: exit code {code}; {said.count('Traceback')} tracebacks")
    return rows


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
