"""The engine of this machine: processes under limits of memory and time; one that dies loses one file, not the run."""

import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np

from ganvas.data.engines.engine import Limits
from ganvas.data.engines.messages import finding_of, question, read_frame, write_frame
from ganvas.data.inspection import Finding, inspect
from ganvas.data.preprocessing import Preprocessing
from ganvas.data.sources.source import Item, Refusal
from ganvas.errors import DataError

_CHUNK_ITEMS = 16
_CHUNK_BYTES = 1 << 20  # a chunk with more in it is closed
_CHUNKS_AHEAD = 4  # for each worker
_FEW_ARRAYS = 3000
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def inspect_all(items: Iterable[Item], how: Preprocessing, limits: Limits) -> Iterator[tuple[Item, Finding]]:
    """Yield each item with its finding, in order.

    Arrays need no decoder: of few, this process does them sooner than others start.
    """
    with _Pool(how, limits) as pool:
        waiting: deque[tuple[list[Item], Future[list[Finding]] | list[Finding]]] = deque()
        num_here = 0
        for chunk in _chunks(items):
            if num_here < _FEW_ARRAYS and not _needs_decoder(chunk):
                waiting.append((chunk, [inspect(item, how) for item in chunk]))
                num_here += len(chunk)
            else:
                waiting.append((chunk, pool.submit(chunk)))
            if len(waiting) > _CHUNKS_AHEAD * limits.num_workers:
                yield from _results(*waiting.popleft())
        while waiting:
            yield from _results(*waiting.popleft())


def _results(chunk: list[Item], findings: Future[list[Finding]] | list[Finding]) -> Iterator[tuple[Item, Finding]]:
    yield from zip(chunk, findings if isinstance(findings, list) else findings.result(), strict=True)


def _needs_decoder(chunk: list[Item]) -> bool:
    return not all(item.content is None or isinstance(item.content, np.ndarray) for item in chunk)


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, 1)):
        size = _held(chunk[0])
        while len(chunk) < _CHUNK_ITEMS and size < _CHUNK_BYTES and (item := next(iterator, None)) is not None:
            chunk.append(item)
            size += _held(item)
        yield chunk


def _held(item: Item) -> int:
    return len(item.content) if isinstance(item.content, bytes) else 0


class _Pool:
    """Worker processes, each driven by a thread; started when the first file comes."""

    def __init__(self, how: Preprocessing, limits: Limits) -> None:
        self.how, self.limits = how, limits
        self.tasks: queue.SimpleQueue[tuple[list[Item], Future[list[Finding]]] | None] = queue.SimpleQueue()
        self.workers: list[_Worker] = []
        self.threads: list[threading.Thread] = []
        self.closed = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        for _thread in self.threads:
            self.tasks.put(None)
        for worker in self.workers:
            worker.stop()
        for thread in self.threads:
            thread.join()
        for worker in self.workers:
            worker.bury()

    def submit(self, chunk: list[Item]) -> Future[list[Finding]]:
        if not self.threads:
            self._start()
        result: Future[list[Finding]] = Future()
        self.tasks.put((chunk, result))
        return result

    def _start(self) -> None:
        self.workers = [_Worker(self.how, self.limits) for _ in range(self.limits.num_workers)]
        self.threads = [threading.Thread(target=self._drive, args=(worker,), daemon=True) for worker in self.workers]
        self.threads.append(threading.Thread(target=self._watch, daemon=True))
        for thread in self.threads:
            thread.start()

    def _drive(self, worker: "_Worker") -> None:
        while (task := self.tasks.get()) is not None and not self.closed.is_set():
            chunk, result = task
            try:
                result.set_result(worker.findings(chunk))
            except BaseException as error:  # whoever waits for it must hear of it
                result.set_exception(error)

    def _watch(self) -> None:
        while not self.closed.wait(0.2):
            for worker in self.workers:
                worker.end_if_late()


class _Worker:
    """One process that is started anew when it dies."""

    def __init__(self, how: Preprocessing, limits: Limits) -> None:
        self.settings = {"preprocessing": how.plain(), "memory": limits.memory_per_worker}
        self.seconds = limits.seconds_per_image
        self.process: subprocess.Popen[bytes] | None = None
        self.begun = float("inf")
        self.stopped = False

    def findings(self, chunk: list[Item]) -> list[Finding]:
        """Return one finding for each item; an item at which the process died twice is refused."""
        found: list[Finding] = []
        deaths = 0
        while len(found) < len(chunk):
            before = len(found)
            try:
                for finding in self._ask(chunk[before:]):
                    found.append(finding)
                return found
            except (EOFError, OSError, ValueError, KeyError, TypeError):  # dead, or no longer making sense
                code = self.bury()
            late, self.begun = time.monotonic() - self.begun > self.seconds, float("inf")
            deaths = deaths + 1 if len(found) == before else 1
            if late or deaths > 1:
                found.append(Finding(None, refusal=self._death(code, late)))
                deaths = 0
        return found

    def stop(self) -> None:
        """End the process for good."""
        self.stopped = True
        if self.process:
            with suppress(OSError):
                self.process.kill()

    def end_if_late(self) -> None:
        """Kill the process where it has worked on one file for too long."""
        process = self.process
        if process and time.monotonic() - self.begun > self.seconds:
            process.kill()

    def _ask(self, chunk: list[Item]) -> Iterator[Finding]:
        process = self._started()
        assert process.stdin and process.stdout
        writer = threading.Thread(target=_write_all, args=(process, chunk), daemon=True)
        writer.start()
        try:
            for _ in chunk:
                self.begun = time.monotonic()
                yield finding_of(*read_frame(process.stdout))
            self.begun = float("inf")
        finally:
            if process.poll() is None:
                writer.join()

    def _started(self) -> "subprocess.Popen[bytes]":
        if self.stopped:
            raise RuntimeError("the engine was closed")
        if self.process is None:
            self.process = _start(self.settings) or _start(self.settings) or _start_surely(self.settings)
        if self.stopped:  # while it started
            self.process.kill()
        return self.process

    def bury(self) -> int:
        """End the process, which may be dead already; return its exit code."""
        process, self.process = self.process, None
        if process is None:
            return 0
        process.kill()
        code = process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                with suppress(OSError):
                    stream.close()
        return code

    def _death(self, code: int, late: bool) -> Refusal:
        if late:
            return Refusal("too-slow", f"Decoding it took longer than {self.seconds:g} s.")
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return Refusal("crashed", f"The process that decoded it died {how}.")


def _start_surely(settings: Any) -> "subprocess.Popen[bytes]":  # noqa: ANN401
    process = _start(settings)
    if process is None:
        raise DataError(
            "The processes that decode images do not start. Give them more memory (--memory-per-worker), "
            "or decode in this process with --engine here."
        )
    return process


def _start(settings: Any) -> "subprocess.Popen[bytes] | None":  # noqa: ANN401
    """Return a process that is ready for questions; it imports this very package, and nothing from where we stand."""
    root = str(Path(__file__).parents[3])
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "ganvas.data.engines.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # decoders in C print there what they think of a file
        env=os.environ
        | _ONE_THREAD
        | {"PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))},
    )
    assert process.stdin and process.stdout
    try:
        write_frame(process.stdin, settings)
        process.stdin.flush()
        read_frame(process.stdout)
    except (EOFError, OSError):
        process.kill()
        process.communicate()
        return None
    return process


def _write_all(process: "subprocess.Popen[bytes]", chunk: list[Item]) -> None:
    """Write the questions of a chunk; a process that dies meanwhile is noticed by whoever reads its answers."""
    assert process.stdin
    with suppress(OSError, ValueError):
        for item in chunk:
            write_frame(process.stdin, *question(item))
        process.stdin.flush()
