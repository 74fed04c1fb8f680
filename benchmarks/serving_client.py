"""A small HTTP client for many connections at once, and a server started as its own process."""

import asyncio
import json
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple


class Reply(NamedTuple):
    """What came back, in how many seconds."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


async def ask(port: int, method: str, path: str, value: Any = None) -> Reply:
    """Send one request over a connection of its own."""
    began = time.perf_counter()
    body = b"" if value is None else json.dumps(value).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
        answer = await reader.read()
    finally:
        writer.close()
    lines, _, content = answer.partition(b"\r\n\r\n")
    status, *fields = lines.decode("latin-1").split("\r\n")
    headers = {name.lower(): text.strip() for name, _, text in (field.partition(":") for field in fields)}
    return Reply(int(status.split()[1]), headers, content, time.perf_counter() - began)


async def insist(port: int, path: str, value: Any) -> tuple[Reply, int]:
    """Ask until answered: 429 and 503 are tried again when Retry-After says; return the number of those too."""
    began, refused = time.perf_counter(), 0
    while (reply := await ask(port, "POST", path, value)).status in (429, 503):
        refused += 1
        await asyncio.sleep(float(reply.headers["retry-after"]))
    return reply._replace(seconds=time.perf_counter() - began), refused


class Watcher:
    """A process of its own that asks for a page again and again: a busy client would measure itself."""

    def __init__(self, port: int, path: str) -> None:
        command = [sys.executable, "-m", "benchmarks.serving_client", str(port), path]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.process.stdout.readline()  # it has asked once, which reads code and data that later asking finds ready

    def seconds(self) -> list[float]:
        """End it; return how long each answer took."""
        found, _ = self.process.communicate("end")
        return json.loads(found)


def _watch(port: int, path: str, every: float = 0.05) -> None:
    """Ask over a new connection each time until the input ends; print the seconds of each answer."""
    seconds: list[float] = []
    asyncio.run(ask(port, "GET", path))
    print("asking", flush=True)
    while not select.select([sys.stdin], [], [], every)[0]:
        seconds.append(asyncio.run(ask(port, "GET", path)).seconds)
    print(json.dumps(seconds))


class Server:
    """A server in its own process, by a command that says its address on standard error."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen([sys.executable, *command], stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        self.said = ""
        for line in self.process.stderr:
            self.said += line
            if "at http://" in line:
                self.port = int(line.split("at http://", 1)[1].split()[0].rsplit(":", 1)[1])
                return
        raise RuntimeError(f"The server did not start: {self.said}")

    def processor_seconds(self) -> float:
        """Return the processor time it has used (Linux)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def stop(self) -> tuple[int, str]:
        """Send SIGTERM; return the exit code and what else it said."""
        self.process.terminate()
        said = self.process.communicate(timeout=60)[1]
        return self.process.returncode, said


if __name__ == "__main__":
    _watch(int(sys.argv[1]), sys.argv[2])
