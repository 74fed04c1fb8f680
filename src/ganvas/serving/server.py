"""The server: models in, an HTTP interface out, until it is told to stop."""

import asyncio
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import torch
import uvicorn
from fastapi import FastAPI

from ganvas.progress import Lines, Progress
from ganvas.serving.application import application
from ganvas.serving.connections import Connections
from ganvas.serving.desk import Desk
from ganvas.serving.door import TOKEN_VARIABLE, Door, open_door
from ganvas.serving.guard import Guard
from ganvas.serving.limits import Limits
from ganvas.serving.listening import address_of, listen
from ganvas.serving.models import Models, admit, named

_LAST_SECONDS = 5
"""For answers that are still being read when all is drawn."""
_LOG = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        name: {"handlers": ["stderr"], "level": "ERROR", "propagate": False} for name in ("uvicorn", "ganvas.serving")
    },
}


def serve(
    models: str | Path | Iterable[str | Path],
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    names: Iterable[str] = (),
    threads: int | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> None:
    """Serve run or model folders over HTTP, each as NAME=FOLDER or by its folder's name, until SIGTERM or Ctrl-C.

    Others than this machine are let in by another `host`, and then need the `token`, or that of the variable
    GANVAS_TOKEN; `names` are further names that lead here. `threads` of torch are as many as `generate` takes without,
    so that pictures are the same, byte for byte. SIGHUP reads the models anew; a damaged one replaces none.
    """
    progress, limits = progress or Lines(), limits or Limits()
    door = open_door(host, os.environ.get(TOKEN_VARIABLE) if token is None else token, names)
    folders = named([models] if isinstance(models, str | Path) else models)
    listening = listen(host, port)
    with listening:
        if threads is not None:
            torch.set_num_threads(threads)
        _allow_connections(limits)
        served = []
        for name, folder in folders.items():
            progress.say(f"Reading `{folder}`, and trying it out.")
            served.append(admit(folder, name))
        address = address_of(listening, host)
        progress.say(f"Serving {', '.join(folders)} at {address} (Ctrl-C to stop).")
        asyncio.run(_run(Models(served), door, limits, listening, progress))


async def _run(models: Models, door: Door, limits: Limits, listening: socket.socket, progress: Progress) -> None:
    desk = Desk(limits)
    tasks: set[asyncio.Task[None]] = set()

    async def drain() -> None:
        await desk.drain()
        server.should_exit = True

    def stop() -> None:
        progress.say(f"Stopping: {desk.in_hand} requests in hand are answered first; once more to stop at once.")
        tasks.add(asyncio.ensure_future(drain()))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        desk.drawer.start()
        _heed_signals(stop, models, progress)
        yield
        desk.close()

    server = uvicorn.Server(_settings(application(models, desk, door, lifespan), limits))
    await server.serve([listening])


def _settings(app: Guard, limits: Limits) -> uvicorn.Config:
    """Return uvicorn's settings."""
    protocol: Any = Connections(limits)
    return uvicorn.Config(
        app,
        http=protocol,
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=_LOG,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=max(1, round(limits.head_seconds)),
        timeout_graceful_shutdown=_LAST_SECONDS,
        h11_max_incomplete_event_size=limits.most_head_bytes,
    )


def _heed_signals(stop: Callable[[], None], models: Models, progress: Progress) -> None:
    """Stop gently at the first SIGTERM or Ctrl-C, at once at the second; read the models anew at SIGHUP."""
    loop, told = asyncio.get_running_loop(), []

    def on_stop(number: int) -> None:
        if told:
            os._exit(128 + number)
        told.append(number)
        stop()

    def reload() -> None:
        for line in models.reload() or ["All models were read anew."]:
            progress.say(line)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_stop, number)
    loop.add_signal_handler(signal.SIGHUP, loop.run_in_executor, None, reload)


def _allow_connections(limits: Limits) -> None:
    """Raise this process's own limit of open files to what the connections need, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.most_connections + 256
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard >= 0 else wanted, hard))
